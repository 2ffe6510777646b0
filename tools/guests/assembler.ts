/** Assembles guests from instructions that access a device, in every mode of the processor. The tests use it for random guests. */

import { type Guest, guest, type Mode, type Start } from './guest.js';

/** The size of an operand in bytes. The size 8 needs 64-bit mode, and ports do not have it. */
export type Size = 1 | 2 | 4 | 8;
export type PortSize = Exclude<Size, 8>;

/** Moves a value between a port and al, ax or eax. */
interface PortAccess {
  readonly does: 'in' | 'out';
  readonly size: PortSize;
  readonly port: number;
}

/** Moves values between a port and memory, with a repeat prefix. */
interface PortString {
  readonly does: 'ins' | 'outs';
  readonly size: PortSize;
  readonly port: number;
  readonly at: number;
  readonly count: number;
  readonly backwards: boolean;
}

/** Uses a value in memory and a value in bl, bx, ebx or rbx. */
interface MemoryAccess {
  readonly does: 'load' | 'store' | 'add' | 'xor' | 'xchg';
  readonly size: Size;
  readonly at: number;
}

interface Increment {
  readonly does: 'inc';
  readonly size: Size;
  readonly at: number;
}

interface SetMemory {
  readonly does: 'set';
  readonly size: Size;
  readonly at: number;
  /** It has at most 31 bits. */
  readonly value: number;
}

/** Copies memory, with a repeat prefix. */
interface MoveString {
  readonly does: 'movs';
  readonly size: Size;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

interface SetRegister {
  readonly does: 'value';
  readonly of: 'eax' | 'ebx';
  readonly value: number;
}

/** Moves a value between an MSR and the registers eax and edx. */
interface MsrAccess {
  readonly does: 'rdmsr' | 'wrmsr';
  readonly index: number;
}

interface Halt {
  readonly does: 'hlt';
}

export type Instruction =
  | PortAccess
  | PortString
  | MemoryAccess
  | Increment
  | SetMemory
  | MoveString
  | SetRegister
  | MsrAccess
  | Halt;

export function assembled(mode: Mode, name: string, instructions: readonly Instruction[], start: Start = {}): Guest {
  const assembler = new Assembler(mode);
  for (const instruction of instructions) assembler.assemble(instruction);
  return guest(mode, name, assembler.listing.join('\n'), start);
}

type Bits = 16 | 32 | 64;

const bitsOf: Readonly<Record<Mode['directive'], Bits>> = { '.code16': 16, '.code32': 32, '.code64': 64 };
const accumulator = { 1: 'al', 2: 'ax', 4: 'eax' } as const;
const base = { 1: 'bl', 2: 'bx', 4: 'ebx', 8: 'rbx' } as const;
const pointer = { 1: 'byte ptr', 2: 'word ptr', 4: 'dword ptr', 8: 'qword ptr' } as const;
const suffix = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' } as const;

/** The opcodes for operands of one byte. The opcode for a larger operand is one higher. */
const opcodes = { store: 0x88, load: 0x8a, add: 0x00, xor: 0x30, xchg: 0x86 } as const;
/** The number of the register in an instruction. */
const ebx = 3;

class Assembler {
  readonly listing: string[] = [];
  readonly #bits: Bits;

  constructor({ directive }: Mode) {
    this.#bits = bitsOf[directive];
  }

  assemble(instruction: Instruction): void {
    switch (instruction.does) {
      case 'in':
      case 'out':
        this.#port(instruction);
        break;
      case 'ins':
      case 'outs':
        this.#portString(instruction);
        break;
      case 'inc':
        this.#increment(instruction);
        break;
      case 'set':
        this.#set(instruction);
        break;
      case 'movs':
        this.#moveString(instruction);
        break;
      case 'value':
        this.#value(instruction.of, instruction.value);
        break;
      case 'rdmsr':
      case 'wrmsr':
        this.#value('ecx', instruction.index);
        this.#line([0x0f, instruction.does === 'rdmsr' ? 0x32 : 0x30], instruction.does);
        break;
      case 'hlt':
        this.#line([0xf4], 'hlt');
        break;
      default:
        this.#withRegister(instruction);
    }
  }

  #line(bytes: readonly number[], text: string): void {
    const listed = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.listing.push(`${listed.padEnd(36)} ${text}`);
  }

  /** Adds an instruction. `opcode` is the opcode for operands of one byte. */
  #sized(size: Size, opcode: number, rest: readonly number[], text: string, repeated = false): void {
    const prefixes = [
      ...(size === (this.#bits === 16 ? 4 : 2) ? [0x66] : []),
      ...(repeated ? [0xf3] : []),
      ...(size === 8 ? [0x48] : []),
    ];
    this.#line([...prefixes, opcode + (size === 1 ? 0 : 1), ...rest], repeated ? `rep ${text}` : text);
  }

  #value(register: 'eax' | 'ebx' | 'ecx' | 'esi' | 'edi', value: number): void {
    const opcode = { eax: 0xb8, ecx: 0xb9, ebx: 0xbb, esi: 0xbe, edi: 0xbf }[register];
    this.#line([...(this.#bits === 16 ? [0x66] : []), opcode, ...little(value, 4)], `mov ${register}, ${hex(value)}`);
  }

  #portIn(port: number): void {
    this.#line([...(this.#bits === 16 ? [] : [0x66]), 0xba, ...little(port, 2)], `mov dx, ${hex(port)}`);
  }

  #port({ does, size, port }: PortAccess): void {
    const [opcode, register] = [does === 'in' ? 0xe4 : 0xe6, accumulator[size]];
    const text = (at: string): string => (does === 'in' ? `in ${register}, ${at}` : `out ${at}, ${register}`);
    if (port <= 0xff) {
      this.#sized(size, opcode, [port], text(hex(port)));
    } else {
      this.#portIn(port);
      this.#sized(size, opcode + 8, [], text('dx'));
    }
  }

  #portString({ does, size, port, at, count, backwards }: PortString): void {
    this.#portIn(port);
    this.#value('ecx', count);
    if (does === 'ins') this.#destination(at);
    else this.#source(at);
    this.#line([backwards ? 0xfd : 0xfc], backwards ? 'std' : 'cld');
    this.#sized(size, does === 'ins' ? 0x6c : 0x6e, [], `${does}${suffix[size]}`, true);
  }

  #moveString({ size, from, to, count }: MoveString): void {
    this.#value('ecx', count);
    this.#source(from);
    this.#destination(to);
    this.#line([0xfc], 'cld');
    this.#sized(size, 0xa4, [], `movs${suffix[size]}`, true);
  }

  #increment({ size, at }: Increment): void {
    const { text, bytes } = this.#memory(at);
    this.#sized(size, 0xfe, bytes(0), `inc ${pointer[size]} ${text}`);
  }

  #set({ size, at, value }: SetMemory): void {
    const { text, bytes } = this.#memory(at);
    const fitting = size < 4 ? value & (2 ** (8 * size) - 1) : value;
    const immediate = little(fitting, Math.min(size, 4));
    this.#sized(size, 0xc6, [...bytes(0), ...immediate], `mov ${pointer[size]} ${text}, ${hex(fitting)}`);
  }

  #withRegister({ does, size, at }: MemoryAccess): void {
    const { text, bytes } = this.#memory(at);
    const operands = does === 'load' ? `${base[size]}, ${text}` : `${text}, ${base[size]}`;
    const name = does === 'load' || does === 'store' ? 'mov' : does;
    this.#sized(size, opcodes[does], bytes(ebx), `${name} ${operands}`);
  }

  #source(address: number): void {
    this.#value('esi', this.#withinSegment('ds', address));
  }

  #destination(address: number): void {
    this.#value('edi', this.#withinSegment('es', address));
  }

  /** The text of an operand in memory, and its bytes together with the number of a register. */
  #memory(address: number): { readonly text: string; bytes(register: number): number[] } {
    const within = this.#withinSegment('ds', address);
    const modes = { 16: [0x06], 32: [0x05], 64: [0x04, 0x25] } as const;
    const [modrm, ...sib] = modes[this.#bits];
    const displacement = little(within, this.#bits === 16 ? 2 : 4);
    return { text: `[${hex(within)}]`, bytes: (register) => [modrm | (register << 3), ...sib, ...displacement] };
  }

  /**
   * Returns the offset of an address within a segment. In real mode a segment covers 64 KiB, so this function first sets the
   * segment register. In the other modes a segment covers all of memory.
   */
  #withinSegment(segment: 'ds' | 'es', address: number): number {
    if (this.#bits !== 16) return address;
    const selector = (address >> 16) << 12;
    this.#line(selector === 0 ? [0x6a, 0] : [0x68, ...little(selector, 2)], `push ${hex(selector)}`);
    this.#line([segment === 'ds' ? 0x1f : 0x07], `pop ${segment}`);
    return address & 0xffff;
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => (value >>> (8 * index)) & 0xff);
}
