/**
 * What the parts of the runtime need of a VM or a vCPU, as interfaces. Imports go one way: `Kvm` makes a `Vm`, and a `Vm`
 * makes a `Vcpu`. A part that works on both takes one of these interfaces instead of a class.
 */

import type * as x86_64 from '../generated/x86_64/linux/kvm.js';
import type { Direction, IoctlAlone, IoctlByPointer, IoctlByValue, View, ViewClass } from '../support/index.js';
import type { ByteOrder } from '../support/layout.js';
import type { AddonAddressedIoctl, AddonAttribute, AddonTail, FileRecord, VcpuRecord, VmRecord } from './addon.js';
import type { UapiErrorDetails } from './errors.js';

/**
 * What the parts of the runtime that all architectures share take from the generated module of an architecture. The declarations
 * are the same in the bindings of all of them, so the types are those of one.
 */
export type Bindings = Pick<typeof x86_64, SharedName> & {
  readonly $target: AnyBindings['$target'];
  // Which other files have these ioctls depends on the architecture.
  readonly KVM_ENABLE_CAP: IoctlByPointer<x86_64.KvmEnableCap, 'vm', 'write', 'KVM_ENABLE_CAP'>;
  readonly KVM_GET_DEVICE_ATTR: IoctlByPointer<x86_64.KvmDeviceAttr, 'device', 'write', 'KVM_GET_DEVICE_ATTR'>;
  readonly KVM_SET_DEVICE_ATTR: IoctlByPointer<x86_64.KvmDeviceAttr, 'device', 'write', 'KVM_SET_DEVICE_ATTR'>;
  readonly KVM_HAS_DEVICE_ATTR: IoctlByPointer<x86_64.KvmDeviceAttr, 'device', 'write', 'KVM_HAS_DEVICE_ATTR'>;
  readonly KvmStatsDesc: ViewClass<KvmStatsDesc>;
  readonly KvmRun: ViewClass<KvmRun> & {
    readonly $layout: { readonly members: { readonly immediate_exit: { readonly offset: number } } };
    readonly $discriminator: {
      readonly cases: readonly { readonly name: string; readonly value: number; readonly members: readonly string[] }[];
    };
  };
};

/** The members of `struct kvm_run` that the shared parts use. The structs of the architectures differ in other members. */
export interface KvmRun
  extends Pick<
    x86_64.KvmRun,
    '$$view' | '$$offset' | 'exit_reason' | 'io' | 'mmio' | 'iocsr_io' | 'internal' | 'system_event'
  > {
  readonly $$layout: { readonly size: number };
}

/** The description of a statistic. Whether `char` has a sign depends on the architecture. */
interface KvmStatsDesc
  extends Pick<x86_64.KvmStatsDesc, '$$view' | '$$offset' | 'flags' | 'exponent' | 'offset' | 'bucket_size' | 'size'> {
  readonly name: { bytes(): Uint8Array };
}

type SharedName =
  | ('KVM_API_VERSION' | 'KVM_GET_API_VERSION' | 'KVM_CHECK_EXTENSION' | 'KvmEnableCap')
  | ('KVM_CREATE_VM' | 'KVM_GET_VCPU_MMAP_SIZE')
  | ('KVM_CREATE_VCPU' | 'KVM_RUN' | 'KVM_SET_SIGNAL_MASK' | 'KvmSignalMask' | 'KVM_EXIT_UNKNOWN')
  | ('KVM_GET_MP_STATE' | 'KVM_SET_MP_STATE' | 'KvmMpState' | 'KVM_PRE_FAULT_MEMORY' | 'KvmPreFaultMemory')
  | ('KVM_GET_REG_LIST' | 'KvmRegList' | 'KVM_GET_ONE_REG' | 'KVM_SET_ONE_REG' | 'KvmOneReg')
  | ('KVM_REG_SIZE_MASK' | 'KVM_REG_SIZE_SHIFT')
  | ('KVM_CREATE_DEVICE' | 'KvmCreateDevice' | 'KvmDeviceAttr')
  | ('KVM_SET_USER_MEMORY_REGION' | 'KvmUserspaceMemoryRegion')
  | ('KVM_SET_USER_MEMORY_REGION2' | 'KvmUserspaceMemoryRegion2')
  | ('KVM_MEM_LOG_DIRTY_PAGES' | 'KVM_MEM_READONLY' | 'KVM_MEM_GUEST_MEMFD')
  | ('KVM_CREATE_GUEST_MEMFD' | 'KvmCreateGuestMemfd' | 'KVM_SET_MEMORY_ATTRIBUTES' | 'KvmMemoryAttributes')
  | ('KVM_GET_DIRTY_LOG' | 'KvmDirtyLog' | 'KVM_CLEAR_DIRTY_LOG' | 'KvmClearDirtyLog')
  | ('KVM_RESET_DIRTY_RINGS' | 'KvmDirtyGfn' | 'KVM_DIRTY_GFN_F_DIRTY' | 'KVM_DIRTY_GFN_F_RESET')
  | ('KVM_DIRTY_LOG_PAGE_OFFSET' | 'KVM_CAP_DIRTY_LOG_RING' | 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL')
  | ('KVM_IRQ_LINE' | 'KvmIrqLevel' | 'KVM_SIGNAL_MSI' | 'KvmMsi' | 'KVM_MSI_VALID_DEVID')
  | ('KVM_SET_GSI_ROUTING' | 'KvmIrqRouting' | 'KVM_IRQ_ROUTING_IRQCHIP' | 'KVM_IRQ_ROUTING_MSI')
  | ('KVM_IRQFD' | 'KvmIrqfd' | 'KVM_IRQFD_FLAG_RESAMPLE' | 'KVM_IRQFD_FLAG_DEASSIGN')
  | ('KVM_IOEVENTFD' | 'KvmIoeventfd' | 'KVM_IOEVENTFD_FLAG_PIO' | 'KVM_IOEVENTFD_FLAG_DATAMATCH')
  | ('KVM_IOEVENTFD_FLAG_DEASSIGN' | 'KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY')
  | ('KVM_REGISTER_COALESCED_MMIO' | 'KVM_UNREGISTER_COALESCED_MMIO' | 'KvmCoalescedMmioZone')
  | ('KvmCoalescedMmioRing' | 'KvmCoalescedMmio')
  | ('KVM_GET_STATS_FD' | 'KvmStatsHeader')
  | ('KVM_STATS_TYPE_MASK' | 'KVM_STATS_TYPE_CUMULATIVE' | 'KVM_STATS_TYPE_INSTANT' | 'KVM_STATS_TYPE_PEAK')
  | ('KVM_STATS_TYPE_LINEAR_HIST' | 'KVM_STATS_TYPE_LOG_HIST')
  | ('KVM_STATS_UNIT_MASK' | 'KVM_STATS_UNIT_NONE' | 'KVM_STATS_UNIT_BYTES' | 'KVM_STATS_UNIT_SECONDS')
  | ('KVM_STATS_UNIT_CYCLES' | 'KVM_STATS_UNIT_BOOLEAN' | 'KVM_STATS_BASE_MASK' | 'KVM_STATS_BASE_POW2');

/** The kinds of file descriptor that KVM has. `system` is `/dev/kvm`. */
export type FdKind = { [Name in keyof typeof x86_64]: KindsOf<(typeof x86_64)[Name]> }[keyof typeof x86_64];
type KindsOf<Ioctl> = Ioctl extends { readonly fds?: infer Kinds } ? keyof NonNullable<Kinds> : never;

/**
 * The ioctls that the generic ioctl refuses whatever their argument is. `ioctl.ts` has the reasons. `Kvm`, `Vm`, `Vcpu` and
 * `VmDevice` have methods for most of them.
 */
export type RefusedIoctl = AddressIoctl | ('KVM_GET_XSAVE2' | 'KVM_SET_XSAVE') | ('KVM_RUN' | 'KVM_SET_SIGNAL_MASK');

/** The ioctls whose struct has addresses, and for which there is a method. */
export type AddressIoctl =
  | ('KVM_SET_USER_MEMORY_REGION' | 'KVM_SET_USER_MEMORY_REGION2')
  | ('KVM_GET_DIRTY_LOG' | 'KVM_CLEAR_DIRTY_LOG')
  | 'KVM_X86_SET_MSR_FILTER'
  | 'KVM_MEMORY_ENCRYPT_OP'
  | ('KVM_MEMORY_ENCRYPT_REG_REGION' | 'KVM_MEMORY_ENCRYPT_UNREG_REGION')
  | ('KVM_XEN_HVM_CONFIG' | 'KVM_XEN_HVM_SET_ATTR' | 'KVM_XEN_VCPU_SET_ATTR')
  | ('KVM_GET_DEVICE_ATTR' | 'KVM_SET_DEVICE_ATTR' | 'KVM_HAS_DEVICE_ATTR')
  | ('KVM_GET_ONE_REG' | 'KVM_SET_ONE_REG');

/** Bindings of any header: a generated module. */
export interface AnyBindings {
  /** The architecture that the bindings are for. */
  readonly $target: {
    readonly name: string;
    readonly byteOrder: ByteOrder;
    /** `process.arch` of Node on such a machine; null where Node has no port. */
    readonly nodeArch: string | null;
  };
}

/** Nothing can be both this and an ioctl with the name, if the ioctl is refused. */
type NotRefused<Name extends string> = Name extends RefusedIoctl ? never : unknown;

/**
 * The generic ioctl: `vcpu.ioctl(bindings.KVM_GET_REGS, regs)`. With a kind of file descriptor it accepts the ioctls of that
 * kind only. An ioctl that is always refused does not compile. The call returns the result of the system call.
 *
 * @throws KvmError, or DeviceError on a `Device`, when the kernel refuses.
 * @throws KvmArgumentError, or DeviceArgumentError, when the argument has the wrong type, is too short, or is not safe to
 * pass to the kernel.
 */
export interface GenericIoctl<Fd extends FdKind = never> {
  /** An ioctl without an argument. */
  <Name extends string>(request: IoctlAlone<Fd, Name> & NotRefused<Name>): number;
  /** An ioctl whose argument is an integer. */
  <Name extends string>(request: IoctlByValue<Fd, Name> & NotRefused<Name>, value: number | bigint): number;
  /** An ioctl whose argument is a struct. */
  <T extends View, Name extends string>(
    request: IoctlByPointer<T, Fd, Direction, Name> & NotRefused<Name>,
    argument: NoInfer<T>,
  ): number;
}

/** Makes ioctls on a file descriptor or on a vCPU. A result below zero is -errno. */
export interface IoctlFile {
  value(request: number, value: number | bigint): number;
  /** `tail` describes an argument that counts its own elements. */
  view(request: number, view: DataView, offset: number, needed: number, tail?: AddonTail): number;
  /** Makes an ioctl whose argument has the address of a value, such as that of an attribute. */
  attribute(attribute: Omit<AddonAttribute<never>, 'target'>): number;
}

/** What answers KVM_CHECK_EXTENSION: the system, a VM or a vCPU. */
export interface CapabilityContext<B extends Bindings = Bindings> {
  readonly bindings: B;
  checkExtension(capability: number): number;
}

/** An `IoctlFile` of KVM, its kind, and the object that is asked which capabilities the kernel has there. */
export interface IoctlTarget<Fd extends FdKind = FdKind> extends IoctlFile {
  readonly kind: Fd;
  readonly capabilities: CapabilityContext;
  /** Calls `use` with the VM of the file. Absent if the file is of no VM. */
  withVm?<T>(use: (vm: VmRecord) => T): T;
  /** Whether KVM_RUN of this vCPU has returned. Absent if the file is not a vCPU. */
  hasRun?(): boolean;
  /** The rules of the architecture. Without them an error has the errno only. */
  readonly rules?: Rules;
}

/** Why the kernel has refused an ioctl: the text for the error, and the properties that it has in addition. */
export interface BrokenRule {
  readonly problem: string;
  readonly details: Pick<UapiErrorDetails, 'rule' | 'see'>;
}

/** What KVM requires on an architecture. */
export interface Rules {
  /** Finds the rule that is broken. Returns undefined if none is known. */
  broken(
    target: IoctlTarget,
    ioctl: string,
    code: string,
    argument: unknown,
    isUnannounced: boolean,
  ): BrokenRule | undefined;
}

/** An architecture as the shared parts see it: bindings for it, and its rules. */
export interface Architecture<B extends Bindings = Bindings> {
  readonly bindings: B;
  readonly rules: Rules;
}

/** What makes ioctls whose argument has addresses. */
export interface AddressTarget<Fd extends FdKind = FdKind, B extends Bindings = Bindings>
  extends CapabilityContext<B>,
    Architecture<B> {
  readonly target: IoctlTarget<Fd>;
  /** Makes the ioctl. Returns its result, or TOO_SHORT. */
  addressed(ioctl: AddonAddressedIoctl): number;
}

/** What the parts of the runtime need of a VM. */
export interface VmContext<B extends Bindings = Bindings> extends AddressTarget<'vm', B> {
  readonly ioctl: GenericIoctl<'vm'>;
  /** @throws KvmClosedError after `close`. */
  readonly record: VmRecord;
  /**
   * Makes an ioctl that creates a file, and returns its record. The ioctl returns the file descriptor, or writes it to the
   * argument at `fdOffset`.
   */
  createFile(request: IoctlAlone<'vm'>): FileRecord;
  createFile<T extends View>(request: IoctlByPointer<T, 'vm'>, argument: T, fdOffset?: number): FileRecord;
}

/** What the parts of the runtime need of a vCPU. */
export interface VcpuContext<B extends Bindings = Bindings> extends AddressTarget<'vcpu', B> {
  readonly ioctl: GenericIoctl<'vcpu'>;
  /** @throws KvmClosedError after `close`. */
  readonly record: VcpuRecord;
  /** Makes an ioctl that creates a file, and returns its record. */
  createFile(request: IoctlAlone<'vcpu'>): FileRecord;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: InstanceType<B['KvmRun']>;
  /** All memory that the kernel shares for this vCPU. */
  readonly shared: DataView;
}
