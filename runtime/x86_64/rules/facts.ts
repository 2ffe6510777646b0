/** What the kernel knows of a VM or of a vCPU of x86-64 after it has refused an ioctl. Asking changes nothing in the VM. */

import type { KvmCpuidEntry2 } from '../../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { allocate, type FlexibleTail } from '../../../support/index.js';
import type { MemberLayout } from '../../../support/layout.js';
import { type AddonTail, addon } from '../../addon.js';
import { Facts as SharedFacts } from '../../rules/facts.js';
import type { Bindings } from '../bindings.js';

/** The interrupt controllers of a VM that are in the kernel: none, only the local APICs, or all. */
export type Irqchip = 'none' | 'split' | 'full';

const EINVAL = -22;
const noFile = 0xffff_ffff;
/** The kernel accepts at most this many CPUID entries. */
const mostCpuidEntries = 256;

/** The facts about the file on which an ioctl was made, on x86-64. */
export class Facts extends SharedFacts {
  /** The controllers of the VM that are in the kernel. */
  get irqchip(): Irqchip {
    if (this.ofVm(this.#bindings.KVM_GET_IRQCHIP) >= 0) return 'full';
    // The kernel looks for a local APIC before it looks for the file, and this file does not exist.
    const irqfd = allocate(this.#bindings.KvmIrqfd);
    irqfd.fd = noFile;
    return this.ofVm(this.#bindings.KVM_IRQFD, irqfd) === EINVAL ? 'none' : 'split';
  }

  /** Whether the VM is known to have a vCPU, open or closed. Kernels before Linux 6.2 do not say. */
  get hasVcpu(): boolean {
    const { KvmEnableCap, KVM_ENABLE_CAP, KVM_CAP_X86_DISABLE_EXITS } = this.#bindings;
    if (this.capability('KVM_CAP_X86_DISABLE_EXITS') === 0) return false;
    // To disable no exits has no effect. The kernel refuses it after the first vCPU.
    const enable = allocate(KvmEnableCap);
    enable.cap = KVM_CAP_X86_DISABLE_EXITS;
    return this.ofVm(KVM_ENABLE_CAP, enable) === EINVAL;
  }

  /** Whether KVM_GET_TSC_KHZ of the VM works. */
  get hasVmTscKhz(): boolean {
    const { request } = this.#bindings.KVM_GET_TSC_KHZ;
    return this.withVm((vm) => addon().vmIoctl(vm, request, 0) >= 0) ?? false;
  }

  /** Whether the vCPU has a local APIC in the kernel. */
  get hasLapic(): boolean {
    return this.ask(this.#bindings.KVM_GET_LAPIC) >= 0;
  }

  /** Whether an exception waits for the guest. False while another thread runs the vCPU. */
  get hasException(): boolean {
    const { KVM_GET_VCPU_EVENTS: request } = this.#bindings;
    const events = allocate(request.argument);
    return this.ask(request, events) >= 0 && (events.exception.pending !== 0 || events.exception.injected !== 0);
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
    return this.ask(request, msrs, tailOf(kvm.KvmMsrs.$flexible, kvm.KvmMsrs.$layout.members.nmsrs)) === 1;
  }

  #cpuid(leaf: number): KvmCpuidEntry2 | undefined {
    const { KVM_GET_CPUID2: request, KvmCpuid2 } = this.#bindings;
    const cpuid = allocate(KvmCpuid2, mostCpuidEntries);
    const tail = tailOf(kvm.KvmCpuid2.$flexible, kvm.KvmCpuid2.$layout.members.nent);
    const result = this.ask(request, cpuid, tail);
    return result < 0 ? undefined : [...cpuid.entries].find((entry) => entry.function === leaf);
  }

  get #bindings(): Bindings {
    return this.bindings as Bindings;
  }
}

/** The array at the end of an argument, for the native layer. */
function tailOf(
  { offset, elementSize }: Pick<FlexibleTail, 'offset' | 'elementSize'>,
  count: Pick<MemberLayout, 'offset' | 'size'>,
): AddonTail {
  return [offset, elementSize, count.offset, count.size];
}
