/**
 * Guests whose answers are known in advance: the tests of parity compare what each of them counts, writes and reads with the number
 * or the value that its comment states.
 */

import { type Guest, guest } from './guest.js';
import * as longMode from './long-mode.js';
import * as protectedMode from './protected-mode.js';
import * as realMode from './real-mode.js';

/** The vector of the interrupts that the guests count. The master PIC must have it as its base, for line 0. */
export const countedVector = 0x20;

/** Halts for ever. Adds 1 to the u32 at `places.data` for each interrupt of line 0 of the master PIC, and ends the interrupt. */
export const countInterrupts: Guest = guest(
  realMode.mode,
  'count interrupts',
  `
  c7 06 80 00 0a 10                  mov word ptr [0x80], 0x100a
  fb                                 sti
  f4                                 1: hlt
  eb fd                              jmp 1b
  66 ff 06 00 80                     inc dword ptr [0x8000]
  b0 20                              mov al, 0x20
  e6 20                              out 0x20, al
  cf                                 iret
  `,
);

/** Halts for ever. Adds 1 to the u16 at `places.data` for each interrupt of the local APIC, and ends the interrupt. The base of es is the address of the local APIC. */
export const countIpis: Guest = guest(
  realMode.mode,
  'count IPIs',
  `
  c7 06 80 00 0a 10                  mov word ptr [0x80], 0x100a
  fb                                 sti
  f4                                 1: hlt
  eb fd                              jmp 1b
  ff 06 00 80                        inc word ptr [0x8000]
  26 66 c7 06 b0 00 00 00 00 00      mov dword ptr es:[0xb0], 0
  cf                                 iret
  `,
);

/** Sends cx interrupts to the processor with APIC id 0, one after the other: it waits until the u16 at `places.data` has counted each of them. Then it halts. The base of es is the address of the local APIC. */
export const sendIpis: Guest = guest(
  realMode.mode,
  'send IPIs',
  `
  43                                 1: inc bx
  66 31 c0                           xor eax, eax
  26 66 a3 10 03                     mov dword ptr es:[0x310], eax
  66 b8 20 40 00 00                  mov eax, 0x4020
  26 66 a3 00 03                     mov dword ptr es:[0x300], eax
  39 1e 00 80                        2: cmp word ptr [0x8000], bx
  75 fa                              jne 2b
  e2 e4                              loop 1b
  f4                                 hlt
  `,
);

/** Writes ebx to the upper half and eax to the lower half of the interrupt command register, writes to the port, and halts. The base of es is the address of the local APIC. */
export const writeIcr: Guest = guest(
  realMode.mode,
  'write ICR',
  `
  26 66 89 1e 10 03                  mov dword ptr es:[0x310], ebx
  26 66 a3 00 03                     mov dword ptr es:[0x300], eax
  ba f8 03                           mov dx, 0x3f8
  ee                                 out dx, al
  f4                                 hlt
  `,
);

/** Writes al to the port cx times, and halts. */
export const ring: Guest = guest(
  realMode.mode,
  'ring a doorbell',
  `
  ba f8 03                           mov dx, 0x3f8
  ee                                 1: out dx, al
  e2 fd                              loop 1b
  f4                                 hlt
  `,
);

/** Writes 1 to the u32 at each address in the list at `places.data`, which ends with 0, and halts. It waits for 40 instructions after each address, because a KVM that emulates instructions looks only from time to time whether a dirty ring is full. */
export const writePages: Guest = guest(
  protectedMode.mode,
  'write pages',
  `
  be 00 80 00 00                     mov esi, 0x8000
  ad                                 1: lodsd
  85 c0                              test eax, eax
  74 0f                              jz 2f
  c7 00 01 00 00 00                  mov dword ptr [eax], 1
  b9 28 00 00 00                     mov ecx, 40
  e2 fe                              3: loop 3b
  eb ec                              jmp 1b
  f4                                 2: hlt
  `,
);

/** Counts ecx down to 0, and writes its values to the device and to the port in turn, four bytes each. Then it halts. */
export const alternate: Guest = guest(
  protectedMode.mode,
  'alternate writes',
  `
  66 ba f8 03                        mov dx, 0x3f8
  89 0d 10 00 0a 00                  1: mov dword ptr [0xa0010], ecx
  49                                 dec ecx
  74 06                              jz 2f
  89 c8                              mov eax, ecx
  ef                                 out dx, eax
  49                                 dec ecx
  75 f1                              jnz 1b
  f4                                 2: hlt
  `,
);

/** Reads a u32 from the device and writes it to the port, for ever. */
export const poll: Guest = guest(
  protectedMode.mode,
  'poll a device',
  `
  66 ba f8 03                        mov dx, 0x3f8
  a1 10 00 0a 00                     1: mov eax, dword ptr [0xa0010]
  ef                                 out dx, eax
  eb f8                              jmp 1b
  `,
);

/** Reads ecx bytes from the port to `places.data` with one instruction, and halts. */
export const inputToMemory: Guest = guest(
  protectedMode.mode,
  'rep insb',
  `
  fc                                 cld
  66 ba f8 03                        mov dx, 0x3f8
  bf 00 80 00 00                     mov edi, 0x8000
  f3 6c                              rep insb
  f4                                 hlt
  `,
);

/** Reads a byte from the port and adds 1 to ebx, for ever. */
export const addOne: Guest = guest(
  realMode.mode,
  'port in and add',
  `
  ba f8 03                           mov dx, 0x3f8
  ec                                 1: in al, dx
  66 43                              inc ebx
  eb fb                              jmp 1b
  `,
);

/** Mixes eax and ebx, writes eax to the port, and counts in the u32 at `places.data`, for ever. `mixed` computes the same. */
export const mix: Guest = guest(
  realMode.mode,
  'mix',
  `
  ba f8 03                           mov dx, 0x3f8
  66 01 d8                           1: add eax, ebx
  66 c1 c0 03                        rol eax, 3
  66 31 c3                           xor ebx, eax
  66 ff 06 00 80                     inc dword ptr [0x8000]
  66 ef                              out dx, eax
  eb ed                              jmp 1b
  `,
);

/** The numbers that the guest `mix` writes to the port, from the values of eax and ebx at its start. */
export function mixed(eax: number, ebx: number, count: number): number[] {
  let [a, b] = [eax, ebx];
  return Array.from({ length: count }, () => {
    a = (a + b) >>> 0;
    a = ((a << 3) | (a >>> 29)) >>> 0;
    b = (b ^ a) >>> 0;
    return a;
  });
}

/** Loads a floating-point number, which the kernel does not emulate, and halts. */
export const loadFloat: Guest = guest(
  realMode.mode,
  'fld',
  `
  d9 06 00 80                        fld dword ptr [0x8000]
  f4                                 hlt
  `,
);

/** Inverts CR4.OSXSAVE, executes CPUID with leaf 1, and halts. */
export const toggleOsxsave: Guest = guest(
  longMode.mode,
  'toggle CR4.OSXSAVE',
  `
  0f 20 e0                           mov rax, cr4
  35 00 00 04 00                     xor eax, 0x40000
  0f 22 e0                           mov cr4, rax
  b8 01 00 00 00                     mov eax, 1
  31 c9                              xor ecx, ecx
  0f a2                              cpuid
  f4                                 hlt
  `,
);

/** Sets CR4.OSXSAVE, writes edx and eax to XCR0, and halts. */
export const setXcr0: Guest = guest(
  longMode.mode,
  'xsetbv',
  `
  0f 20 e1                           mov rcx, cr4
  81 c9 00 00 04 00                  or ecx, 0x40000
  0f 22 e1                           mov cr4, rcx
  31 c9                              xor ecx, ecx
  0f 01 d1                           xsetbv
  f4                                 hlt
  `,
);

export const all: readonly Guest[] = [
  countInterrupts,
  countIpis,
  sendIpis,
  writeIcr,
  ring,
  writePages,
  alternate,
  poll,
  inputToMemory,
  addOne,
  mix,
  loadFloat,
  toggleOsxsave,
  setXcr0,
];
