/** 32-bit protected mode without paging. */

import { X86_CR0_ET, X86_CR0_NE, X86_CR0_PE } from '../../../generated/x86_64/asm/processor-flags.js';
import type { GuestMemory } from '../../memory.js';
import { type KnownKeys, requireKnownKeys } from '../../options.js';
import type { Vcpu } from '../vcpu.js';
import { type EntryOptions, enter, entryKeys, type PlacementOptions, placementKeys, sregsOf } from './entry.js';
import { PlacedMemory, requireAddress } from './placed-memory.js';
import { descriptorTablePart, protectedSegments, setSegments, writeDescriptors } from './segments.js';

/** Where the presets put the descriptor table by default: after the interrupt vectors and the data of a BIOS. */
export const defaultGdt = 0x500;

/** The options of `enterProtectedMode`. */
export interface ProtectedModeOptions extends EntryOptions, PlacementOptions {
  /** The address of the descriptor table, which has 48 bytes: a multiple of 8, by default 0x500. */
  readonly gdt?: number | bigint;
}

const keys: KnownKeys<ProtectedModeOptions> = { ...entryKeys, ...placementKeys, gdt: true };
const most32 = 0xffff_ffff;

/**
 * Makes the vCPU begin in 32-bit protected mode, without paging and with interrupts off. The segments are flat: they cover 4 GiB.
 * Writes a descriptor table, so that the guest can load the segments again: 0x10 is code, 0x18 is data. There is no interrupt
 * table: an exception shuts the guest down. Sets the general, segment and control registers, and no others.
 *
 * @param vcpu the vCPU.
 * @param memory the memory for the descriptor table.
 * @param options the entry and the stack, and the address of the table.
 * @throws KvmArgumentError for wrong options, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
 * @example
 * enterProtectedMode(vcpu, memory, { entry: 0x10_0000, stack: 0x8_0000 });
 */
export function enterProtectedMode(vcpu: Vcpu, memory: GuestMemory, options: ProtectedModeOptions): void {
  const operation = 'enterProtectedMode';
  requireKnownKeys(operation, options, keys);
  const rip = requireAddress(operation, 'entry', options.entry, { most: most32 });
  const { stack = 0, gdt: address = defaultGdt, guestAddress } = options;
  const rsp = requireAddress(operation, 'stack', stack, { most: most32 });
  const gdt = requireAddress(operation, 'gdt', address, { most: most32, alignment: 8 });
  const placed = new PlacedMemory(operation, memory, guestAddress);
  const table = descriptorTablePart(gdt);
  placed.require([table]);
  const sregs = sregsOf(operation, vcpu);
  setSegments(sregs, protectedSegments);
  writeDescriptors(sregs, placed.cleared(table), gdt, protectedSegments);
  Object.assign(sregs.idt, { base: 0n, limit: 0 });
  Object.assign(sregs, { cr0: X86_CR0_PE | X86_CR0_ET | X86_CR0_NE, cr3: 0n, cr4: 0n, efer: 0n });
  enter(vcpu, sregs, { rip: BigInt(rip), rsp: BigInt(rsp) });
}
