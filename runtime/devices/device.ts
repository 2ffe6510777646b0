/** Any device, through bindings of the header that says what its ioctls are. */

import { native } from '../addon.js';
import type { GenericIoctl } from '../context.js';
import { DeviceArgumentError, DeviceClosedError, deviceError, openDeviceError } from '../errors.js';
import { KernelFile } from '../files.js';
import { type AnyBindings, hostArchitecture, wrongArchitecture } from '../host.js';
import { type AnyIoctl, checkedIoctl, followedPointers, type IoctlRules, ioctlsOfFd } from '../ioctl.js';

/**
 * An open device. How many bytes the kernel may touch goes by the request, by the argument's type and by what the bindings
 * know of both; a driver that touches more than its header tells cannot be known here.
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
   * Opens a device for reading and writing. `bindings` are those of its header: a generated module, or several in one object.
   *
   * @throws DeviceArgumentError when the bindings are of another architecture than this machine's.
   * @throws DeviceUnavailableError when the device is not there or not permitted: the message says what to do.
   */
  static open(path: string, bindings: AnyBindings): Device {
    const wrong = wrongArchitecture(bindings);
    if (wrong !== undefined) throw new DeviceArgumentError(`${wrong}; generate them for ${hostArchitecture}`);
    const fd = native().open(path);
    if (fd < 0) throw openDeviceError(path, fd);
    return new Device(path, fd, bindings);
  }

  /** The file descriptor, to read and write with `node:fs`. It is the device's: `close()` closes it. */
  override get fd(): number {
    return super.fd;
  }

  protected override closedError(message: string): Error {
    return new DeviceClosedError(`${this.path}: ${message}`);
  }

  /** An ioctl of the bindings. */
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
    badArgument: (message) => new DeviceArgumentError(message),
    failed: ({ name }, result) => deviceError(name, result),
  };
}

/** Why an ioctl is refused of which nothing says how much memory the kernel touches. */
function unknownLength(ioctl: AnyIoctl): string | undefined {
  if (ioctl.passes !== 'pointer') return undefined;
  if (ioctl.argument === null) return ioctl.size === 0 ? 'nothing says what it points to' : undefined;
  const { $flexible } = ioctl.argument as { readonly $flexible?: { readonly countedBy: string | null } };
  return $flexible?.countedBy === null ? 'its struct ends in an array, and nothing says how long that is' : undefined;
}
