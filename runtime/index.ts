/** The runtime: real vCPUs through the generated views. */

export * from './errors.js';
export type { VcpuExit } from './exit.js';
export type { DeviceData, PortData } from './exit-data.js';
export { exits } from './exits.js';
export type { GuestDebug, HardwareBreakpoint } from './guest-debug.js';
export type { Bindings } from './host.js';
export type { GenericIoctl } from './ioctl.js';
export { Kvm, type KvmOptions } from './kvm.js';
export { GuestMemory, type GuestMemoryHandle, type GuestMemoryOptions } from './memory.js';
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
export type { Msr } from './vcpu-state.js';
export { type StartVcpuProgram, type VcpuProgram, VcpuThread, type VcpuThreadOptions } from './vcpu-thread.js';
export { type MemorySlot, Vm } from './vm.js';
