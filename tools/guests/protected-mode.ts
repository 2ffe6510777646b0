/** Guests in 32-bit protected mode without paging. */

import { enterProtectedMode } from '../../runtime/x86_64.js';
import { type Guest, guest, type Mode, places } from './guest.js';

export const mode: Mode = {
  name: 'protected mode',
  directive: '.code32',
  enter: (vcpu, memory) => enterProtectedMode(vcpu, memory, { entry: places.code }),
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

/** Writes 0x2a to the device, reads a byte from the device, writes this byte to the port, and halts. */
export const mmio: Guest = guest(
  mode,
  'MMIO write and read',
  `
  66 ba f8 03            mov dx, 0x3f8
  c6 05 10 00 0a 00 2a   mov byte ptr [0xa0010], 0x2a
  a0 10 00 0a 00         mov al, [0xa0010]
  ee                     out dx, al
  f4                     hlt
  `,
);

/** Adds 1 to a u32 of the device, and halts. The u32 is on two pages, so KVM makes the access in fragments. */
export const mmioInFragments: Guest = guest(
  mode,
  'MMIO in fragments',
  `
  ff 05 fe 0f 0a 00      inc dword ptr [0xa0ffe]
  f4                     hlt
  `,
);

/** Spins for ever, and counts in the u32 at `places.data`. */
export const spin: Guest = guest(
  mode,
  'spin',
  `
  ff 05 00 80 00 00      1: inc dword ptr [0x8000]
  eb f8                  jmp 1b
  `,
);

/**
 * Starts the processor with APIC id 1 at `places.data`, writes to the port, and halts. The other processor writes to the port
 * too.
 */
export const startOther: Guest = guest(
  mode,
  'start another processor',
  `
  c7 05 f0 00 e0 fe ff 01 00 00   mov dword ptr [0xfee000f0], 0x1ff
  c7 05 10 03 e0 fe 00 00 00 01   mov dword ptr [0xfee00310], 0x1000000
  c7 05 00 03 e0 fe 00 45 00 00   mov dword ptr [0xfee00300], 0x4500
  c7 05 00 03 e0 fe 08 46 00 00   mov dword ptr [0xfee00300], 0x4608
  66 ba f8 03                     mov dx, 0x3f8
  ee                              out dx, al
  f4                              hlt
  `,
  // outsb; outsb
  { data: 'nn' },
);

/** Writes the task priority of the local interrupt controller to the port, for ever. */
export const taskPriority: Guest = guest(
  mode,
  'task priority',
  `
  66 ba f8 03            mov dx, 0x3f8
  a0 80 00 e0 fe         1: mov al, [0xfee00080]
  ee                     out dx, al
  eb f8                  jmp 1b
  `,
);

export const all: readonly Guest[] = [out, mmio, mmioInFragments, spin, startOther, taskPriority];
