/** The attributes of a vCPU, on the architectures whose vCPUs have some. */

import type { Creator } from './construction.js';
import type { Bindings } from './context.js';
import { type DeviceAttr, getDeviceAttr, hasDeviceAttr, setDeviceAttr } from './devices/device-attr.js';
import type { AnyExit } from './exit/exits.js';
import type { OpenVcpu } from './open-vcpu.js';
import { VcpuBase } from './vcpu.js';
import { VcpuIoctls } from './vcpu-ioctls.js';

/** The part of `Vcpu` with its attributes. */
export abstract class VcpuAttributes<B extends Bindings, Exit extends AnyExit> extends VcpuBase<B, Exit> {
  readonly #vcpu: OpenVcpu<B>;
  readonly #ioctls: VcpuIoctls<Bindings>;

  protected constructor(given: Creator, vcpu: OpenVcpu<B>) {
    super(given, vcpu);
    this.#vcpu = vcpu;
    this.#ioctls = new VcpuIoctls<Bindings>(vcpu);
  }

  /**
   * KVM_HAS_DEVICE_ATTR (KVM_CAP_VCPU_ATTRIBUTES): returns whether the vCPU has an attribute.
   *
   * @param which the numbers of the group and of the attribute.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_HAS_DEVICE_ATTR"
   */
  hasDeviceAttr(which: DeviceAttr): boolean {
    this.#ioctls.supported('KVM_HAS_DEVICE_ATTR');
    return hasDeviceAttr(this.#vcpu.target, which);
  }

  /**
   * KVM_GET_DEVICE_ATTR (KVM_CAP_VCPU_ATTRIBUTES): returns the first `length` bytes of an attribute of the vCPU.
   *
   * @param which the numbers of the group and of the attribute.
   * @param length in bytes, at most 32 MiB. By default the length of the attribute, where the bindings know it.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the kernel does not
   * have the capability, KvmBusyError while another thread runs the vCPU, KvmArgumentError for a length that is too large, and
   * without a length when the bindings do not know it.
   * @example
   * const bytes = vcpu.getDeviceAttr({ group: KVM_VCPU_TSC_CTRL, attr: KVM_VCPU_TSC_OFFSET });
   * const guestMinusHost = new DataView(bytes.buffer).getBigInt64(0, true);
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  getDeviceAttr(which: DeviceAttr, length?: number): Uint8Array {
    this.#ioctls.supported('KVM_GET_DEVICE_ATTR');
    return getDeviceAttr(this.#vcpu.target, which, length);
  }

  /**
   * KVM_SET_DEVICE_ATTR (KVM_CAP_VCPU_ATTRIBUTES): sets an attribute of the vCPU.
   *
   * @param which the numbers of the group and of the attribute.
   * @param bytes the value, at most 32 MiB in the byte order of the architecture. By default no bytes, for an attribute without a
   * value.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the kernel does not
   * have the capability, KvmBusyError while another thread runs the vCPU, KvmArgumentError when the attribute has another length
   * than `bytes`.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setDeviceAttr(which: DeviceAttr, bytes?: Uint8Array): void {
    this.#ioctls.supported('KVM_SET_DEVICE_ATTR');
    setDeviceAttr(this.#vcpu.target, which, bytes);
  }
}
