/** A program that imports every name that `kvm-uapi/arm64` exports, as a user would. It is compiled and not run. */

import {
  type AddressedData,
  type Bindings,
  type Capability,
  CoalescedMmioRing,
  type CoalescedMmioRingHandle,
  type CoalescedMmioZone,
  type CoreRegisters,
  createGicV2,
  createGicV3,
  createIts,
  type DeviceAttr,
  type DeviceData,
  type DirtyPage,
  DirtyRing,
  type DirtyRingHandle,
  type ExitsOptions,
  type FdKind,
  type GenericIoctl,
  type GicV2Options,
  type GicV3Options,
  type GuestDebug,
  GuestMemfd,
  type GuestMemfdMapOptions,
  type Ioeventfd,
  type IrqfdOptions,
  type IrqLine,
  type IrqRoute,
  type ItsOptions,
  initPmu,
  irqLine,
  Kvm,
  type KvmFromFdOptions,
  type KvmObject,
  type KvmOptions,
  type Mechanism,
  type MemoryAttributes,
  type MemoryRange,
  type MemorySlot,
  type Msi,
  nameOfRegister,
  type PortData,
  pagesOf,
  type RedistributorRegion,
  type Register,
  type RegisterName,
  type RegisterValue,
  type RegisterWidths,
  type RunOptions,
  type RunResult,
  type RunResultObject,
  registerNamed,
  registerNames,
  type SmcccFilter,
  type StartVcpuProgram,
  type Statistic,
  type Stats,
  setPvTime,
  setTimerInterrupts,
  type TimerInterrupts,
  type UnrecognizedExit,
  type UnrecognizedExitObject,
  Vcpu,
  type VcpuExit,
  type VcpuExitObject,
  type VcpuInitOptions,
  type VcpuOptions,
  type VcpuProgram,
  Vm,
  VmDevice,
  type VmDeviceHandle,
  type VmDeviceOptions,
  type VmHandle,
  type VmObject,
  type Watchpoint,
} from 'kvm-uapi/arm64';

export const values: readonly unknown[] = [
  CoalescedMmioRing,
  createGicV2,
  createGicV3,
  createIts,
  DirtyRing,
  GuestMemfd,
  initPmu,
  irqLine,
  Kvm,
  nameOfRegister,
  pagesOf,
  registerNamed,
  registerNames,
  setPvTime,
  setTimerInterrupts,
  Vcpu,
  Vm,
  VmDevice,
];
export interface Types {
  readonly AddressedData: AddressedData;
  readonly Bindings: Bindings;
  readonly Capability: Capability;
  readonly CoalescedMmioRingHandle: CoalescedMmioRingHandle;
  readonly CoalescedMmioZone: CoalescedMmioZone;
  readonly CoreRegisters: CoreRegisters;
  readonly DeviceAttr: DeviceAttr;
  readonly DeviceData: DeviceData;
  readonly DirtyPage: DirtyPage;
  readonly DirtyRingHandle: DirtyRingHandle;
  readonly ExitsOptions: ExitsOptions;
  readonly FdKind: FdKind;
  readonly GenericIoctl: GenericIoctl;
  readonly GicV2Options: GicV2Options;
  readonly GicV3Options: GicV3Options;
  readonly GuestDebug: GuestDebug;
  readonly GuestMemfdMapOptions: GuestMemfdMapOptions;
  readonly Ioeventfd: Ioeventfd;
  readonly IrqfdOptions: IrqfdOptions;
  readonly IrqLine: IrqLine;
  readonly IrqRoute: IrqRoute;
  readonly ItsOptions: ItsOptions;
  readonly KvmFromFdOptions: KvmFromFdOptions;
  readonly KvmObject: KvmObject;
  readonly KvmOptions: KvmOptions;
  readonly Mechanism: Mechanism;
  readonly MemoryAttributes: MemoryAttributes;
  readonly MemoryRange: MemoryRange;
  readonly MemorySlot: MemorySlot;
  readonly Msi: Msi;
  readonly PortData: PortData;
  readonly RedistributorRegion: RedistributorRegion;
  readonly Register: Register;
  readonly RegisterName: RegisterName;
  readonly RegisterValue: RegisterValue<64>;
  readonly RegisterWidths: RegisterWidths;
  readonly RunOptions: RunOptions;
  readonly RunResult: RunResult;
  readonly RunResultObject: RunResultObject;
  readonly SmcccFilter: SmcccFilter;
  readonly StartVcpuProgram: StartVcpuProgram;
  readonly Statistic: Statistic;
  readonly Stats: Stats;
  readonly TimerInterrupts: TimerInterrupts;
  readonly UnrecognizedExit: UnrecognizedExit;
  readonly UnrecognizedExitObject: UnrecognizedExitObject;
  readonly VcpuExit: VcpuExit;
  readonly VcpuExitObject: VcpuExitObject;
  readonly VcpuInitOptions: VcpuInitOptions;
  readonly VcpuOptions: VcpuOptions;
  readonly VcpuProgram: VcpuProgram;
  readonly VmDeviceHandle: VmDeviceHandle;
  readonly VmDeviceOptions: VmDeviceOptions;
  readonly VmHandle: VmHandle;
  readonly VmObject: VmObject;
  readonly Watchpoint: Watchpoint;
}
