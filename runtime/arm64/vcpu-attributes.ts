/** The attributes of a vCPU of arm64 with types: its PMU, its timers and the time that the host has stolen from it. */

import { describe } from '../arguments.js';
import { KvmArgumentError } from '../errors.js';
import { requireInteger, requireU64 } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Vcpu } from './vcpu.js';

/** The interrupts of the timers of a vCPU, for `setTimerInterrupts`: private interrupts, from 16 to 31. */
export interface TimerInterrupts {
  /** The interrupt of the virtual timer. */
  readonly virtual?: number;
  /** The interrupt of the physical timer. */
  readonly physical?: number;
}

const firstPrivate = 16;
const lastPrivate = 31;

/**
 * KVM_ARM_VCPU_PMU_V3_INIT: starts the performance monitor of a vCPU that `vcpuInit` has given `KVM_ARM_VCPU_PMU_V3`.
 *
 * @param vcpu the vCPU.
 * @param interrupt the private interrupt of an overflow, from 16 to 31. Required if the VM has an interrupt controller.
 * @throws KvmArgumentError for a wrong interrupt, KvmError with code `ENODEV` when the vCPU has no PMU or the interrupt controller is
 * not initialized, or with code `EBUSY` when the PMU is started already.
 * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
 */
export function initPmu(vcpu: Vcpu, interrupt?: number): void {
  const { KVM_ARM_VCPU_PMU_V3_CTRL: group, KVM_ARM_VCPU_PMU_V3_IRQ, KVM_ARM_VCPU_PMU_V3_INIT } = vcpu.bindings;
  if (interrupt !== undefined) {
    const bytes = privateInterrupt('initPmu', 'interrupt', interrupt);
    vcpu.setDeviceAttr({ group, attr: KVM_ARM_VCPU_PMU_V3_IRQ }, bytes);
  }
  vcpu.setDeviceAttr({ group, attr: KVM_ARM_VCPU_PMU_V3_INIT });
}

/**
 * KVM_ARM_VCPU_TIMER_CTRL: sets the interrupts of the timers of all vCPUs of the VM. Call this function after the interrupt
 * controller is created, and before the first run.
 *
 * @param vcpu a vCPU of the VM.
 * @param interrupts the private interrupts. A timer that is not given keeps its interrupt.
 * @throws KvmArgumentError for a wrong interrupt, KvmError with code `EBUSY` when a vCPU has run, or with code `EINVAL` when the VM
 * has no interrupt controller.
 * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
 */
export function setTimerInterrupts(vcpu: Vcpu, interrupts: TimerInterrupts): void {
  const operation = 'setTimerInterrupts';
  requireKnownKeys<TimerInterrupts>(operation, interrupts, { virtual: true, physical: true });
  const {
    KVM_ARM_VCPU_TIMER_CTRL: group,
    KVM_ARM_VCPU_TIMER_IRQ_VTIMER,
    KVM_ARM_VCPU_TIMER_IRQ_PTIMER,
  } = vcpu.bindings;
  const { virtual, physical } = interrupts;
  const set = (attr: number, name: string, interrupt: number | undefined): void => {
    if (interrupt === undefined) return;
    vcpu.setDeviceAttr({ group, attr }, privateInterrupt(operation, name, interrupt));
  };
  set(KVM_ARM_VCPU_TIMER_IRQ_VTIMER, 'virtual', virtual);
  set(KVM_ARM_VCPU_TIMER_IRQ_PTIMER, 'physical', physical);
}

/**
 * KVM_ARM_VCPU_PVTIME_IPA: sets where the kernel writes the time that the host has stolen from the vCPU.
 *
 * @param vcpu the vCPU.
 * @param guestAddress the guest-physical address of 64 bytes, a multiple of 64. The address can be set once.
 * @throws KvmArgumentError for a wrong address, KvmError with code `EEXIST` when the address is set already, or with code `ENXIO`
 * when the kernel does not have KVM_CAP_STEAL_TIME.
 * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
 */
export function setPvTime(vcpu: Vcpu, guestAddress: number | bigint): void {
  const { KVM_ARM_VCPU_PVTIME_CTRL: group, KVM_ARM_VCPU_PVTIME_IPA: attr } = vcpu.bindings;
  const address = requireU64('setPvTime', 'guestAddress', guestAddress);
  if (address % pvTimeBytes !== 0n) {
    const problem = `guestAddress 0x${address.toString(16)}; it must be a multiple of ${pvTimeBytes}`;
    throw new KvmArgumentError('setPvTime', problem);
  }
  vcpu.setDeviceAttr({ group, attr }, new Uint8Array(BigUint64Array.of(address).buffer));
}

const pvTimeBytes = 64n;

function privateInterrupt(operation: string, name: string, interrupt: number): Uint8Array {
  const number = requireInteger(operation, name, interrupt, 2 ** 31 - 1);
  if (number < firstPrivate || number > lastPrivate) {
    const rule = `it must be a private interrupt, from ${firstPrivate} to ${lastPrivate}`;
    throw new KvmArgumentError(operation, `${name} ${describe(interrupt)}; ${rule}`);
  }
  return new Uint8Array(Int32Array.of(number).buffer);
}
