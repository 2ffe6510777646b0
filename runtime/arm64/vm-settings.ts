/** The methods of `Vm` of arm64: its processor, its counter, its interrupt controller and the calls that its firmware handles. */

import type { KvmVcpuInit } from '../../generated/arm64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { requireOneOf } from '../arguments.js';
import type { Creator } from '../construction.js';
import { type DeviceAttr, hasDeviceAttr, setDeviceAttr } from '../devices/device-attr.js';
import { KvmUnsupportedError } from '../errors.js';
import { read } from '../ioctl.js';
import { requireU32, setMember } from '../numbers.js';
import type { OpenVm } from '../open-vm.js';
import { requireKnownKeys } from '../options.js';
import { VmBase, type VmClasses, type VmMakers } from '../vm.js';
import type { Bindings } from './bindings.js';
import type { CoalescedMmioRing, DirtyRing } from './rings.js';
import type { Vcpu } from './vcpu.js';
import type { VmDevice } from './vm-device.js';

/** The classes of arm64 whose objects a VM makes. */
export interface Classes extends VmClasses {
  readonly Vcpu: Vcpu;
  readonly VmDevice: VmDevice;
  readonly DirtyRing: DirtyRing;
  readonly CoalescedMmioRing: CoalescedMmioRing;
}

/** Calls of the guest to its firmware (SMCCC), and who handles them, for `Vm.setSmcccFilter`. */
export interface SmcccFilter {
  /** The number of the first function. */
  readonly base: number;
  /** The number of functions, by default 1. */
  readonly count?: number;
  /** `handle`: the kernel, which is the default. `deny`: the guest gets an error. `user`: an exit with KVM_EXIT_HYPERCALL. */
  readonly action: 'handle' | 'deny' | 'user';
}

/** The part of `Vm` of arm64 with its settings. */
export abstract class Arm64VmSettings extends VmBase<Bindings, Classes> {
  readonly #vm: OpenVm<Bindings>;

  protected constructor(given: Creator, vm: OpenVm<Bindings>, makers: VmMakers<Bindings, Classes>) {
    super(given, vm, makers);
    this.#vm = vm;
  }

  // Attributes. Kernels of arm64 do not announce them with KVM_CAP_VM_ATTRIBUTES.

  /**
   * KVM_HAS_DEVICE_ATTR: returns whether the VM has an attribute.
   *
   * @param which the numbers of the group and of the attribute.
   * @throws KvmUnsupportedError when the VMs of this kernel have no attributes, as before Linux 6.4.
   * @see api.rst, "KVM_HAS_DEVICE_ATTR"
   */
  hasDeviceAttr(which: DeviceAttr): boolean {
    return hasDeviceAttr(this.#vm.target, which);
  }

  /**
   * KVM_SET_DEVICE_ATTR: sets an attribute of the VM.
   *
   * @param which the numbers of the group and of the attribute.
   * @param bytes the value, at most 32 MiB in the byte order of the architecture. By default no bytes, for an attribute without a
   * value.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the VMs of this kernel have no
   * attributes, KvmArgumentError when the attribute has another length than `bytes`.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setDeviceAttr(which: DeviceAttr, bytes?: Uint8Array): void {
    setDeviceAttr(this.#vm.target, which, bytes);
  }

  /**
   * KVM_ARM_PREFERRED_TARGET: returns the processor that the guest sees by default, for KVM_ARM_VCPU_INIT. `Vcpu.vcpuInit` uses it.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_ARM_PREFERRED_TARGET"
   */
  getPreferredTarget(): KvmVcpuInit {
    return read(this.ioctl, this.bindings.KVM_ARM_PREFERRED_TARGET);
  }

  /**
   * KVM_CREATE_IRQCHIP (KVM_CAP_IRQCHIP): creates a GICv2. `createGicV2` and `createGicV3` create a controller with its addresses.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError with code `ENODEV` when the processor has no
   * GICv2 for guests, or with code `EEXIST` when the VM has a controller.
   * @see api.rst, "KVM_CREATE_IRQCHIP"
   */
  createIrqchip(): void {
    this.ioctl(this.bindings.KVM_CREATE_IRQCHIP);
  }

  /**
   * KVM_ARM_SET_COUNTER_OFFSET (KVM_CAP_COUNTER_OFFSET): sets what is subtracted from the host's counter for the virtual and the
   * physical counter of all vCPUs.
   *
   * @param offset the number of ticks, an unsigned integer of 64 bits.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError with code `EBUSY` while a vCPU runs.
   * @see api.rst, "KVM_ARM_SET_COUNTER_OFFSET"
   */
  setCounterOffset(offset: number | bigint): void {
    const { KVM_ARM_SET_COUNTER_OFFSET: request, KvmArmCounterOffset } = this.bindings;
    const argument = allocate(KvmArmCounterOffset);
    setMember(request.name, argument, 'counter_offset', 'offset', offset);
    this.ioctl(request, argument);
  }

  /**
   * KVM_ARM_VM_SMCCC_FILTER: sets who handles calls of the guest to its firmware. Ranges must not overlap. Call
   * this method before the first run.
   *
   * @param filter the functions and who handles them.
   * @throws KvmUnsupportedError when the kernel does not have the attribute, KvmArgumentError for a wrong filter, KvmError with code
   * `EEXIST` when ranges overlap, or with code `EBUSY` when a vCPU has run.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setSmcccFilter(filter: SmcccFilter): void {
    const operation = 'Vm.setSmcccFilter';
    requireKnownKeys<SmcccFilter>(operation, filter, { base: true, count: true, action: true });
    const { base, count = 1, action } = filter;
    const actions = {
      handle: this.bindings.KVM_SMCCC_FILTER_HANDLE,
      deny: this.bindings.KVM_SMCCC_FILTER_DENY,
      user: this.bindings.KVM_SMCCC_FILTER_FWD_TO_USER,
    };
    requireOneOf(operation, 'action', action, Object.keys(actions));
    const { KvmSmcccFilter, KVM_ARM_VM_SMCCC_CTRL: group, KVM_ARM_VM_SMCCC_FILTER: attr } = this.bindings;
    const struct = allocate(KvmSmcccFilter);
    struct.base = requireU32(operation, 'base', base);
    struct.nr_functions = requireU32(operation, 'count', count);
    struct.action = actions[action];
    if (!this.hasDeviceAttr({ group, attr })) {
      throw new KvmUnsupportedError(operation, 'this kernel does not have KVM_ARM_VM_SMCCC_FILTER');
    }
    this.setDeviceAttr({ group, attr }, new Uint8Array(struct.$$view.buffer, struct.$$offset, KvmSmcccFilter.$size));
  }
}
