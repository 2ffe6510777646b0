/** KVM of x86-64: `Kvm`, `Vm` and `Vcpu` with the methods of this architecture, and the types that they use. */

import type { StartProgram } from './thread/program.js';
import type { Vcpu } from './vcpu.js';
import type { Vm } from './vm.js';

export type { AddressedData, MemoryRange } from './addressed-ioctl.js';
export type { Capability } from './capability.js';
export type { Bindings, FdKind, GenericIoctl } from './context.js';
export type { KvmObject, VmObject } from './creators.js';
export type { DeviceAttr } from './devices/device-attr.js';
export { VmDevice, type VmDeviceHandle, type VmDeviceOptions } from './devices/vm-device.js';
export { pagesOf } from './dirty-log.js';
export type { DeviceData, PortData } from './exit/data.js';
export type {
  RunResult,
  UnrecognizedExit,
  UnrecognizedExitObject,
  VcpuExit,
  VcpuExitObject,
} from './exit/exits.js';
export type { GuestDebug, HardwareBreakpoint } from './guest-debug.js';
export { GuestMemfd, type GuestMemfdMapOptions } from './guest-memfd.js';
export { Kvm, type KvmFromFdOptions, type KvmOptions } from './kvm.js';
export type {
  EncryptCommand,
  EncryptCommandAlone,
  EncryptOptions,
  EncryptResult,
} from './memory-encryption.js';
export type { MemorySlot } from './memory-slots.js';
export type { BootBlob, MemoryMapEntry } from './modes/boot-data.js';
export type { EntryOptions, PlacementOptions } from './modes/entry.js';
export { enterLinux64, type Linux64Options } from './modes/linux64.js';
export { enterLongMode, type LongModeOptions, type LongModeTables } from './modes/long-mode.js';
export { identityMapBytes } from './modes/page-tables.js';
export { enterProtectedMode, type ProtectedModeOptions } from './modes/protected-mode.js';
export { enterPvh, type PvhModule, type PvhOptions } from './modes/pvh.js';
export { enterRealMode, type RealModeOptions } from './modes/real-mode.js';
export { type DescriptorMembers, segmentDescriptor } from './modes/segments.js';
export type { MsrFilter, MsrRange } from './msr-filter.js';
export type { Msr } from './msrs.js';
export { CoalescedMmioRing, type CoalescedMmioRingHandle } from './rings/coalesced-mmio-ring.js';
export { type DirtyPage, DirtyRing, type DirtyRingHandle } from './rings/dirty-ring.js';
export type { Statistic, Stats } from './stats.js';
export type { SyncRegs } from './sync-regs.js';
export type { ExitsOptions, RunResultObject } from './thread/async-exits.js';
export type { VcpuProgram } from './thread/program.js';
export { type Mechanism, type RunOptions, Vcpu, type VcpuOptions } from './vcpu.js';
export { type MemoryAttributes, Vm, type VmHandle } from './vm.js';
export type { IrqfdOptions, IrqRoute, Msi } from './vm-interrupts.js';
export type { CoalescedMmioZone, Ioeventfd } from './vm-io.js';
export type { XenEvtchn, XenHypercallPages } from './xen.js';

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
export type StartVcpuProgram<Data = unknown> = StartProgram<Vcpu, Data, Vm>;
