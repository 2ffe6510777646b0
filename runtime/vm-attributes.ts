/** The attributes of a VM, on the architectures whose VMs have some. */

import { requireCapability } from './capability.js';
import type { Creator } from './construction.js';
import type { Bindings, VmContext } from './context.js';
import { type DeviceAttr, hasDeviceAttr, setDeviceAttr } from './devices/device-attr.js';
import type { OpenVm } from './open-vm.js';
import { VmBase, type VmClasses, type VmMakers } from './vm.js';

/** The part of `Vm` with its attributes. */
export abstract class VmAttributes<B extends Bindings, Classes extends VmClasses> extends VmBase<B, Classes> {
  readonly #vm: OpenVm<B>;

  protected constructor(given: Creator, vm: OpenVm<B>, makers: VmMakers<B, Classes>) {
    super(given, vm, makers);
    this.#vm = vm;
  }

  /**
   * KVM_HAS_DEVICE_ATTR (KVM_CAP_VM_ATTRIBUTES): returns whether the VM has an attribute. VMs of arm64, s390 and LoongArch have
   * attributes.
   *
   * @param which the numbers of the group and of the attribute.
   * @throws KvmUnsupportedError when the kernel does not have the capability, as on x86, KvmError when the kernel refuses.
   * @see api.rst, "KVM_HAS_DEVICE_ATTR"
   */
  hasDeviceAttr(which: DeviceAttr): boolean {
    return hasDeviceAttr(attributesOf(this.#vm, 'KVM_HAS_DEVICE_ATTR'), which);
  }

  /**
   * KVM_SET_DEVICE_ATTR (KVM_CAP_VM_ATTRIBUTES): sets an attribute of the VM.
   *
   * @param which the numbers of the group and of the attribute.
   * @param bytes the value, at most 32 MiB in the byte order of the architecture. By default no bytes, for an attribute without a
   * value.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the kernel does not have the
   * capability, as on x86, KvmArgumentError when the attribute has another length than `bytes`.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setDeviceAttr(which: DeviceAttr, bytes?: Uint8Array): void {
    setDeviceAttr(attributesOf(this.#vm, 'KVM_SET_DEVICE_ATTR'), which, bytes);
  }
}

/** The file of a VM that has attributes. @throws KvmUnsupportedError when the VMs of this kernel have none. */
export function attributesOf(vm: VmContext, operation: string): VmContext['target'] {
  // The bindings of an architecture whose VMs have no attributes do not name the capability for these ioctls.
  requireCapability(vm, 'KVM_CAP_VM_ATTRIBUTES', operation);
  return vm.target;
}
