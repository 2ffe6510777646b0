/** What all presets share: the options of an entry, and the registers at the entry. */

import { X86_EFLAGS_FIXED } from '../../../generated/x86_64/asm/processor-flags.js';
import type { KvmRegs, KvmSregs } from '../../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../../support/index.js';
import type { VcpuContext } from '../../context.js';
import type { KnownKeys } from '../../options.js';
import { vcpuContext } from '../../vcpu.js';
import type { Bindings } from '../bindings.js';
import type { Vcpu } from '../vcpu.js';

/** Where the guest begins. All addresses are guest-physical. */
export interface EntryOptions {
  /** The address of the first instruction. */
  readonly entry: number | bigint;
  /** The stack pointer. The stack grows downwards from here. By default 0: the guest sets its own. */
  readonly stack?: number | bigint;
}

/** Where the memory is that a preset writes to. */
export interface PlacementOptions {
  /** The guest-physical address of the memory's first byte, as in `Vm.addMemory`. By default 0. */
  readonly guestAddress?: number | bigint;
}

export const entryKeys: KnownKeys<EntryOptions> = { entry: true, stack: true };
export const placementKeys: KnownKeys<PlacementOptions> = { guestAddress: true };

/** Checks that the caller has passed a vCPU, and reads its special registers, which a preset changes. */
export function sregsOf(operation: string, vcpu: Vcpu): KvmSregs {
  vcpuContext(operation, vcpu);
  return vcpu.getSregs();
}

/** Sets the special registers and the general registers. General registers that are not given are 0. */
export function enter(vcpu: Vcpu, sregs: KvmSregs, registers: Partial<KvmRegs>): void {
  vcpu.setSregs(sregs);
  const { bindings } = vcpuContext('Vcpu.setRegs', vcpu) as VcpuContext<Bindings>;
  const regs = allocate(bindings.KvmRegs);
  vcpu.setRegs(Object.assign(regs, { rflags: X86_EFLAGS_FIXED }, registers));
}
