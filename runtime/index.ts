/** The runtime: real vCPUs through the generated views. */

export type { Attribute, Attributes } from './attributes.js';
export type { CoalescedRing } from './coalesced.js';
export { Device } from './device.js';
export { type DirtyPage, type DirtyPages, type DirtyRing, pagesOf } from './dirty.js';
export type { Capability, CapabilityName } from './enabling.js';
export * from './errors.js';
export { EventFd } from './eventfd.js';
export type { VcpuExit } from './exit.js';
export type { DeviceData, PortData } from './exit-data.js';
export { exits } from './exits.js';
export type { GuestMemfd } from './files.js';
export type { GuestDebug, HardwareBreakpoint } from './guest-debug.js';
export type { Doorbell, GuestIo, Zone } from './guest-io.js';
export type { AnyBindings, Bindings } from './host.js';
export type { Interrupts, IrqfdOptions, Msi, Route } from './interrupts.js';
export type { FdKind, GenericIoctl } from './ioctl.js';
export { Kvm, type KvmOptions, type Msr } from './kvm.js';
export { GuestMemory, type GuestMemoryHandle, type GuestMemoryOptions } from './memory.js';
export type { MsrFilter, MsrRange } from './msr-filter.js';
export { type Statistic, Stats } from './stats.js';
export type { SyncRegs } from './sync-regs.js';
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
export { type StartVcpuProgram, type VcpuProgram, VcpuThread, type VcpuThreadOptions } from './vcpu-thread.js';
export { type MemorySlot, Vm } from './vm.js';
export type { VmDevice } from './vm-device.js';
