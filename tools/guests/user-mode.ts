/**
 * Guests in 64-bit long mode that run as a user program. Every processor runs them natively. User mode cannot halt, so the guests
 * end with OUT.
 */

import { X86_EFLAGS_IOPL } from '../../generated/x86_64/asm/processor-flags.js';
import { enterLongMode } from '../../runtime/x86_64.js';
import { type Guest, guest, type Mode, places, set } from './guest.js';
import { longModeOptions } from './long-mode.js';

export const mode: Mode = {
  name: 'user mode',
  directive: '.code64',
  enter(vcpu, memory) {
    enterLongMode(vcpu, memory, { ...longModeOptions, user: true });
    // A busy 64-bit task state. Its bitmap is directly after it. The bitmap has a zero bit for each port, so it permits all ports.
    memory.dataView(places.taskState, taskState.size).setUint16(taskState.ioBitmapBase, taskState.size, true);
    const limit = taskState.size + taskState.ioBitmapBytes - 1;
    const sregs = vcpu.getSregs();
    set(sregs.tr, { base: BigInt(places.taskState), limit, selector: 0x30 });
    vcpu.setSregs(sregs);
    // The flags let user mode use ports. If KVM does not use the flags, the bitmap of the task state permits the ports.
    const regs = vcpu.getRegs();
    regs.rflags |= X86_EFLAGS_IOPL;
    vcpu.setRegs(regs);
  },
};

/**
 * Sizes and offsets of the 64-bit task state segment, in bytes. The architecture ends the bitmap with a byte of ones. Here this
 * byte is zero, which permits ports that do not exist.
 */
const taskState = { size: 0x68, ioBitmapBase: 0x66, ioBitmapBytes: 0x2001 } as const;

/** Writes 'A' to the port for ever. */
export const out: Guest = guest(
  mode,
  'port out',
  `
  66 ba f8 03            mov dx, 0x3f8
  b0 41                  mov al, 0x41
  ee                     1: out dx, al
  eb fd                  jmp 1b
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

/** Executes a loop of two instructions this many times, and then writes to the port for ever. */
export function countDown(times: number): Guest {
  return guest(
    mode,
    'count down',
    `
  48 ff c9               1: dec rcx
  75 fb                  jnz 1b
  66 ba f8 03            mov dx, 0x3f8
  ee                     2: out dx, al
  eb fd                  jmp 2b
  `,
    { registers: { rcx: BigInt(times) } },
  );
}

/**
 * Loads xmm1 from 16 bytes after `places.data`, writes to the port, stores xmm0 at `places.data`, and writes to the port for
 * ever. The load comes first: KVM_SET_FPU has no effect on vector registers that the guest has never used.
 */
export const sse: Guest = guest(
  mode,
  'sse',
  `
  f3 0f 6f 0c 25 10 80 00 00   movdqu xmm1, xmmword ptr [0x8010]
  66 ba f8 03                  mov dx, 0x3f8
  ee                           out dx, al
  f3 0f 7f 04 25 00 80 00 00   movdqu xmmword ptr [0x8000], xmm0
  ee                           1: out dx, al
  eb fd                        jmp 1b
  `,
);

/** Reads the time stamp counter into ecx and eax, and writes to the port for ever. */
export const timeStamp: Guest = guest(
  mode,
  'rdtsc',
  `
  0f 31                  rdtsc
  89 d1                  mov ecx, edx
  66 ba f8 03            mov dx, 0x3f8
  ee                     1: out dx, al
  eb fd                  jmp 1b
  `,
);

/** Reads the extended control register 0 into ebx, and writes to the port for ever. */
export const extendedControl: Guest = guest(
  mode,
  'xgetbv',
  `
  31 c9                  xor ecx, ecx
  0f 01 d0               xgetbv
  89 c3                  mov ebx, eax
  66 ba f8 03            mov dx, 0x3f8
  ee                     1: out dx, al
  eb fd                  jmp 1b
  `,
);

/** Sets the u32 at `places.data` to 1 and to 4096 in turn, for ever. */
export const waver: Guest = guest(
  mode,
  'waver',
  `
  c7 04 25 00 80 00 00 01 00 00 00   1: mov dword ptr [0x8000], 1
  c7 04 25 00 80 00 00 00 10 00 00   mov dword ptr [0x8000], 0x1000
  eb e8                              jmp 1b
  `,
);

export const all: readonly Guest[] = [out, spin, countDown(1_000_000), sse, timeStamp, extendedControl, waver];
