/** 64-bit long mode with page tables that map addresses to themselves. */

import {
  X86_CR0_ET,
  X86_CR0_MP,
  X86_CR0_NE,
  X86_CR0_PE,
  X86_CR0_PG,
  X86_CR0_WP,
  X86_CR4_OSFXSR,
  X86_CR4_OSXMMEXCPT,
  X86_CR4_PAE,
} from '../../../generated/x86_64/asm/processor-flags.js';
import type { KvmSregs } from '../../../generated/x86_64/linux/kvm.js';
import { describe } from '../../arguments.js';
import { KvmArgumentError } from '../../errors.js';
import type { GuestMemory } from '../../memory.js';
import { type KnownKeys, requireKnownKeys } from '../../options.js';
import type { Vcpu } from '../vcpu.js';
import { type EntryOptions, enter, entryKeys, type PlacementOptions, placementKeys, sregsOf } from './entry.js';
import { pageTablesPart, requireMapped, writeIdentityMap } from './page-tables.js';
import { type Part, PlacedMemory, requireAddress } from './placed-memory.js';
import { defaultGdt } from './protected-mode.js';
import { descriptorTablePart, longSegments, setSegments, userSegments, writeDescriptors } from './segments.js';

/** Where long mode has its tables. */
export interface LongModeTables extends PlacementOptions {
  /** The address of the page tables: a multiple of 4096, by default 0x9000. `identityMapBytes` returns their size. */
  readonly tables?: number | bigint;
  /**
   * How many bytes from address 0 are mapped to themselves: a multiple of 2 MiB, up to 512 GiB. By default 4 GiB.
   * A vCPU has 36 address bits (64 GiB) until `Vcpu.setCpuid2` says that it has more.
   */
  readonly mapped?: number | bigint;
  /** The address of the descriptor table, which has 48 bytes: a multiple of 8, by default 0x500. */
  readonly gdt?: number | bigint;
}

/** The options of `enterLongMode`. */
export interface LongModeOptions extends EntryOptions, LongModeTables {
  /** Whether the guest begins in user mode (ring 3), which may use all mapped pages. By default false. */
  readonly user?: boolean;
}

export const tablesKeys: KnownKeys<LongModeTables> = { ...placementKeys, tables: true, mapped: true, gdt: true };
const keys: KnownKeys<LongModeOptions> = { ...entryKeys, ...tablesKeys, user: true };

/** Bits of the register EFER. The kernel's uapi headers do not have them: AMD64 manual, volume 2, section 3.1.7. */
const efer = { LME: 0x100n, LMA: 0x400n } as const;

const defaultTables = 0x9000;
const fourGiB = 2 ** 32;

/**
 * Makes the vCPU begin in 64-bit long mode with interrupts off. Writes page tables that map the first bytes of memory to
 * themselves, and a descriptor table, so that the guest can load the segments again: 0x10 is code, 0x18 is data, and with ring 3
 * 0x2b is code, 0x23 is data. SSE is on. There is no interrupt table: an exception shuts the guest down. Sets the general, segment
 * and control registers and EFER, and no others.
 *
 * @param vcpu the vCPU.
 * @param memory the memory for the tables.
 * @param options the entry and the stack, the addresses of the tables, and the privilege.
 * @throws KvmArgumentError for wrong options, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
 * @example
 * enterLongMode(vcpu, memory, { entry: 0x10_0000, stack: 0x8_0000, mapped: 2 ** 30 });
 */
export function enterLongMode(vcpu: Vcpu, memory: GuestMemory, options: LongModeOptions): void {
  const operation = 'enterLongMode';
  requireKnownKeys(operation, options, keys);
  const { user = false, stack = 0 } = options;
  if (typeof user !== 'boolean') {
    throw new KvmArgumentError(operation, `user ${describe(user)}; it must be true or false`);
  }
  const tables = new LongMode(operation, memory, options);
  const rip = tables.requireMapped('entry', options.entry);
  // The stack grows downwards, so the address after the mapped ones is right too.
  const rsp = requireAddress(operation, 'stack', stack, { most: tables.mapped });
  tables.require([]);
  const sregs = sregsOf(operation, vcpu);
  tables.write(sregs, user);
  enter(vcpu, sregs, { rip: BigInt(rip), rsp: BigInt(rsp) });
}

/** The tables of long mode. All checks come before the first write. */
export class LongMode {
  readonly mapped: number;
  readonly #operation: string;
  readonly #placed: PlacedMemory;
  readonly #tables: Part;
  readonly #gdt: Part;

  constructor(operation: string, memory: GuestMemory, options: LongModeTables) {
    const { tables = defaultTables, mapped = fourGiB, gdt = defaultGdt, guestAddress } = options;
    this.#operation = operation;
    this.#placed = new PlacedMemory(operation, memory, guestAddress);
    this.mapped = requireMapped(operation, mapped);
    this.#tables = pageTablesPart(requireAddress(operation, 'tables', tables, { alignment: 4096 }), this.mapped);
    this.#gdt = descriptorTablePart(requireAddress(operation, 'gdt', gdt, { alignment: 8 }));
  }

  /** Returns an address that must be mapped. @throws KvmArgumentError for any other. */
  requireMapped(what: string, value: number | bigint): number {
    const address = requireAddress(this.#operation, what, value);
    if (address < this.mapped) return address;
    const rule = `it must be below 0x${this.mapped.toString(16)}, the end of the mapped memory`;
    throw new KvmArgumentError(this.#operation, `${what} 0x${address.toString(16)}; ${rule}`);
  }

  /** @throws KvmArgumentError unless the tables and further parts are inside the memory and do not overlap. */
  require(parts: readonly Part[]): void {
    this.#placed.require([this.#tables, this.#gdt, ...parts]);
    this.requireMapped('gdt', this.#gdt.address);
  }

  /** Returns a part of the memory, filled with zeros. */
  cleared(part: Part): DataView {
    return this.#placed.cleared(part);
  }

  /** Writes the tables, and turns long mode on. */
  write(sregs: KvmSregs, isUser: boolean): void {
    setSegments(sregs, isUser ? userSegments : longSegments);
    writeDescriptors(sregs, this.cleared(this.#gdt), this.#gdt.address, longSegments);
    writeIdentityMap(this.cleared(this.#tables), this.#tables.address, this.mapped, isUser);
    Object.assign(sregs.idt, { base: 0n, limit: 0 });
    sregs.cr3 = BigInt(this.#tables.address);
    sregs.cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
    sregs.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_PG;
    sregs.efer = efer.LME | efer.LMA;
  }
}
