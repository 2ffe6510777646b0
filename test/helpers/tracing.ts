/**
 * Runs the same machine with the library and with tools/oracle/native/trace.c. Both print each exit on a line. Both use this
 * description of the machine, and the same answers of its devices.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { ArrayView, allocate, bytesOf, U8Array, type View } from '../../support/index.js';
import { type Guest, places } from '../../tools/guests/index.js';
import { load, type Machine, projectRoot, watchdogMs } from './vcpus.js';

/** How to run a machine. */
export interface Course {
  /** The seed of the answers of the devices. It is not 0. */
  readonly seed?: number;
  readonly mostExits?: number;
  /** Whether to complete the operation of each exit, and to print the registers, before the guest goes on. */
  readonly completes?: boolean;
  /** The argument of KVM_SET_GUEST_DEBUG. */
  readonly debug?: number;
  /** The argument of KVM_CAP_X86_USER_SPACE_MSR, and whether MSR accesses fail. */
  readonly msrReasons?: number;
  readonly msrError?: boolean;
  /** The number of interrupts for the guest, and their vector. Each is delivered as soon as the guest accepts it. */
  readonly interrupts?: number;
  readonly vector?: number;
}

export interface Traces {
  readonly library: readonly string[];
  readonly c: readonly string[];
}

/** A page that the guest cannot write to: its write is MMIO. */
export const readOnlyPage = 0xc000;

const slots = [
  { guestAddress: 0, offset: 0, length: readOnlyPage, flags: 0 },
  { guestAddress: readOnlyPage, offset: readOnlyPage, length: 0x1000, flags: kvm.KVM_MEM_READONLY },
  {
    guestAddress: readOnlyPage + 0x1000,
    offset: readOnlyPage + 0x1000,
    length: places.end - readOnlyPage - 0x1000,
    flags: 0,
  },
];

export function trace(guest: Guest, course: Course): Traces {
  const required: Required<Course> = {
    seed: 1,
    mostExits: 100,
    completes: false,
    debug: 0,
    msrReasons: 0,
    msrError: false,
    interrupts: 0,
    vector: 0,
    ...course,
  };
  using machine = load(guest);
  machine.vm.removeMemory(0);
  for (const slot of slots) machine.vm.addMemory({ memory: machine.memory, ...slot });
  // The C program runs first, before the library changes the machine.
  const c = byC(machine, required);
  return { library: new ByLibrary(machine, required).trace(), c };
}

/** Builds tools/oracle/native/trace.c if the program is missing or old. */
export function buildTrace(): void {
  execute('make', ['-s', '-C', join(projectRoot, 'runtime/native'), 'trace']);
}

function byC({ vcpu, memory }: Machine, course: Required<Course>): string[] {
  const { seed, mostExits, completes, debug, msrReasons, msrError, interrupts, vector } = course;
  const words = [
    seed,
    mostExits,
    completes,
    debug,
    msrReasons,
    msrError,
    interrupts,
    vector,
    slots.length,
    memory.size,
  ];
  const ofSlots = slots.flatMap(({ guestAddress, offset, length, flags }) => [guestAddress, offset, length, flags]);
  const description = [
    new BigUint64Array([...words, ...ofSlots].map(BigInt)),
    bytesOf(vcpu.getSregs()),
    bytesOf(vcpu.getRegs()),
    memory.bytes(0, memory.size),
  ].map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  return execute(join(projectRoot, 'build/trace'), [], Buffer.concat(description)).trimEnd().split('\n');
}

function execute(command: string, rest: readonly string[], input = Buffer.alloc(0)): string {
  // This program must not run with a preloaded sanitizer.
  const { LD_PRELOAD: _, ...env } = process.env;
  const options = { input, env, encoding: 'utf8', timeout: watchdogMs, killSignal: 'SIGKILL' } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(command, rest, options);
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? signal ?? status}\n${stdout}${stderr}`);
  return stdout;
}

/** Does the same as tools/oracle/native/trace.c, function by function. */
class ByLibrary {
  readonly #lines: string[] = [];
  readonly #machine: Machine;
  readonly #course: Required<Course>;
  #random: number;
  #interrupts: number;
  #exits = 0;
  #atEnd = false;
  #before = '';

  constructor(machine: Machine, course: Required<Course>) {
    this.#machine = machine;
    this.#course = course;
    this.#random = course.seed;
    this.#interrupts = course.interrupts;
    const { vm, vcpu } = machine;
    if (course.msrReasons !== 0) {
      const enable = allocate(kvm.KvmEnableCap);
      enable.cap = kvm.KVM_CAP_X86_USER_SPACE_MSR;
      enable.args.set(0, BigInt(course.msrReasons));
      vm.ioctl(kvm.KVM_ENABLE_CAP, enable);
    }
    if (course.debug !== 0) {
      const debug = allocate(kvm.KvmGuestDebug);
      debug.control = course.debug;
      vcpu.ioctl(kvm.KVM_SET_GUEST_DEBUG, debug);
    }
    vcpu.kvmRun.request_interrupt_window = course.interrupts > 0 ? 1 : 0;
  }

  trace(): readonly string[] {
    const { vcpu, memory } = this.#machine;
    while (!this.#atEnd && this.#exits < this.#course.mostExits) {
      const result = vcpu.run({ timeout: watchdogMs });
      if (result.reason === 'interrupted') throw new Error(`interrupted by ${result.cause}`);
      this.#serve();
      if (!this.#course.completes) continue;
      this.#complete();
      this.#lines.push(...membersOf('regs', vcpu.getRegs()));
    }
    this.#complete();
    this.#lines.push(...membersOf('regs', vcpu.getRegs()), ...membersOf('sregs', vcpu.getSregs()));
    return [...this.#lines, `memory ${hex(fnv1a(memory.bytes(0, memory.size)))}`];
  }

  #complete(): void {
    this.#before = 'further: ';
    this.#machine.vcpu.completeExit(() => this.#serve());
    this.#before = '';
  }

  #serve(): void {
    this.#exits++;
    const { flags, if_flag, ready_for_interrupt_injection: ready, cr8, apic_base } = this.#machine.vcpu.kvmRun;
    const state = `flags ${hex(flags)}, if ${if_flag}, ready ${ready}, cr8 ${hex(cr8)}, apic base ${hex(apic_base)}`;
    this.#lines.push(`${this.#before}${state}: ${this.#exit()}`);
  }

  /** Describes an exit, and answers it. */
  #exit(): string {
    const { vcpu } = this.#machine;
    const { kvmRun } = vcpu;
    switch (kvmRun.exit_reason) {
      case kvm.KVM_EXIT_IO: {
        const { direction, size, port, count, $data_offset } = kvmRun.io;
        const reads = direction === kvm.KVM_EXIT_IO_IN;
        const data = new U8Array(vcpu.shared, $data_offset, size * count).bytes();
        if (reads) this.#answer(data);
        return `${reads ? 'in' : 'out'} ${hex(port)}, size ${size}, count ${count}, data ${hexOf(data)}`;
      }
      case kvm.KVM_EXIT_MMIO: {
        const { phys_addr, len, is_write, data } = kvmRun.mmio;
        const bytes = data.bytes().subarray(0, len);
        if (!is_write) this.#answer(bytes);
        return `${is_write ? 'write' : 'read'} ${hex(phys_addr)}, size ${len}, data ${hexOf(bytes)}`;
      }
      case kvm.KVM_EXIT_X86_RDMSR:
        return `rdmsr ${this.#msr(true)}`;
      case kvm.KVM_EXIT_X86_WRMSR:
        return `wrmsr ${this.#msr(false)}`;
      case kvm.KVM_EXIT_IRQ_WINDOW_OPEN: {
        const interrupt = allocate(kvm.KvmInterrupt);
        interrupt.irq = this.#course.vector;
        vcpu.ioctl(kvm.KVM_INTERRUPT, interrupt);
        this.#interrupts--;
        kvmRun.request_interrupt_window = this.#interrupts > 0 ? 1 : 0;
        return 'irq window';
      }
      case kvm.KVM_EXIT_DEBUG: {
        const { exception, pc, dr6, dr7 } = kvmRun.debug.arch;
        return `debug ${hex(exception)}, pc ${hex(pc)}, dr6 ${hex(dr6)}, dr7 ${hex(dr7)}`;
      }
      case kvm.KVM_EXIT_HLT:
        this.#atEnd = this.#interrupts === 0;
        return 'hlt';
      case kvm.KVM_EXIT_SHUTDOWN:
        this.#atEnd = true;
        return 'shutdown';
      case kvm.KVM_EXIT_INTERNAL_ERROR:
        this.#atEnd = true;
        return `internal error ${hex(kvmRun.internal.suberror)}`;
      default:
        this.#atEnd = true;
        return `exit ${kvmRun.exit_reason}`;
    }
  }

  #msr(reads: boolean): string {
    const { msr } = this.#machine.vcpu.kvmRun;
    msr.error = this.#course.msrError ? 1 : 0;
    if (reads) {
      const answer = new Uint8Array(8);
      this.#answer(answer);
      msr.data = new DataView(answer.buffer).getBigUint64(0, true);
    }
    return `${hex(msr.index)}, reason ${hex(msr.reason)}, data ${hex(msr.data)}`;
  }

  /** The answers of the devices: xorshift32. */
  #answer(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) {
      this.#random ^= this.#random << 13;
      this.#random ^= this.#random >>> 17;
      this.#random ^= this.#random << 5;
      bytes[index] = this.#random;
    }
  }
}

const hex = (value: number | bigint): string => value.toString(16);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** One line for each member of a view, in the order of C. A member that is a struct has a line for each of its members. */
export function membersOf(of: string, view: View): string[] {
  const { $layout } = view.constructor as unknown as { $layout: { members: object } };
  const values = view as unknown as Record<string, unknown>;
  return Object.keys($layout.members)
    .filter((name) => !name.startsWith('padding'))
    .flatMap((name) => lineOf(`${of}.${name}`, values[name]));
}

function lineOf(name: string, value: unknown): string[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [`${name} ${hex(value)}`];
  if (value instanceof ArrayView) return [...value].flatMap((element, index) => lineOf(`${name}[${index}]`, element));
  return membersOf(name, value as View);
}

function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
