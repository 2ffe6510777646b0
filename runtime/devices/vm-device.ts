/** A device that the kernel emulates in a VM, or connects with it: `Vm.createDevice`. */

import { native } from '../addon.js';
import type { GenericIoctl, IoctlTarget, VmContext } from '../context.js';
import { KernelFile } from '../files.js';
import { genericIoctl } from '../ioctl.js';
import { Attributes } from './attributes.js';

export class VmDevice extends KernelFile {
  readonly attributes: Attributes;
  /** Any ioctl of the device's file descriptor. */
  readonly ioctl: GenericIoctl<'device'>;

  /** For `Vm.createDevice`. */
  constructor(vm: VmContext, fd: number) {
    super('Device', fd);
    const target: IoctlTarget = {
      value: (request, value) => native().ioctl(this.fd, request, value),
      view: (request, view, offset, needed) => native().ioctlView(this.fd, request, view, offset, needed),
      capabilities: vm,
    };
    this.attributes = new Attributes(target, vm.bindings);
    this.ioctl = genericIoctl('device', target);
  }
}
