/**
 * What a class of the runtime needs of the class that made it, as interfaces. `Vm` implements `VmContext`, and `Vcpu` implements
 * `VcpuContext`, so that imports go one way: `Kvm` makes a `Vm`, which makes a `Vcpu`.
 */

import type * as x86_64 from '../generated/x86_64/linux/kvm.js';
import type { IoctlAlone, IoctlByPointer, IoctlByValue, View } from '../support/index.js';
import type { VcpuHandle } from './addon.js';

/** The generated module that the runtime takes every offset and every request number from. */
export type Bindings = typeof x86_64;

/** The kinds of file descriptor that KVM has. `system` is `/dev/kvm`. */
export type FdKind = { [Name in keyof Bindings]: KindsOf<Bindings[Name]> }[keyof Bindings];
type KindsOf<Ioctl> = Ioctl extends { readonly fds?: infer Kinds } ? keyof NonNullable<Kinds> : never;

/**
 * The generic ioctl of the classes of this package. With a kind of file descriptor it accepts the ioctls of that kind only.
 */
export interface GenericIoctl<Fd extends FdKind = never> {
  /** @throws DeviceError when the kernel refuses, DeviceArgumentError when the argument is not safe to pass on. */
  (request: IoctlAlone<Fd>): number;
  (request: IoctlByValue<Fd>, value: number | bigint): number;
  <T extends View>(request: IoctlByPointer<T, Fd>, argument: NoInfer<T>): number;
}

/** Makes ioctls on a file descriptor or on a vCPU. A result below zero is -errno. */
export interface IoctlFile {
  value(request: number, value: number | bigint): number;
  view(request: number, view: DataView, offset: number, needed: number): number;
}

/** What answers KVM_CHECK_EXTENSION: the system, a VM or a vCPU. */
export interface CapabilityContext {
  readonly bindings: Bindings;
  checkExtension(capability: number): number;
}

/** An `IoctlFile` of KVM, its kind, and the object that knows which capabilities the kernel has there. */
export interface IoctlTarget extends IoctlFile {
  readonly kind: FdKind;
  readonly capabilities: CapabilityContext;
}

/** What the classes of this package need of a VM. */
export interface VmContext extends CapabilityContext {
  readonly ioctl: GenericIoctl<'vm'>;
  readonly target: IoctlTarget;
  /** The length in bytes of the memory in a slot. @throws KvmArgumentError when the slot is not in use. */
  slotSize(slot: number): number;
}

/** What the classes of this package need of a vCPU. */
export interface VcpuContext extends CapabilityContext {
  readonly ioctl: GenericIoctl<'vcpu'>;
  readonly handle: VcpuHandle;
  /** `struct kvm_run`, in place. */
  readonly kvmRun: x86_64.KvmRun;
  /** All memory that the kernel shares for this vCPU. */
  readonly shared: DataView;
}
