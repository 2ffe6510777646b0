/**
 * What the kernel and the native layer know of a VM or of a vCPU after the kernel has refused an ioctl. All threads get the same
 * answers. Asking changes nothing in the VM.
 */

import type { KvmCpuidEntry2, KvmUserspaceMemoryRegion } from '../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { allocate, type FlexibleTail, type IoctlByPointer, type View } from '../../support/index.js';
import type { MemberLayout } from '../../support/layout.js';
import { type AddonTail, addon, type VmRecord } from '../addon.js';
import { type CapabilityName, capabilityValue } from '../capability.js';
import type { Bindings, IoctlTarget } from '../context.js';

/** The interrupt controllers of a VM that are in the kernel: none, only the local APICs, or all. */
export type Irqchip = 'none' | 'split' | 'full';

const EINVAL = -22;
const noFile = 0xffff_ffff;
/** The kernel accepts at most this many CPUID entries. */
const mostCpuidEntries = 256;

/** The facts about the file on which an ioctl was made. */
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
    return this.#bindings[name];
  }

  /** The kind of the file descriptor. */
  get kind(): IoctlTarget['kind'] {
    return this.#target.kind;
  }

  /** The controllers of the VM that are in the kernel. */
  get irqchip(): Irqchip {
    if (this.#ofVm(this.#bindings.KVM_GET_IRQCHIP) >= 0) return 'full';
    // The kernel looks for a local APIC before it looks for the file, and this file does not exist.
    const irqfd = allocate(this.#bindings.KvmIrqfd);
    irqfd.fd = noFile;
    return this.#ofVm(this.#bindings.KVM_IRQFD, irqfd) === EINVAL ? 'none' : 'split';
  }

  /** Whether the VM is known to have a vCPU, open or closed. Kernels before Linux 6.2 do not say. */
  get hasVcpu(): boolean {
    const { KvmEnableCap, KVM_ENABLE_CAP, KVM_CAP_X86_DISABLE_EXITS } = this.#bindings;
    if (this.capability('KVM_CAP_X86_DISABLE_EXITS') === 0) return false;
    // To disable no exits has no effect. The kernel refuses it after the first vCPU.
    const enable = allocate(KvmEnableCap);
    enable.cap = KVM_CAP_X86_DISABLE_EXITS;
    return this.#ofVm(KVM_ENABLE_CAP, enable) === EINVAL;
  }

  /** Whether KVM_GET_TSC_KHZ of the VM works. */
  get hasVmTscKhz(): boolean {
    const { request } = this.#bindings.KVM_GET_TSC_KHZ;
    return this.#withVm((vm) => addon().vmIoctl(vm, request, 0) >= 0) ?? false;
  }

  /** The size of the dirty rings of the VM in bytes, or 0. */
  get dirtyRingBytes(): number {
    return this.#withVm((vm) => addon().vmDirtyRing(vm)) ?? 0;
  }

  /** The number of memory slots of the VM in use, or undefined if the file is of no VM. */
  get slots(): number | undefined {
    return this.#withVm((vm) => addon().vmSlots(vm).length);
  }

  /** A memory slot, or undefined for a slot that is not in use. */
  slot(number: number): KvmUserspaceMemoryRegion | undefined {
    const region = this.#withVm((vm) => addon().vmSlotRegion(vm, number)) ?? null;
    // The members have the same places in both structs.
    return region === null ? undefined : new this.#bindings.KvmUserspaceMemoryRegion(new DataView(region));
  }

  /** Whether the vCPU has been in KVM_RUN, as the last exit in its shared memory says. */
  get hasRun(): boolean {
    return this.#target.hasRun?.() ?? false;
  }

  /** Whether the vCPU has a local APIC in the kernel. */
  get hasLapic(): boolean {
    return this.#ask(this.#bindings.KVM_GET_LAPIC) >= 0;
  }

  /** Whether an exception waits for the guest. False while another thread runs the vCPU. */
  get hasException(): boolean {
    const { KVM_GET_VCPU_EVENTS: request } = this.#bindings;
    const events = allocate(request.argument);
    return this.#ask(request, events) >= 0 && (events.exception.pending !== 0 || events.exception.injected !== 0);
  }

  /** The number of bits of a physical address of the guest. */
  get physicalBits(): number {
    const bits = (this.#cpuid(0x8000_0008)?.eax ?? 0) & 0xff;
    return bits === 0 ? 36 : bits;
  }

  /** Whether the CPUID of the vCPU has x2APIC. */
  get hasX2apic(): boolean {
    return (((this.#cpuid(1)?.ecx ?? 0) >> 21) & 1) === 1;
  }

  /** Whether KVM_GET_MSRS reads an MSR. */
  hasMsr(index: number): boolean {
    const { KVM_GET_MSRS: request, KvmMsrs } = this.#bindings;
    const msrs = allocate(KvmMsrs, 1);
    msrs.entries.get(0).index = index;
    return this.#ask(request, msrs, tailOf(kvm.KvmMsrs.$flexible, kvm.KvmMsrs.$layout.members.nmsrs)) === 1;
  }

  #cpuid(leaf: number): KvmCpuidEntry2 | undefined {
    const { KVM_GET_CPUID2: request, KvmCpuid2 } = this.#bindings;
    const cpuid = allocate(KvmCpuid2, mostCpuidEntries);
    const tail = tailOf(kvm.KvmCpuid2.$flexible, kvm.KvmCpuid2.$layout.members.nent);
    const result = this.#ask(request, cpuid, tail);
    return result < 0 ? undefined : [...cpuid.entries].find((entry) => entry.function === leaf);
  }

  get #bindings(): Bindings {
    return this.#target.capabilities.bindings;
  }

  #withVm<T>(use: (vm: VmRecord) => T): T | undefined {
    return this.#target.withVm?.(use);
  }

  /** Makes an ioctl on the file. Returns the result, which is -errno if the kernel refuses. */
  #ask<T extends View>(
    request: IoctlByPointer<T>,
    argument: T = allocate<T>(request.argument),
    tail?: AddonTail,
  ): number {
    const { $$view: view, $$offset: offset } = argument;
    return this.#target.view(request.request, view, offset, view.byteLength - offset, tail);
  }

  /** Makes an ioctl on the VM of the file. Returns the result, which is below zero if there is no VM. */
  #ofVm<T extends View>(request: IoctlByPointer<T>, argument: T = allocate<T>(request.argument)): number {
    const { $$view: view, $$offset: offset } = argument;
    const needed = view.byteLength - offset;
    return this.#withVm((vm) => addon().vmIoctlView(vm, request.request, view, offset, needed)) ?? -1;
  }
}

/** The array at the end of an argument, for the native layer. */
function tailOf(
  { offset, elementSize }: Pick<FlexibleTail, 'offset' | 'elementSize'>,
  count: Pick<MemberLayout, 'offset' | 'size'>,
): AddonTail {
  return [offset, elementSize, count.offset, count.size];
}
