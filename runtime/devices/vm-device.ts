/** A device that the kernel emulates in a VM, or connects with it: `Vm.createDevice`. */

import type { GenericIoctl, IoctlTarget, VmContext } from '../context.js';
import { KernelFile } from '../files.js';
import { genericIoctl, ioctlsOfFd } from '../ioctl.js';
import { Attributes } from './attributes.js';

export class VmDevice extends KernelFile {
  readonly attributes: Attributes;
  /** Any ioctl of the device's file descriptor. */
  readonly ioctl: GenericIoctl<'device'>;

  /** For `Vm.createDevice`. */
  constructor(vm: VmContext, fd: number) {
    super('Device', fd);
    const target: IoctlTarget = { ...ioctlsOfFd(() => this.fd), capabilities: vm };
    this.attributes = new Attributes(target, vm.bindings);
    this.ioctl = genericIoctl('device', target);
  }
}
