/** Guests in 64-bit long mode that run as a kernel, and the page tables that user mode needs too. */

import type { KvmSregs } from '../../generated/x86_64/linux/kvm.js';
import type { GuestMemory } from '../../runtime/index.js';
import {
  cr0,
  cr4,
  efer,
  flatSegment,
  type Guest,
  guest,
  type Mode,
  places,
  reservedFlag,
  set,
  setDataSegments,
} from './guest.js';

export const mode: Mode = {
  name: 'long mode',
  directive: '.code64',
  rflags: reservedFlag,
  prepare(sregs, memory) {
    enterLongMode(sregs, memory);
    set(sregs.cs, flatSegment('code', { selector: 0x08, l: 1, db: 0 }));
    setDataSegments(sregs, { selector: 0x10 });
  },
};

/** Bits of a page table entry. */
const page = { present: 0x1n, writable: 0x2n, user: 0x4n, large: 0x80n } as const;

/** Turns long mode on. The page tables map the first 2 MiB to themselves. User mode may use these pages too. */
export function enterLongMode(sregs: KvmSregs, memory: GuestMemory): void {
  const entry = page.present | page.writable | page.user;
  const [level4, level3, level2] = [places.pageTables, places.pageTables + 0x1000, places.pageTables + 0x2000];
  const tables = memory.dataView(0, places.end);
  tables.setBigUint64(level4, BigInt(level3) | entry, true);
  tables.setBigUint64(level3, BigInt(level2) | entry, true);
  tables.setBigUint64(level2, entry | page.large, true);
  sregs.cr3 = BigInt(level4);
  sregs.cr4 = cr4.PAE | cr4.OSFXSR | cr4.OSXMMEXCPT;
  sregs.cr0 = cr0.PE | cr0.MP | cr0.ET | cr0.NE | cr0.WP | cr0.PG;
  sregs.efer = efer.LME | efer.LMA;
}

/** Writes 'A' to the port, and halts. */
export const out: Guest = guest(
  mode,
  'port out',
  `
  66 ba f8 03            mov dx, 0x3f8
  b0 41                  mov al, 0x41
  ee                     out dx, al
  f4                     hlt
  `,
);

/** Spins for ever, and counts in the u32 at `places.data`. */
export const spin: Guest = guest(
  mode,
  'spin',
  `
  ff 04 25 00 80 00 00   1: inc dword ptr [0x8000]
  eb f7                  jmp 1b
  `,
);

/** Executes CPUID with the leaf in eax and the subleaf in ecx, and halts. */
export function cpuid(leaf: number, subleaf = 0): Guest {
  return guest(
    mode,
    'cpuid',
    `
  0f a2                  cpuid
  f4                     hlt
  `,
    { registers: { rax: BigInt(leaf), rcx: BigInt(subleaf) } },
  );
}

/** Reads an MSR into edx and eax, and halts. */
export function readMsr(index: number): Guest {
  return guest(
    mode,
    'rdmsr',
    `
  0f 32                  rdmsr
  f4                     hlt
  `,
    { registers: { rcx: BigInt(index) } },
  );
}

/** Writes an MSR, and halts. */
export function writeMsr(index: number, data: bigint): Guest {
  return guest(
    mode,
    'wrmsr',
    `
  0f 30                  wrmsr
  f4                     hlt
  `,
    { registers: { rcx: BigInt(index), rax: data & 0xffff_ffffn, rdx: data >> 32n } },
  );
}

export const all: readonly Guest[] = [out, spin, cpuid(0), readMsr(0), writeMsr(0, 0n)];
