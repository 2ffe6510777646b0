/** A device of a VM of riscv64. */

import * as riscv64 from '../../generated/riscv64/linux/kvm.js';
import type { FileRecord } from '../addon.js';
import { type Creator, creator } from '../construction.js';
import type { VmObject } from '../creators.js';
import {
  attachedDevice,
  deviceFromFd,
  VmDeviceBase,
  type VmDeviceHandle,
  type VmDeviceOptions,
} from '../devices/vm-device.js';
import type { OpenVm } from '../open-vm.js';
import { architectureOf } from './architecture.js';
import type { Bindings } from './bindings.js';

let make: (vm: OpenVm<Bindings>, record: FileRecord) => VmDevice;

/** A device that the kernel has created for a VM. `Vm.createDevice` returns it. */
export class VmDevice extends VmDeviceBase {
  private constructor(given: Creator, vm: OpenVm<Bindings>, record: FileRecord, ownVm?: OpenVm<Bindings>) {
    super(given, vm, record, ownVm);
  }

  /**
   * Attaches to a device of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @param bindings those of the `Kvm` that the device is from, by default the package's own.
   * @throws KvmClosedError when the device is closed everywhere, KvmArgumentError for anything but a handle of a device, and when
   * the bindings are of another architecture.
   */
  static attach(handle: VmDeviceHandle, bindings: Bindings = riscv64): VmDevice {
    const { record, vm } = attachedDevice(handle, architectureOf(bindings));
    return new VmDevice(creator, vm, record, vm);
  }

  /**
   * Makes a `VmDevice` of a file descriptor of a device that this process has created in another way. The file descriptor stays that
   * of the caller. The `VmDevice` has a duplicate of it.
   *
   * @param fd the number of the file descriptor.
   * @param vm the VM of the device.
   * @param options the type of the device.
   * @throws KvmArgumentError for a number that is not open, for a file descriptor of anything else, and for a device of another VM of
   * this package; KvmError with code `EIO` for a device of another process, which only that process can use.
   * @example
   * using device = VmDevice.fromFd(fd, vm, { type: KVM_DEV_TYPE_VFIO });
   */
  static fromFd(fd: number, vm: VmObject, options: VmDeviceOptions = {}): VmDevice {
    const { record, vm: opened } = deviceFromFd(fd, vm, options);
    return new VmDevice(creator, opened as OpenVm<Bindings>, record, opened as OpenVm<Bindings>);
  }

  static {
    make = (vm, record) => new VmDevice(creator, vm, record);
  }
}

/** Makes the object of a device. */
export function makeVmDevice(vm: OpenVm<Bindings>, record: FileRecord): VmDevice {
  return make(vm, record);
}
