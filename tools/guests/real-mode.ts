/** Guests in real mode, which is the mode of a processor after a reset. */

import { enterRealMode } from '../../runtime/x86_64.js';
import { type Guest, guest, type Mode, places } from './guest.js';

export const mode: Mode = {
  name: 'real mode',
  directive: '.code16',
  enter: (vcpu) => enterRealMode(vcpu, { entry: places.code }),
};

/** Writes 'A' to the port, and halts. */
export const out: Guest = guest(
  mode,
  'port out',
  `
  ba f8 03           mov dx, 0x3f8
  b0 41              mov al, 0x41
  ee                 out dx, al
  f4                 hlt
  `,
);

/** Reads a byte from the port, stores it at `places.data`, and halts. */
export const input: Guest = guest(
  mode,
  'port in',
  `
  ba f8 03           mov dx, 0x3f8
  ec                 in al, dx
  a2 00 80           mov [0x8000], al
  f4                 hlt
  `,
);

/** Writes the five bytes 'hello' to the port with one instruction, and halts. */
export const repOut: Guest = guest(
  mode,
  'rep outsb',
  `
  ba f8 03           mov dx, 0x3f8
  be 00 80           mov si, 0x8000
  b9 05 00           mov cx, 5
  fc                 cld
  f3 6e              rep outsb
  f4                 hlt
  `,
  { data: 'hello' },
);

/** Reads five bytes from the port to `places.data` with one instruction, and halts. */
export const repIn: Guest = guest(
  mode,
  'rep insb',
  `
  ba f8 03           mov dx, 0x3f8
  bf 00 80           mov di, 0x8000
  b9 05 00           mov cx, 5
  fc                 cld
  f3 6c              rep insb
  f4                 hlt
  `,
);

/** Writes 0x2a to the device, and halts. */
export const mmioWrite: Guest = guest(
  mode,
  'MMIO write',
  `
  b8 00 a0           mov ax, 0xa000
  8e d8              mov ds, ax
  c6 06 10 00 2a     mov byte ptr [0x10], 0x2a
  f4                 hlt
  `,
);

/** Reads a byte from the device, writes it to the port, and halts. */
export const mmioRead: Guest = guest(
  mode,
  'MMIO read',
  `
  b8 00 a0           mov ax, 0xa000
  8e d8              mov ds, ax
  ba f8 03           mov dx, 0x3f8
  a0 10 00           mov al, [0x10]
  ee                 out dx, al
  f4                 hlt
  `,
);

export const halt: Guest = guest(
  mode,
  'hlt',
  `
  f4                 hlt
  `,
);

/** Writes a text to the port byte by byte, and halts. */
export function print(text: string): Guest {
  return guest(
    mode,
    'print',
    `
  ba f8 03           mov dx, 0x3f8
  be 00 80           mov si, 0x8000
  fc                 cld
  ac                 1: lodsb
  84 c0              test al, al
  74 03              jz 2f
  ee                 out dx, al
  eb f8              jmp 1b
  f4                 2: hlt
  `,
    { data: `${text}\0` },
  );
}

/** Writes to the port for ever. */
export const outForEver: Guest = guest(
  mode,
  'port out for ever',
  `
  ba f8 03           mov dx, 0x3f8
  ee                 1: out dx, al
  eb fd              jmp 1b
  `,
);

/** Spins for ever, and counts in the u32 at `places.data`. */
export const spin: Guest = guest(
  mode,
  'spin',
  `
  66 ff 06 00 80     1: inc dword ptr [0x8000]
  eb f9              jmp 1b
  `,
);

/** Writes 'A' to the port for ever, and writes 'I' for each interrupt with the vector. */
export function onInterrupt(vector: number): Guest {
  const entry = 4 * vector;
  const bytes = [entry & 0xff, entry >> 8].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return guest(
    mode,
    `on interrupt ${vector}`,
    `
  c7 06 ${bytes} 0f 10  mov word ptr [0x${entry.toString(16)}], 0x100f
  fb                 sti
  ba f8 03           mov dx, 0x3f8
  b0 41              1: mov al, 0x41
  ee                 out dx, al
  eb fb              jmp 1b
  b0 49              mov al, 0x49
  ee                 out dx, al
  cf                 iret
  `,
  );
}

/** The vector of the interrupts that the guest `interrupted` handles. */
export const interruptVector = 0x20;

/** Waits in three endless loops, and halts. The handler of an interrupt writes to the port, and ends the current loop. */
export const interrupted: Guest = guest(
  mode,
  'interrupted',
  `
  c7 06 80 00 11 10  mov word ptr [0x80], 0x1011
  ba f8 03           mov dx, 0x3f8
  fb                 sti
  eb fe              1: jmp 1b
  eb fe              1: jmp 1b
  eb fe              1: jmp 1b
  f4                 hlt
  ee                 out dx, al
  55                 push bp
  89 e5              mov bp, sp
  83 46 02 02        add word ptr [bp+2], 2
  5d                 pop bp
  cf                 iret
  `,
);

/** The vector of the interrupts that the guest `acknowledging` handles. */
export const acknowledgedVector = 0x31;

/**
 * Enables its local APIC in x2APIC mode, writes 'R' to the port, and waits. The handler of an interrupt writes 'I' to the port, and
 * acknowledges the interrupt. The host sets the mode in `apic_base`.
 */
export const acknowledging: Guest = guest(
  mode,
  'acknowledging',
  `
  c7 06 c4 00 21 10  mov word ptr [0xc4], 0x1021
  66 b9 0f 08 00 00  mov ecx, 0x80f
  66 b8 ff 01 00 00  mov eax, 0x1ff
  66 31 d2           xor edx, edx
  0f 30              wrmsr
  ba f8 03           mov dx, 0x3f8
  b0 52              mov al, 0x52
  ee                 out dx, al
  fb                 sti
  f4                 1: hlt
  eb fd              jmp 1b
  ba f8 03           mov dx, 0x3f8
  b0 49              mov al, 0x49
  ee                 out dx, al
  66 b9 0b 08 00 00  mov ecx, 0x80b
  66 31 c0           xor eax, eax
  66 31 d2           xor edx, edx
  0f 30              wrmsr
  cf                 iret
  `,
);

export const all: readonly Guest[] = [
  out,
  input,
  repOut,
  repIn,
  mmioWrite,
  mmioRead,
  halt,
  print('hello'),
  outForEver,
  spin,
  onInterrupt(2),
  interrupted,
  acknowledging,
];
