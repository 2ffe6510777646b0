/** Small programs for the sandbox, as machine code with its listing. The pages before a program have the calls of the sandbox. */

import type { Program } from './elf.js';
import { calls, programStart } from './sandbox.js';

/** The bytes of a number of 32 bits. */
const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

/** mov edi, value;  mov eax, exit;  call rax */
const exit = (value: number): number[] => [0xbf, ...u32(value), 0xb8, ...u32(calls.exit), 0xff, 0xd0];

const text = new TextEncoder().encode('hello from the sandbox\n');
const textAddress = programStart + 0x100;

const listings: Readonly<Record<string, readonly number[]>> = {
  /** Writes a text, and ends with 0. */
  hello: [
    ...[0xbf, ...u32(textAddress)], //  mov edi, text
    ...[0xbe, ...u32(text.length)], //  mov esi, length
    ...[0xb8, ...u32(calls.write)], //  mov eax, write
    ...[0xff, 0xd0], //                 call rax
    ...exit(0),
  ],
  /** Counts to 100 million, which shows the speed, and ends with 0. */
  count: [
    ...[0xb9, ...u32(100_000_000)], //  mov ecx, 100000000
    ...[0xff, 0xc9, 0x75, 0xfc], //     next: dec ecx;  jnz next
    ...exit(0),
  ],
  /** Never ends. */
  spin: [0xeb, 0xfe], //                next: jmp next
  /** Writes to one page after the other. */
  eat: [
    ...[0xbf, ...u32(programStart + 0x1000)], //              mov edi, end of the program
    ...[0x88, 0x07], //                                       next: mov [rdi], al
    ...[0x48, 0x81, 0xc7, ...u32(0x1000), 0xeb, 0xf5], //     add rdi, 0x1000;  jmp next
  ],
  /** Reads the descriptor table of the sandbox. */
  touch: [0x8b, 0x04, 0x25, ...u32(0x500), ...exit(0)], //    mov eax, [0x500]
  /** Reads a disk of a PC. */
  port: [0x66, 0xba, 0xf0, 0x01, 0xec, ...exit(0)], //        mov dx, 0x1f0;  in al, dx
  /** Asks the sandbox to write what the program does not own. */
  steal: [
    ...[0xbf, ...u32(0x500), 0xbe, ...u32(48)], //            mov edi, 0x500;  mov esi, 48
    ...[0xb8, ...u32(calls.write), 0xff, 0xd0], //            mov eax, write;  call rax
    ...exit(0),
  ],
  /** Executes an instruction that does not exist. */
  crash: [0x0f, 0x0b], //                                     ud2
};

export const programNames: readonly string[] = Object.keys(listings);

/** Returns one of these programs, or undefined. */
export function programNamed(name: string): Program | undefined {
  const code = Object.hasOwn(listings, name) ? listings[name] : undefined;
  if (code === undefined) return undefined;
  const segments = [
    { address: programStart, size: 0x100, bytes: Uint8Array.from(code) },
    { address: textAddress, size: text.length, bytes: text },
  ];
  return { entry: programStart, segments };
}
