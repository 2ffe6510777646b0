/** The runtime: real vCPUs through the generated views. */

export type { Capability, CapabilityName } from './capability.js';
export type { Bindings, FdKind, GenericIoctl } from './context.js';
export type { Attribute, Attributes } from './devices/attributes.js';
export { Device } from './devices/device.js';
export type { VmDevice } from './devices/vm-device.js';
export * from './errors.js';
export { EventFd } from './eventfd.js';
export type { DeviceData, PortData } from './exit/data.js';
export type { VcpuExit } from './exit/exits.js';
export type { GuestDebug, HardwareBreakpoint } from './guest-debug.js';
export type { Doorbell, GuestIo, Zone } from './guest-io.js';
export type { AnyBindings } from './host-bindings.js';
export type { Interrupts, IrqfdOptions, Msi, Route } from './interrupts.js';
export type { GuestMemfd } from './kernel-file.js';
export { Kvm, type KvmOptions } from './kvm.js';
export { GuestMemory, type GuestMemoryHandle, type GuestMemoryOptions } from './memory.js';
export type { MsrFilter, MsrRange } from './msr-filter.js';
export type { Msr } from './msrs.js';
export type { CoalescedRing } from './rings/coalesced.js';
export { type DirtyPage, type DirtyPages, type DirtyRing, pagesOf } from './rings/dirty.js';
export { type Statistic, Stats } from './stats.js';
export type { SyncRegs } from './sync-regs.js';
export { exits } from './thread/async-exits.js';
export { type StartVcpuProgram, type VcpuProgram, VcpuThread, type VcpuThreadOptions } from './thread/vcpu-thread.js';
export {
  abort,
  type Interruption,
  kick,
  type Mechanism,
  type RunOptions,
  type RunResult,
  type SharedVcpu,
  Vcpu,
  type VcpuOptions,
} from './vcpu.js';
export { type MemorySlot, Vm } from './vm.js';
