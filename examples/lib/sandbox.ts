/**
 * A sandbox: a virtual machine that runs one program in ring 3, and nothing else. The first 2 MiB of its memory belong to the
 * sandbox: the tables of the processor. The program gets the rest. Its first page has two calls: `write(text, length)` and
 * `exit(status)`. There is no operating system in the machine: an exception ends the program.
 */

import { inspect } from 'node:util';
import { GuestMemory } from 'kvm-uapi';
import { enterLongMode, type Kvm, type Vcpu } from 'kvm-uapi/x86_64';
import { X86_EFLAGS_FIXED, X86_EFLAGS_IOPL } from 'kvm-uapi/x86_64/asm/processor-flags';
import { KVM_EXIT_IO, KVM_EXIT_IO_OUT, PF_VECTOR } from 'kvm-uapi/x86_64/linux/kvm';
import type { Program } from './elf.js';

/** How a program has ended. */
export type Ending =
  | { readonly reason: 'exit'; readonly status: number }
  | { readonly reason: 'time limit' | 'memory limit' | 'output limit' }
  | { readonly reason: 'forbidden address'; readonly address: bigint }
  | { readonly reason: 'forbidden port'; readonly port: number }
  | { readonly reason: 'exception'; readonly vector: number };

export interface Limits {
  /** A multiple of 2 MiB, with the 2 MiB of the sandbox. */
  readonly memoryBytes: number;
  readonly milliseconds: number;
  readonly outputBytes: number;
}

const ownBytes = 0x20_0000;
/** The addresses of the two calls, and of the first byte for the program. */
export const calls: { readonly write: number; readonly exit: number } = { write: ownBytes, exit: ownBytes + 0x10 };
export const programStart: number = ownBytes + 0x1000;

/** The ports of the calls. The guest has no other port. */
const ports = { write: 0x510, exit: 0x511 } as const;
/** An exception with the number N writes to the port `exception` + N. */
const exception = 0x80;
const exceptions = 32;

/** What the sandbox has in its 2 MiB. `enterLongMode` puts the descriptor table at 0x500. */
const own = { interruptTable: 0x2000, handlers: 0x3000, taskState: 0x4000, stack: 0x8000, pageTables: 0x9000 } as const;
/** The task state has 0x68 bytes. A bitmap for 65536 ports follows, and one more byte. */
const taskStateBytes = 0x68;
const taskStateLimit = taskStateBytes + 0x2000;

/** A gate leads from an exception to its handler in ring 0: AMD64 manual, volume 2, section 4.8.4. */
const gate = { selector: 0x10, presentInterruptGate: 0x8e } as const;

/** Writes the tables and handlers of the sandbox. */
function prepare(vcpu: Vcpu, memory: GuestMemory, { entry }: Program, memoryBytes: number): void {
  const { pageTables: tables, interruptTable, handlers, taskState, stack } = own;
  // Pages of 2 MiB map all memory to itself, and the program may use them. Addresses after the memory are not mapped.
  enterLongMode(vcpu, memory, { entry, stack: memoryBytes, tables, mapped: memoryBytes, user: true });
  // The third table maps the memory. Without the bit for users (4) in its first entry, the first 2 MiB are ours alone.
  const [directory] = [tables + 2 * 0x1000];
  memory.bytes(directory, 1)[0] = 0x83;
  for (let vector = 0; vector < exceptions; vector++) {
    const handler = handlers + 4 * vector;
    memory.write(handler, Uint8Array.of(0xe6, exception + vector, 0xeb, 0xfe)); // out N, al;  wait: jmp wait
    const view = memory.dataView(interruptTable + 16 * vector, 16);
    view.setUint16(0, handler, true);
    view.setUint16(2, gate.selector, true);
    view.setUint8(5, gate.presentInterruptGate);
  }
  // The stack of ring 0, and where the bitmap begins. Its zeros permit all ports, so that every access is an exit for us to judge.
  memory.dataView(taskState + 4, 8).setBigUint64(0, BigInt(stack), true);
  memory.dataView(taskState + 0x66, 2).setUint16(0, taskStateBytes, true);
  vcpu.setSregs({
    idt: { base: BigInt(interruptTable), limit: 16 * exceptions - 1 },
    tr: { base: BigInt(taskState), limit: taskStateLimit, selector: 0x30 },
  });
  // Some KVMs look at these flags and not at the bitmap.
  vcpu.setRegs({ rflags: X86_EFLAGS_FIXED | X86_EFLAGS_IOPL });
  memory.write(calls.write, Uint8Array.of(0x66, 0xba, ports.write & 0xff, ports.write >> 8, 0xee, 0xc3)); // mov dx, write;  out dx, al;  ret
  memory.write(calls.exit, Uint8Array.of(0x66, 0xba, ports.exit & 0xff, ports.exit >> 8, 0xee, 0xc3));
}

/** Copies the program into its memory. @throws RangeError if the program does not fit. */
function load(memory: GuestMemory, { entry, segments }: Program): void {
  for (const { address, size, bytes } of [{ address: entry, size: 1, bytes: new Uint8Array() }, ...segments]) {
    if (address >= programStart && address + size <= memory.size) memory.write(address, bytes);
    else {
      const range = `0x${programStart.toString(16)} to 0x${memory.size.toString(16)}`;
      throw new RangeError(`the program needs 0x${address.toString(16)}, ${size} bytes; its memory is ${range}`);
    }
  }
}

/**
 * Runs a program to its end. It cannot do more than compute, call `write` and end.
 *
 * @param write gets what the program writes.
 * @param started is called before the program's first instruction.
 * @throws RangeError if the program does not fit into the memory.
 */
export function runSandboxed(
  kvm: Kvm,
  program: Program,
  { memoryBytes, milliseconds, outputBytes }: Limits,
  write: (bytes: Uint8Array) => void,
  started: () => void = () => {},
): Ending {
  using vm = kvm.createVm();
  using memory = GuestMemory.create(memoryBytes);
  vm.addMemory({ memory, guestAddress: 0 });
  load(memory, program);
  using vcpu = vm.createVcpu();
  prepare(vcpu, memory, program, memoryBytes);
  started();
  const end = performance.now() + milliseconds;
  let written = 0;
  for (;;) {
    const result = vcpu.run({ timeout: end - performance.now() });
    if (result.reason === 'interrupted') return { reason: 'time limit' };
    if (result.reason !== KVM_EXIT_IO) throw new Error(`unexpected: ${inspect(result)}`);
    const { port, direction } = result.io;
    const isFromProgram = (vcpu.getSregs().cs.selector & 3) === 3;
    if (!isFromProgram) return endingOf(port - exception, vcpu, memoryBytes);
    if (direction !== KVM_EXIT_IO_OUT || (port !== ports.write && port !== ports.exit)) {
      return { reason: 'forbidden port', port };
    }
    const { rdi, rsi } = vcpu.getRegs();
    if (port === ports.exit) return { reason: 'exit', status: Number(rdi & 0xffn) };
    // Both numbers are the program's. They are compared as they are, before any addition could wrap.
    if (rdi < BigInt(ownBytes) || rdi > memoryBytes) return { reason: 'forbidden address', address: rdi };
    if (rsi > BigInt(memoryBytes) - rdi) return { reason: 'forbidden address', address: BigInt(memoryBytes) };
    written += Number(rsi);
    if (written > outputBytes) return { reason: 'output limit' };
    write(memory.read(Number(rdi), Number(rsi)));
  }
}

/** What an exception says about the program. */
function endingOf(vector: number, vcpu: Vcpu, memoryBytes: number): Ending {
  if (vector !== PF_VECTOR) return { reason: 'exception', vector };
  const address = vcpu.getSregs().cr2;
  // A program that needs more memory goes on after the end of its memory.
  const isNext = address >= memoryBytes && address < memoryBytes + ownBytes;
  return isNext ? { reason: 'memory limit' } : { reason: 'forbidden address', address };
}
