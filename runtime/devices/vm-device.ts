/** A device of `Vm.createDevice`: the kernel emulates it in the VM, or connects it with the VM. */

import type { GenericIoctl, IoctlTarget, VmContext } from '../context.js';
import { genericIoctl, ioctlsOfFd } from '../ioctl.js';
import { KernelFile } from '../kernel-file.js';
import { Attributes } from './attributes.js';

export class VmDevice extends KernelFile {
  readonly attributes: Attributes;
  /** Makes any ioctl of the device's file descriptor. */
  readonly ioctl: GenericIoctl<'device'>;

  /** Only `Vm.createDevice` calls this. */
  constructor(vm: VmContext, fd: number) {
    super('Device', fd);
    const target: IoctlTarget & { readonly kind: 'device' } = {
      ...ioctlsOfFd(() => this.fd),
      kind: 'device',
      capabilities: vm,
    };
    this.attributes = new Attributes(target, vm.bindings);
    this.ioctl = genericIoctl(target);
  }
}
