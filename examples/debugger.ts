/** A debugger for a guest in real mode: single steps, breakpoints, and the registers that each step changes. */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { GuestMemory } from 'kvm-uapi';
import { enterRealMode, Kvm } from 'kvm-uapi/x86_64';
import {
  X86_EFLAGS_AF,
  X86_EFLAGS_CF,
  X86_EFLAGS_OF,
  X86_EFLAGS_PF,
  X86_EFLAGS_SF,
  X86_EFLAGS_ZF,
} from 'kvm-uapi/x86_64/asm/processor-flags';
import { KVM_EXIT_DEBUG, KVM_EXIT_HLT, KVM_EXIT_IO } from 'kvm-uapi/x86_64/linux/kvm';
import { readOptions } from './lib/command.js';

const commands = `
step [N]               runs N instructions, by default 1, and shows the registers that each changes
continue               runs to the next breakpoint
break ADDRESS          sets a breakpoint
delete ADDRESS         removes a breakpoint
registers              shows all registers
memory ADDRESS [N]     shows N bytes, by default 16
quit                   ends the guest
`;
const { file, breakpoints: kind } = readOptions(
  `Debugs a guest in real mode. Commands are read from the standard input; their first letter is enough.\n${commands}`,
  {
    file: { description: 'a file with machine code for 0x1000; by default a program of ours', default: '' },
    breakpoints: {
      description: "'hardware': the processor watches up to four; 'step': after each step",
      default: 'step',
    },
  },
);

// Fibonacci numbers: ax and bx are two neighbours, and cx counts down.
const fibonacci = Uint8Array.from([
  ...[0xb9, 0x0a, 0x00], // 1000  mov cx, 10
  ...[0xb8, 0x00, 0x00], // 1003  mov ax, 0
  ...[0xbb, 0x01, 0x00], // 1006  mov bx, 1
  ...[0x01, 0xd8], //       1009  next: add ax, bx
  ...[0x93], //             100b  xchg ax, bx
  ...[0xe2, 0xfb], //       100c  loop next
  ...[0xa3, 0x00, 0x20], // 100e  mov [0x2000], ax
  ...[0xf4], //             1011  hlt
]);

const entry = 0x1000;
using kvm = Kvm.open();
using vm = kvm.createVm();
using memory = GuestMemory.create(0x1_0000);
vm.addMemory({ memory, guestAddress: 0 });
memory.write(entry, file === '' ? fibonacci : readFileSync(file));
using vcpu = vm.createVcpu();
enterRealMode(vcpu, { entry });

const flagNames = [
  ['carry', X86_EFLAGS_CF],
  ['parity', X86_EFLAGS_PF],
  ['adjust', X86_EFLAGS_AF],
  ['zero', X86_EFLAGS_ZF],
  ['sign', X86_EFLAGS_SF],
  ['overflow', X86_EFLAGS_OF],
] as const;
const names = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip'] as const;
const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** The registers as text. Of the flags, only those that arithmetic sets are shown. */
function registers(): Map<string, string> {
  const regs = vcpu.getRegs();
  const flags = flagNames.flatMap(([name, bit]) => ((regs.rflags & BigInt(bit)) === 0n ? [] : [name]));
  return new Map([...names.map((name) => [name, hex(regs[name])] as const), ['flags', flags.join(' ') || 'none']]);
}

let last = registers();
let hasHalted = false;

/** Shows what has changed since the last call. */
function showChanges(): void {
  const now = registers();
  const changed = [...now].filter(([name, value]) => name !== 'rip' && value !== last.get(name));
  const texts = changed.map(([name, value]) => `${name} ${last.get(name)} -> ${value}`);
  console.log(`${last.get('rip')?.padEnd(8)}${texts.join(', ') || 'no register changed'}`);
  last = now;
}

/** Runs until the processor stops for the debugger. Returns false if the guest halts before. */
function run(): boolean {
  for (;;) {
    const exit = vcpu.run({ interruptOnProcessSignal: true });
    switch (exit.reason) {
      case KVM_EXIT_DEBUG:
        return true;
      case KVM_EXIT_HLT:
        hasHalted = true;
        console.log('the guest halted');
        return false;
      case KVM_EXIT_IO:
        console.log(`port ${hex(exit.io.port)}: ${inspect(exit.data.bytes())}`);
        break;
      case 'interrupted':
        console.log('interrupted');
        return true;
      default:
        throw new Error(`unexpected: ${inspect(exit)}`);
    }
  }
}

function step(): boolean {
  vcpu.setGuestDebug({ singleStep: true });
  return run();
}

const breakpoints = new Set<number>();

const isAtBreakpoint = (): boolean => breakpoints.has(Number(vcpu.getRegs().rip));

/**
 * Runs to a breakpoint. The first instruction is a single step, because it may have a breakpoint itself. With breakpoints of the
 * processor, the guest then runs at its full speed. Emulators of processors may not have them, so they are not the default.
 */
function proceed(): void {
  let isStopped = step();
  if (kind === 'hardware' && isStopped && !isAtBreakpoint()) {
    vcpu.setGuestDebug({ hardwareBreakpoints: [...breakpoints].map((address) => ({ address })) });
    isStopped = run();
  }
  while (kind !== 'hardware' && isStopped && !isAtBreakpoint()) isStopped = step();
  if (!isStopped) return;
  last = registers();
  console.log(`stopped at ${last.get('rip')}`);
}

/** Reads a number of a command, such as 0x1009 or 10. */
function numberOf(text: string | undefined, otherwise?: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (number === undefined || !Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`${text ?? 'nothing'}: expected a number, such as 0x1009`);
  }
  return number;
}

function showMemory(address: number, length: number): void {
  const bytes = memory.read(address, length);
  const texts = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  for (let row = 0; row < length; row += 16) {
    console.log(`${hex(address + row).padEnd(8)}${texts.slice(row, row + 16).join(' ')}`);
  }
}

/** Does what a command says. Returns false for `quit`. */
function execute(command: string, first?: string, second?: string): boolean {
  switch (command.at(0)) {
    case undefined:
      break;
    case 's':
    case 'c':
      if (hasHalted) throw new Error('the guest has halted; quit and start again');
      if (command.startsWith('c')) proceed();
      else for (let steps = numberOf(first, 1); steps > 0 && step(); steps--) showChanges();
      break;
    case 'b':
      if (kind === 'hardware' && breakpoints.size === 4) {
        throw new Error('the processor has four breakpoints; delete one first');
      }
      breakpoints.add(numberOf(first));
      break;
    case 'd':
      breakpoints.delete(numberOf(first));
      break;
    case 'r':
      for (const [name, value] of registers()) console.log(`${name.padEnd(8)}${value}`);
      break;
    case 'm':
      showMemory(numberOf(first), numberOf(second, 16));
      break;
    case 'q':
      return false;
    default:
      console.log(commands.trim());
  }
  return true;
}

// A listener makes Ctrl-C interrupt a guest that does not stop.
process.on('SIGINT', () => {});
const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: false, prompt: '(debugger) ' });
if (process.stdin.isTTY) lines.prompt();
for await (const line of lines) {
  const [command = '', ...rest] = line.trim().split(/\s+/);
  try {
    if (!execute(command, ...rest)) break;
  } catch (error) {
    console.log((error as Error).message);
  }
  if (process.stdin.isTTY) lines.prompt();
}
