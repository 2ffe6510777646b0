/**
 * Guests that write the state in which they begin to the port, or what a boot loader passes to them. The tests of the presets use
 * them.
 */

import { type Guest, guest } from './guest.js';
import * as longMode from './long-mode.js';
import * as protectedMode from './protected-mode.js';
import * as realMode from './real-mode.js';

/** Writes cs, ds, ss, sp, cr0, the flags and the instruction pointer to the port, and halts. */
export const realModeState: Guest = guest(
  realMode.mode,
  'state of real mode',
  `
  ba f8 03   mov dx, 0x3f8
  8c c8      mov ax, cs
  ef         out dx, ax
  8c d8      mov ax, ds
  ef         out dx, ax
  8c d0      mov ax, ss
  ef         out dx, ax
  89 e0      mov ax, sp
  ef         out dx, ax
  0f 20 c0   mov eax, cr0
  66 ef      out dx, eax
  9c         pushf
  58         pop ax
  ef         out dx, ax
  e8 00 00   call 1f
  58         1: pop ax
  ef         out dx, ax
  f4         hlt
  `,
);

/**
 * Writes cr0, cs, ss, esp and the flags to the port, loads all of ds, ss and cs from the descriptor table, writes the u32 at
 * 0x1ffffc to the port, and halts.
 */
export const protectedModeState: Guest = guest(
  protectedMode.mode,
  'state of protected mode',
  `
  66 ba f8 03      mov dx, 0x3f8
  0f 20 c0         mov eax, cr0
  ef               out dx, eax
  66 8c c8         mov ax, cs
  66 ef            out dx, ax
  66 8c d0         mov ax, ss
  66 ef            out dx, ax
  89 e0            mov eax, esp
  ef               out dx, eax
  9c               pushfd
  58               pop eax
  ef               out dx, eax
  66 b8 18 00      mov ax, 0x18
  8e d8            mov ds, ax
  8e d0            mov ss, ax
  6a 10            push 0x10
  e8 00 00 00 00   call 1f
  83 04 24 05      1: add dword ptr [esp], 5
  cb               retf
  a1 fc ff 1f 00   mov eax, dword ptr [0x1ffffc]
  ef               out dx, eax
  f4               hlt
  `,
);

/**
 * Writes cr0, cr4, cs, ss, rsp, EFER and the flags to the port, and loads ds, ss and cs from the descriptor table. Then writes the
 * u32 at each of edi addresses to the port, and halts. The addresses are at rsi.
 */
export const longModeState: Guest = guest(
  longMode.mode,
  'state of long mode',
  `
  66 ba f8 03      mov dx, 0x3f8
  0f 20 c0         mov rax, cr0
  ef               out dx, eax
  0f 20 e0         mov rax, cr4
  ef               out dx, eax
  66 8c c8         mov ax, cs
  66 ef            out dx, ax
  66 8c d0         mov ax, ss
  66 ef            out dx, ax
  48 89 e0         mov rax, rsp
  ef               out dx, eax
  b9 80 00 00 c0   mov ecx, 0xc0000080
  0f 32            rdmsr
  66 ba f8 03      mov dx, 0x3f8
  ef               out dx, eax
  9c               pushfq
  58               pop rax
  ef               out dx, eax
  66 b8 18 00      mov ax, 0x18
  8e d8            mov ds, ax
  8e d0            mov ss, ax
  6a 10            push 0x10
  e8 00 00 00 00   call 1f
  48 83 04 24 07   1: add qword ptr [rsp], 7
  48 cb            retfq
  48 8b 1e         1: mov rbx, qword ptr [rsi]
  8b 03            mov eax, dword ptr [rbx]
  ef               out dx, eax
  48 83 c6 08      add rsi, 8
  ff cf            dec edi
  75 f2            jnz 1b
  f4               hlt
  `,
);

/** Writes cs, ss and a value that it has pushed and popped to MMIO at 0xd0000000, and spins for ever. */
export const userModeState: Guest = guest(
  longMode.mode,
  'state of user mode',
  `
  66 8c c8                     mov ax, cs
  a3 00 00 00 d0 00 00 00 00   mov dword ptr [0xd0000000], eax
  66 8c d0                     mov ax, ss
  a3 00 00 00 d0 00 00 00 00   mov dword ptr [0xd0000000], eax
  6a 77                        push 0x77
  58                           pop rax
  a3 00 00 00 d0 00 00 00 00   mov dword ptr [0xd0000000], eax
  eb fe                        1: jmp 1b
  `,
);

/**
 * Reads the start info of the PVH boot protocol at ebx, and writes it to the port: cr0, cr4, ebx, the magic, the version, the RSDP,
 * the command line, then each module and each entry of the memory map. The offsets are those of the protocol's description.
 */
export const pvhStartInfo: Guest = guest(
  protectedMode.mode,
  'PVH start info',
  `
  66 ba f8 03      mov dx, 0x3f8
  0f 20 c0         mov eax, cr0
  ef               out dx, eax
  0f 20 e0         mov eax, cr4
  ef               out dx, eax
  89 d8            mov eax, ebx
  ef               out dx, eax
  8b 03            mov eax, dword ptr [ebx]
  ef               out dx, eax
  8b 43 04         mov eax, dword ptr [ebx+4]
  ef               out dx, eax
  8b 43 20         mov eax, dword ptr [ebx+32]
  ef               out dx, eax
  8b 73 18         mov esi, dword ptr [ebx+24]
  e8 3b 00 00 00   call 3f
  8b 7b 0c         mov edi, dword ptr [ebx+12]
  8b 4b 10         mov ecx, dword ptr [ebx+16]
  8b 01            1: mov eax, dword ptr [ecx]
  ef               out dx, eax
  8b 41 04         mov eax, dword ptr [ecx+4]
  ef               out dx, eax
  8b 41 08         mov eax, dword ptr [ecx+8]
  ef               out dx, eax
  8b 71 10         mov esi, dword ptr [ecx+16]
  e8 22 00 00 00   call 3f
  83 c1 20         add ecx, 32
  4f               dec edi
  75 e7            jnz 1b
  8b 7b 30         mov edi, dword ptr [ebx+48]
  8b 4b 28         mov ecx, dword ptr [ebx+40]
  8b 01            2: mov eax, dword ptr [ecx]
  ef               out dx, eax
  8b 41 08         mov eax, dword ptr [ecx+8]
  ef               out dx, eax
  8b 41 0c         mov eax, dword ptr [ecx+12]
  ef               out dx, eax
  8b 41 10         mov eax, dword ptr [ecx+16]
  ef               out dx, eax
  83 c1 18         add ecx, 24
  4f               dec edi
  75 eb            jnz 2b
  f4               hlt
  ac               3: lodsb
  ee               out dx, al
  84 c0            test al, al
  75 fa            jnz 3b
  c3               ret
  `,
);

/**
 * Reads `struct boot_params` at rsi, and writes it to the port: cs, ds, ss, esi, the signature, the loader, the initrd, the RSDP,
 * the command line, then each entry of the memory map. The offsets are those of the kernel's documents.
 */
export const linuxBootParams: Guest = guest(
  longMode.mode,
  'Linux boot parameters',
  `
  66 ba f8 03            mov dx, 0x3f8
  66 8c c8               mov ax, cs
  66 ef                  out dx, ax
  66 8c d8               mov ax, ds
  66 ef                  out dx, ax
  66 8c d0               mov ax, ss
  66 ef                  out dx, ax
  89 f0                  mov eax, esi
  ef                     out dx, eax
  8b 86 02 02 00 00      mov eax, dword ptr [rsi+0x202]
  ef                     out dx, eax
  8a 86 10 02 00 00      mov al, byte ptr [rsi+0x210]
  ee                     out dx, al
  8b 86 18 02 00 00      mov eax, dword ptr [rsi+0x218]
  ef                     out dx, eax
  8b 86 c0 00 00 00      mov eax, dword ptr [rsi+0xc0]
  ef                     out dx, eax
  8b 86 1c 02 00 00      mov eax, dword ptr [rsi+0x21c]
  ef                     out dx, eax
  8b 46 70               mov eax, dword ptr [rsi+0x70]
  ef                     out dx, eax
  8b 9e 28 02 00 00      mov ebx, dword ptr [rsi+0x228]
  8a 03                  1: mov al, byte ptr [rbx]
  ee                     out dx, al
  48 ff c3               inc rbx
  84 c0                  test al, al
  75 f6                  jnz 1b
  48 8d 9e d0 02 00 00   lea rbx, [rsi+0x2d0]
  8a 8e e8 01 00 00      mov cl, byte ptr [rsi+0x1e8]
  8b 03                  2: mov eax, dword ptr [rbx]
  ef                     out dx, eax
  8b 43 08               mov eax, dword ptr [rbx+8]
  ef                     out dx, eax
  8b 43 0c               mov eax, dword ptr [rbx+12]
  ef                     out dx, eax
  8b 43 10               mov eax, dword ptr [rbx+16]
  ef                     out dx, eax
  48 83 c3 14            add rbx, 20
  fe c9                  dec cl
  75 e9                  jnz 2b
  f4                     hlt
  `,
);

export const all: readonly Guest[] = [
  realModeState,
  protectedModeState,
  longModeState,
  userModeState,
  pvhStartInfo,
  linuxBootParams,
];
