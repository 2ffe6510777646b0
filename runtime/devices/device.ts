/** Any device, through the bindings of the header that defines its ioctls. */

import { addon } from '../addon.js';
import type { GenericIoctl } from '../context.js';
import { DeviceArgumentError, DeviceClosedError, deviceError, openDeviceError } from '../errors.js';
import { type AnyBindings, hostArchitecture, wrongArchitecture } from '../host-bindings.js';
import { type AnyIoctl, checkedIoctl, followedPointers, type IoctlRules, ioctlsOfFd } from '../ioctl.js';
import { KernelFile } from '../kernel-file.js';

/**
 * An open device. The request, the type of the argument and the bindings determine how many bytes the kernel may access. A
 * driver that accesses more bytes than its header says cannot be detected.
 */
export class Device extends KernelFile {
  readonly path: string;
  readonly #requests: ReadonlySet<unknown>;

  private constructor(path: string, fd: number, bindings: AnyBindings) {
    super('device', fd);
    this.path = path;
    this.#requests = new Set(Object.values(bindings));
  }

  /**
   * Opens a device for reading and writing. `bindings` are the bindings of its header: a generated module, or the members of
   * several modules in one object.
   *
   * @throws DeviceArgumentError when the bindings are of another architecture than this machine's.
   * @throws DeviceUnavailableError when the device does not exist or may not be opened. The message says what to do.
   */
  static open(path: string, bindings: AnyBindings): Device {
    const wrong = wrongArchitecture(bindings);
    if (wrong !== undefined) throw new DeviceArgumentError(`${wrong}; generate them for ${hostArchitecture}`);
    const fd = addon().open(path);
    if (fd < 0) throw openDeviceError(path, fd);
    return new Device(path, fd, bindings);
  }

  /** The file descriptor, for reading and writing with `node:fs`. `close()` of this object closes it. */
  override get fd(): number {
    return super.fd;
  }

  protected override closedError(message: string): Error {
    return new DeviceClosedError(`${this.path}: ${message}`);
  }

  /** Makes an ioctl of the bindings. */
  readonly ioctl: GenericIoctl = checkedIoctl(
    ioctlsOfFd(() => this.fd),
    deviceRules((ioctl) => this.#requests.has(ioctl)),
  );
}

function deviceRules(isOfBindings: (ioctl: AnyIoctl) => boolean): IoctlRules {
  const refusal = (ioctl: AnyIoctl): string | undefined =>
    isOfBindings(ioctl)
      ? (followedPointers(ioctl) ?? unknownLength(ioctl))
      : 'it is not of the bindings that the device was opened with';
  return {
    refused: (ioctl) => {
      const reason = refusal(ioctl);
      return reason === undefined
        ? undefined
        : new DeviceArgumentError(`${ioctl.name}: not for the generic ioctl: ${reason}`);
    },
    ArgumentError: DeviceArgumentError,
    failed: ({ name }, result) => deviceError(name, result),
  };
}

/** Why an ioctl is refused for which nothing says how many bytes the kernel accesses, or undefined. */
function unknownLength(ioctl: AnyIoctl): string | undefined {
  if (ioctl.passes !== 'pointer') return undefined;
  if (ioctl.argument === null) return ioctl.size === 0 ? 'nothing says what it points to' : undefined;
  const { $flexible } = ioctl.argument as { readonly $flexible?: { readonly countedBy: string | null } };
  return $flexible?.countedBy === null ? 'its struct ends in an array, and nothing says how long that is' : undefined;
}
