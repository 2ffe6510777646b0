/**
 * What the kernel and the native layer know of a VM or of a vCPU after the kernel has refused an ioctl. All threads get the same
 * answers. Asking changes nothing in the VM.
 */

import type { KvmUserspaceMemoryRegion } from '../../generated/x86_64/linux/kvm.js';
import { allocate, type IoctlByPointer, type View } from '../../support/index.js';
import { type AddonTail, addon, type VmRecord } from '../addon.js';
import { type CapabilityName, capabilityValue } from '../capability.js';
import type { Bindings, IoctlTarget } from '../context.js';

/** The facts about the file on which an ioctl was made. The rules of an architecture can have more facts. */
export class Facts {
  readonly #target: IoctlTarget;

  constructor(target: IoctlTarget) {
    this.#target = target;
  }

  /** The number that KVM_CHECK_EXTENSION returns for a capability, or 0. */
  capability(name: CapabilityName): number {
    return capabilityValue(this.#target.capabilities, name);
  }

  /** The number of a capability, or undefined if the bindings do not have it. */
  numberOf(name: CapabilityName): number | undefined {
    return (this.bindings as Readonly<Record<string, unknown>>)[name] as number | undefined;
  }

  /** The kind of the file descriptor. */
  get kind(): IoctlTarget['kind'] {
    return this.#target.kind;
  }

  /** The size of the dirty rings of the VM in bytes, or 0. */
  get dirtyRingBytes(): number {
    return this.withVm((vm) => addon().vmDirtyRing(vm)) ?? 0;
  }

  /** The number of memory slots of the VM in use, or undefined if the file is of no VM. */
  get slots(): number | undefined {
    return this.withVm((vm) => addon().vmSlots(vm).length);
  }

  /** A memory slot, or undefined for a slot that is not in use. */
  slot(number: number): KvmUserspaceMemoryRegion | undefined {
    const region = this.withVm((vm) => addon().vmSlotRegion(vm, number)) ?? null;
    // The members have the same places in both structs.
    return region === null ? undefined : new this.bindings.KvmUserspaceMemoryRegion(new DataView(region));
  }

  /** Whether the vCPU has been in KVM_RUN, as the last exit in its shared memory says. */
  get hasRun(): boolean {
    return this.#target.hasRun?.() ?? false;
  }

  /** The bindings of the file. */
  get bindings(): Bindings {
    return this.#target.capabilities.bindings;
  }

  /** Calls `use` with the VM of the file. Returns undefined if there is none. */
  protected withVm<T>(use: (vm: VmRecord) => T): T | undefined {
    return this.#target.withVm?.(use);
  }

  /** Makes an ioctl on the file. Returns the result, which is -errno if the kernel refuses. */
  protected ask<T extends View>(
    request: IoctlByPointer<T>,
    argument: T = allocate<T>(request.argument),
    tail?: AddonTail,
  ): number {
    const { $$view: view, $$offset: offset } = argument;
    return this.#target.view(request.request, view, offset, view.byteLength - offset, tail);
  }

  /** Makes an ioctl on the VM of the file. Returns the result, which is below zero if there is no VM. */
  protected ofVm<T extends View>(request: IoctlByPointer<T>, argument: T = allocate<T>(request.argument)): number {
    const { $$view: view, $$offset: offset } = argument;
    const needed = view.byteLength - offset;
    return this.withVm((vm) => addon().vmIoctlView(vm, request.request, view, offset, needed)) ?? -1;
  }
}
