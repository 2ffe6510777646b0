/** Guests in 64-bit long mode that run as a kernel. */

import { enterLongMode, type LongModeOptions } from '../../runtime/x86_64.js';
import { type Guest, guest, type Mode, places } from './guest.js';

/** The first 2 MiB are mapped. */
export const longModeOptions: LongModeOptions = { entry: places.code, tables: places.pageTables, mapped: 0x20_0000 };

export const mode: Mode = {
  name: 'long mode',
  directive: '.code64',
  enter: (vcpu, memory) => enterLongMode(vcpu, memory, longModeOptions),
};

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
