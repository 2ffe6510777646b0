/** The runtime: real vCPUs through the generated views. */

export * from './errors.js';
export type { Bindings } from './host.js';
export type { GenericIoctl } from './ioctl.js';
export { Kvm, type KvmOptions } from './kvm.js';
export { GuestMemory, type GuestMemoryHandle, type GuestMemoryOptions } from './memory.js';
export { kick, type RunOptions, type RunResult, type SharedVcpu, Vcpu, type VcpuOptions } from './vcpu.js';
export { type MemorySlot, Vm } from './vm.js';
