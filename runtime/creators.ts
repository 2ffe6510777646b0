/**
 * The objects that other objects are created from, for methods that take them as arguments. Their classes are in later
 * layers.
 */

import { requireClass } from './arguments.js';
import type { Architecture, Bindings, GenericIoctl } from './context.js';
import type { OpenVm } from './open-vm.js';

/** A `Kvm`. Another object is refused. */
export interface KvmObject {
  /** The bindings that `open` was given. */
  readonly bindings: Bindings;
  /** Makes any ioctl of the system file descriptor. */
  readonly ioctl: GenericIoctl<'system'>;
}

/** A `Vm`. Another object is refused. */
export interface VmObject {
  /** The bindings of the `Kvm` that the VM is from. */
  readonly bindings: Bindings;
  /** Makes any ioctl of the VM file descriptor. */
  readonly ioctl: GenericIoctl<'vm'>;
}

/** What a `Kvm` gives to the VMs that are made from it. */
export interface OpenKvm {
  readonly architecture: Architecture;
  /** Makes KVM_GET_VCPU_MMAP_SIZE. */
  readonly vcpuMmapSize: () => number;
}

const kvms = new WeakMap<object, OpenKvm>();
const vms = new WeakMap<object, OpenVm>();

/** Every `Kvm` calls this. */
export function registerKvm(kvm: KvmObject, open: OpenKvm): void {
  kvms.set(kvm, open);
}

/** Every `Vm` calls this. */
export function registerVm(vm: VmObject, open: OpenVm): void {
  vms.set(vm, open);
}

/** @throws KvmArgumentError for anything but a `Kvm`. */
export function openKvmOf(operation: string, kvm: KvmObject): OpenKvm {
  const open = find(kvms, kvm);
  requireClass(operation, 'kvm', kvm, 'Kvm', open !== undefined);
  return open as OpenKvm;
}

/** @throws KvmArgumentError for anything but a `Vm`. */
export function openVmOf(operation: string, vm: VmObject): OpenVm {
  const open = find(vms, vm);
  requireClass(operation, 'vm', vm, 'Vm', open !== undefined);
  return open as OpenVm;
}

function find<T>(all: WeakMap<object, T>, key: unknown): T | undefined {
  return typeof key === 'object' && key !== null ? all.get(key) : undefined;
}
