/** Any device, through the bindings of the header that defines its ioctls. */

import { constants } from 'node:os';
import type { IoctlByPointer, IoctlToBytes, View } from '../../support/index.js';
import { inspectable } from '../../support/inspect.js';
import { addon, type FileRecord } from '../addon.js';
import { describe } from '../arguments.js';
import { type Creator, creator } from '../construction.js';
import type { AnyBindings, GenericIoctl } from '../context.js';
import {
  DeviceArgumentError,
  DeviceClosedError,
  type DeviceUnavailableError,
  deviceIoctlError,
  openDeviceError,
} from '../errors.js';
import { hostArchitecture, wrongArchitecture } from '../host-bindings.js';
import {
  type AnyIoctl,
  checkedIoctl,
  followedPointers,
  type IoctlRules,
  ioctlsIn,
  ioctlsOfFile,
  nameOfRequest,
} from '../ioctl.js';
import { fileRecord, KernelFile } from '../kernel-file.js';
import { type GuestMemory, isGuestMemory } from '../memory.js';
import { KeptMemory, wrongAddress } from './addressed-memory.js';

/** The ioctls of a device. */
export interface DeviceIoctl extends GenericIoctl {
  /** An ioctl whose argument is bytes without a struct. */
  (request: IoctlToBytes, argument: View): number;
  /** An ioctl whose struct has addresses. They must point to this memory, which the device keeps open. */
  <T extends View>(
    request: IoctlByPointer<T>,
    argument: NoInfer<T>,
    memory: GuestMemory | readonly GuestMemory[],
  ): number;
}

/**
 * An open device. The request, the type of the argument and the bindings determine how many bytes the kernel may access. A
 * driver that accesses more bytes than its header says cannot be detected.
 *
 * @example
 * using device = Device.open('/dev/net/tun', tun);
 * const features = allocate(tun.TUNGETFEATURES.argument);
 * device.ioctl(tun.TUNGETFEATURES, features);
 */
export class Device extends KernelFile {
  /** The path that was opened. */
  readonly path: string;
  readonly #requests: ReadonlySet<unknown>;
  readonly #kept = new KeptMemory();

  private constructor(given: Creator, path: string, record: FileRecord, bindings: AnyBindings) {
    super(given, 'Device.open or Device.fromFd', record, (problem) => new DeviceClosedError(path, problem));
    this.path = path;
    this.#requests = ioctlsIn(bindings);
    inspectable(bindings);
  }

  /**
   * Opens a device for reading and writing.
   *
   * @param path the path of the device file.
   * @param bindings the bindings of its header: a generated module, or the members of several modules in one object.
   * @throws DeviceArgumentError when the bindings are of another architecture than this machine's.
   * @throws DeviceUnavailableError when the device does not exist or may not be opened. The message says what to do.
   */
  static open(path: string, bindings: AnyBindings): Device {
    if (typeof path !== 'string' || path.includes('\0')) {
      throw new DeviceArgumentError('Device.open', `path ${describe(path)}; it must be a string without '\\0'`);
    }
    requireArchitecture('Device.open', bindings);
    const record = addon().open(path, true);
    if (typeof record === 'number') throw openDeviceError(path, record);
    return new Device(creator, path, record, bindings);
  }

  /**
   * Makes a `Device` of a file descriptor of a character device or a block device. The file descriptor stays that of the caller. The
   * `Device` has a duplicate of it.
   *
   * @param fd the number of the file descriptor.
   * @param bindings the bindings of its header, as for `open`.
   * @throws DeviceArgumentError for a number that is not open, for a file descriptor of anything else, and when the bindings are of
   * another architecture than this machine's.
   */
  static fromFd(fd: number, bindings: AnyBindings): Device {
    const operation = 'Device.fromFd';
    if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) {
      throw new DeviceArgumentError(operation, `fd ${describe(fd)}; it must be an integer from 0 to 2147483647`);
    }
    requireArchitecture(operation, bindings);
    const record = addon().driverFromFd(fd);
    if (typeof record !== 'number') return new Device(creator, addon().fdName(fd), record, bindings);
    throw adoptionError(fd, record);
  }

  /** The file descriptor, for reading and writing with `node:fs`. `close()` of this object closes it. */
  override get fd(): number {
    return super.fd;
  }

  /**
   * Makes an ioctl of the bindings. Ioctls of other bindings are refused. If the struct has addresses that the kernel
   * follows, they must be in members of known length and point to the given memory. The device keeps this memory open.
   */
  readonly ioctl: DeviceIoctl = (
    request: AnyIoctl,
    argument?: unknown,
    memory?: GuestMemory | readonly GuestMemory[],
  ): number => {
    if (memory === undefined) return this.#invoke(null, request, argument);
    const memories = [memory].flat();
    for (const each of memories) {
      if (isGuestMemory(each)) continue;
      throw new DeviceArgumentError(nameOfRequest(request), `memory ${describe(each)}; it must be a GuestMemory`);
    }
    const result = this.#invoke(memories, request, argument);
    this.#kept.keep(memories);
    return result;
  };

  #invoke(memories: readonly GuestMemory[] | null, request: AnyIoctl, argument: unknown): number {
    const rules = deviceRules((ioctl) => this.#requests.has(ioctl), memories);
    const ioctl: (request: never, argument?: never) => number = checkedIoctl(
      ioctlsOfFile(() => fileRecord(this)),
      rules,
    );
    return ioctl(request as never, argument as never);
  }

  override close(): void {
    super.close();
    this.#kept.release();
  }
}

/** @throws DeviceArgumentError when the bindings are of another architecture than this machine's. */
function requireArchitecture(operation: string, bindings: AnyBindings): void {
  const wrong = wrongArchitecture(bindings);
  if (wrong !== undefined) {
    throw new DeviceArgumentError(operation, `${wrong}; generate bindings for ${hostArchitecture}`);
  }
}

function deviceRules(isOfBindings: (ioctl: AnyIoctl) => boolean, memories: readonly GuestMemory[] | null): IoctlRules {
  const refusal = (ioctl: AnyIoctl): string | undefined => {
    if (!isOfBindings(ioctl)) return 'the device was opened with other bindings';
    const pointers = memories ? undefined : followedPointers(ioctl);
    return pointers === undefined ? unknownLength(ioctl) : `${pointers}; pass the memory as the last argument`;
  };
  return {
    ...(memories === null ? {} : { inspect: addressRule(memories) }),
    refused: (ioctl) => {
      const reason = refusal(ioctl);
      return reason === undefined
        ? undefined
        : new DeviceArgumentError(nameOfRequest(ioctl), `the generic ioctl does not accept this ioctl: ${reason}`);
    },
    ArgumentError: DeviceArgumentError,
    failed: ({ name }, result) => deviceIoctlError(name, result),
  };
}

/** Requires that the addresses in an argument are inside the memory. */
function addressRule(memories: readonly GuestMemory[]): NonNullable<IoctlRules['inspect']> {
  return (ioctl, copy) => {
    if (!ioctl.pointers)
      throw new DeviceArgumentError(ioctl.name, 'its struct has no addresses, so it takes no memory');
    if (ioctl.pointers === 'hidden') {
      throw new DeviceArgumentError(
        ioctl.name,
        'the kernel follows addresses that the members of its struct do not show',
      );
    }
    const problem =
      ioctl.argument === null
        ? 'these bindings do not have its struct'
        : wrongAddress(new ioctl.argument(copy), memories);
    if (problem !== undefined) throw new DeviceArgumentError(ioctl.name, problem);
  };
}

const { errno } = constants;

/** Why an ioctl is refused for which nothing says how many bytes the kernel accesses, or undefined. */
function unknownLength(ioctl: AnyIoctl): string | undefined {
  if (ioctl.passes !== 'pointer') return undefined;
  if (ioctl.sizedBy !== undefined) return undefined;
  if (ioctl.argument === null) {
    const { size, bytes = size } = ioctl as IoctlToBytes;
    return bytes === 0 ? 'the header does not say what its argument points to' : undefined;
  }
  const { $flexible } = ioctl.argument as { readonly $flexible?: { readonly countedBy: string | null } };
  return $flexible?.countedBy === null ? 'its struct ends in an array of unknown length' : undefined;
}

/** The error of a file descriptor that does not become a `Device`. `result` is -errno. */
function adoptionError(fd: number, result: number): DeviceArgumentError | DeviceUnavailableError {
  const operation = 'Device.fromFd';
  switch (-result) {
    case errno.EBADF:
      return new DeviceArgumentError(operation, `fd ${fd}; this process has no open file with this number`);
    case errno.EPROTOTYPE: {
      const rule = 'it must be the file descriptor of a character device or a block device';
      return new DeviceArgumentError(operation, `fd ${fd} is ${addon().fdName(fd) || 'of an unknown kind'}; ${rule}`);
    }
    default:
      return openDeviceError(`fd ${fd}`, result);
  }
}
