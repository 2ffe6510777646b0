/** A program that imports every name that `kvm-uapi/riscv64` exports, as a user would. It is compiled and not run. */

import {
  type AddressedData,
  type AiaOptions,
  type Bindings,
  type Capability,
  CoalescedMmioRing,
  type CoalescedMmioRingHandle,
  type CoalescedMmioZone,
  createAia,
  type DeviceAttr,
  type DeviceData,
  type DirtyPage,
  DirtyRing,
  type DirtyRingHandle,
  type ExitsOptions,
  type FdKind,
  type GenericIoctl,
  type GuestDebug,
  GuestMemfd,
  type GuestMemfdMapOptions,
  type Ioeventfd,
  type IrqfdOptions,
  type IrqRoute,
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
  type Register,
  type RegisterName,
  type RegisterValue,
  type RegisterWidths,
  type RunOptions,
  type RunResult,
  type RunResultObject,
  registerNamed,
  registerNames,
  type StartVcpuProgram,
  type Statistic,
  type Stats,
  type UnrecognizedExit,
  type UnrecognizedExitObject,
  Vcpu,
  type VcpuExit,
  type VcpuExitObject,
  type VcpuOptions,
  type VcpuProgram,
  Vm,
  VmDevice,
  type VmDeviceHandle,
  type VmDeviceOptions,
  type VmHandle,
  type VmObject,
} from 'kvm-uapi/riscv64';

export const values: readonly unknown[] = [
  CoalescedMmioRing,
  createAia,
  DirtyRing,
  GuestMemfd,
  Kvm,
  nameOfRegister,
  pagesOf,
  registerNamed,
  registerNames,
  Vcpu,
  Vm,
  VmDevice,
];
export interface Types {
  readonly AddressedData: AddressedData;
  readonly AiaOptions: AiaOptions;
  readonly Bindings: Bindings;
  readonly Capability: Capability;
  readonly CoalescedMmioRingHandle: CoalescedMmioRingHandle;
  readonly CoalescedMmioZone: CoalescedMmioZone;
  readonly DeviceAttr: DeviceAttr;
  readonly DeviceData: DeviceData;
  readonly DirtyPage: DirtyPage;
  readonly DirtyRingHandle: DirtyRingHandle;
  readonly ExitsOptions: ExitsOptions;
  readonly FdKind: FdKind;
  readonly GenericIoctl: GenericIoctl;
  readonly GuestDebug: GuestDebug;
  readonly GuestMemfdMapOptions: GuestMemfdMapOptions;
  readonly Ioeventfd: Ioeventfd;
  readonly IrqfdOptions: IrqfdOptions;
  readonly IrqRoute: IrqRoute;
  readonly KvmFromFdOptions: KvmFromFdOptions;
  readonly KvmObject: KvmObject;
  readonly KvmOptions: KvmOptions;
  readonly Mechanism: Mechanism;
  readonly MemoryAttributes: MemoryAttributes;
  readonly MemoryRange: MemoryRange;
  readonly MemorySlot: MemorySlot;
  readonly Msi: Msi;
  readonly PortData: PortData;
  readonly Register: Register;
  readonly RegisterName: RegisterName;
  readonly RegisterValue: RegisterValue<64>;
  readonly RegisterWidths: RegisterWidths;
  readonly RunOptions: RunOptions;
  readonly RunResult: RunResult;
  readonly RunResultObject: RunResultObject;
  readonly StartVcpuProgram: StartVcpuProgram;
  readonly Statistic: Statistic;
  readonly Stats: Stats;
  readonly UnrecognizedExit: UnrecognizedExit;
  readonly UnrecognizedExitObject: UnrecognizedExitObject;
  readonly VcpuExit: VcpuExit;
  readonly VcpuExitObject: VcpuExitObject;
  readonly VcpuOptions: VcpuOptions;
  readonly VcpuProgram: VcpuProgram;
  readonly VmDeviceHandle: VmDeviceHandle;
  readonly VmDeviceOptions: VmDeviceOptions;
  readonly VmHandle: VmHandle;
  readonly VmObject: VmObject;
}
