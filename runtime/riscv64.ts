/**
 * KVM of riscv64: `Kvm`, `Vm` and `Vcpu` with the methods of this architecture, and the types that they use.
 *
 * @module kvm-uapi/riscv64
 */

import type { KvmRunExit } from '../generated/riscv64/linux/kvm.js';
import type { CapabilityOf } from './capability.js';
import type { ExitObjectOf, ExitOf, RunResultOf } from './exit/exits.js';
import type { Bindings } from './riscv64/bindings.js';
import type { Vcpu } from './riscv64/vcpu.js';
import type { Vm } from './riscv64/vm.js';
import type { RunResultObjectOf } from './thread/async-exits.js';
import type { ProgramOf, StartProgram } from './thread/program.js';

export type { AddressedData, MemoryRange } from './addressed-ioctl.js';
export type { FdKind, GenericIoctl } from './context.js';
export type { KvmObject, VmObject } from './creators.js';
export type { DeviceAttr } from './devices/device-attr.js';
export type { VmDeviceHandle, VmDeviceOptions } from './devices/vm-device.js';
export { pagesOf } from './dirty-log.js';
export type { DeviceData, PortData } from './exit/data.js';
export type { UnrecognizedExit, UnrecognizedExitObject } from './exit/exits.js';
export { GuestMemfd, type GuestMemfdMapOptions } from './guest-memfd.js';
export type { MemorySlot } from './memory-slots.js';
export type { Register, RegisterValue } from './registers/register.js';
export type { CoalescedMmioRingHandle } from './rings/coalesced-mmio-ring.js';
export type { DirtyPage, DirtyRingHandle } from './rings/dirty-ring.js';
export { type AiaOptions, createAia } from './riscv64/aia.js';
export type { Bindings } from './riscv64/bindings.js';
export { Kvm, type KvmFromFdOptions, type KvmOptions } from './riscv64/kvm.js';
export {
  nameOfRegister,
  type RegisterName,
  type RegisterWidths,
  registerNamed,
  registerNames,
} from './riscv64/registers/names.js';
export { CoalescedMmioRing, DirtyRing } from './riscv64/rings.js';
export { Vcpu } from './riscv64/vcpu.js';
export type { GuestDebug } from './riscv64/vcpu-state.js';
export { Vm } from './riscv64/vm.js';
export { VmDevice } from './riscv64/vm-device.js';
export type { Statistic, Stats } from './stats.js';
export type { ExitsOptions } from './thread/async-exits.js';
export type { Mechanism, RunOptions, VcpuOptions } from './vcpu.js';
export type { MemoryAttributes, VmHandle } from './vm.js';
export type { IrqfdOptions, IrqRoute, Msi } from './vm-interrupts.js';
export type { CoalescedMmioZone, Ioeventfd } from './vm-io.js';

/** A capability: its name, such as `'KVM_CAP_MP_STATE'`, or its number, such as `bindings.KVM_CAP_MP_STATE`. */
export type Capability = CapabilityOf<Bindings>;

/**
 * An exit. `switch (exit.reason)` narrows it to the members of `struct kvm_run` that belong to its reason, in place.
 *
 * It is valid until the next `run` or `completeExit` of this vCPU. There is one object for each reason, so the next exit with
 * the same reason is the same object with new values. `toObject` returns a copy to keep.
 */
export type VcpuExit = ExitOf<KvmRunExit>;

/** A copy of an exit as a plain object, which can be posted to another thread. */
export type VcpuExitObject = ExitObjectOf<KvmRunExit>;

/** What `Vcpu.run` returns. `switch (result.reason)` narrows it. */
export type RunResult = RunResultOf<KvmRunExit>;

/** A copy of a result of `Vcpu.run`. */
export type RunResultObject = RunResultObjectOf<KvmRunExit>;

/**
 * The program that runs in the Worker of a `VcpuThread`. All calls are synchronous. When a call returns, the next run begins.
 * If a call returns 'stop', the thread ends. If a call returns anything else than 'stop' or undefined, such as a Promise, the
 * thread ends with a `KvmArgumentError`.
 */
export type VcpuProgram = ProgramOf<VcpuExit>;

/**
 * The default export of the program of a `VcpuThread`. The runtime calls this function once, in the Worker, with the vCPU,
 * with the `data` of the thread's options, and with the VM of the vCPU.
 *
 * @example
 * const start: StartVcpuProgram = (_vcpu, _data, vm) => ({
 *   onExit(exit) {
 *     serve(exit);
 *     vm.setIrqLine(4, true);
 *     return exit.reason === KVM_EXIT_HLT ? 'stop' : undefined;
 *   },
 * });
 * export default start;
 */
export type StartVcpuProgram<Data = unknown> = StartProgram<VcpuExit, Vcpu, Data, Vm>;
