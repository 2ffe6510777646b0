/**
 * What the parts of the runtime need of a VM or a vCPU, as interfaces. Imports go one way: `Kvm` makes a `Vm`, and a `Vm`
 * makes a `Vcpu`. A part that works on both takes one of these interfaces instead of a class.
 */

import type * as x86_64 from '../generated/x86_64/linux/kvm.js';
import type { Direction, IoctlAlone, IoctlByPointer, IoctlByValue, View } from '../support/index.js';
import type { AddonAddressedIoctl, AddonAttribute, AddonTail, FileRecord, VcpuRecord, VmRecord } from './addon.js';

/** The generated module that the runtime takes every offset and every request number from. */
export type Bindings = typeof x86_64;

/** The kinds of file descriptor that KVM has. `system` is `/dev/kvm`. */
export type FdKind = { [Name in keyof Bindings]: KindsOf<Bindings[Name]> }[keyof Bindings];
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
export interface CapabilityContext {
  readonly bindings: Bindings;
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
}

/** What makes ioctls whose argument has addresses. */
export interface AddressTarget<Fd extends FdKind = FdKind> extends CapabilityContext {
  readonly target: IoctlTarget<Fd>;
  /** Makes the ioctl. Returns its result, or TOO_SHORT. */
  addressed(ioctl: AddonAddressedIoctl): number;
}

/** What the parts of the runtime need of a VM. */
export interface VmContext extends AddressTarget<'vm'> {
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
export interface VcpuContext extends AddressTarget<'vcpu'> {
  readonly ioctl: GenericIoctl<'vcpu'>;
  /** @throws KvmClosedError after `close`. */
  readonly record: VcpuRecord;
  /** Makes an ioctl that creates a file, and returns its record. */
  createFile(request: IoctlAlone<'vcpu'>): FileRecord;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: x86_64.KvmRun;
  /** All memory that the kernel shares for this vCPU. */
  readonly shared: DataView;
}
