/**
 * The runtime: what all architectures share. `kvm-uapi/x86_64` has `Kvm`, `Vm` and `Vcpu` of x86-64.
 *
 * @module kvm-uapi
 */

export type { AnyBindings } from './context.js';
export type { DuplicateFdOptions } from './descriptors.js';
export { Device } from './devices/device.js';
export {
  DeviceArgumentError,
  DeviceClosedError,
  DeviceError,
  DeviceUnavailableError,
  DeviceUnsupportedError,
  KvmArgumentError,
  KvmBusyError,
  KvmClosedError,
  KvmError,
  KvmFirmwareError,
  KvmMsrError,
  KvmUnavailableError,
  KvmUnsupportedError,
  RuntimeMissingError,
  UapiError,
  type UapiErrorDetails,
} from './errors.js';
export {
  EventFd,
  type EventFdHandle,
  type EventFdOptions,
  type EventFdReadSyncOptions,
  type EventFdWatcher,
} from './eventfd.js';
export type { Interruption } from './exit/interruption.js';
export { abort, kick, type VcpuHandle } from './kick.js';
export { GuestMemory, type GuestMemoryHandle } from './memory.js';
export type { MemoryAdvice, MemoryPolicy } from './memory-advice.js';
export type { GuestMemoryFileOptions, GuestMemoryOptions } from './memory-options.js';
export { type ShareableVcpu, VcpuThread, type VcpuThreadOptions } from './thread/vcpu-thread.js';
