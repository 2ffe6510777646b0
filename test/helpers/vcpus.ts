/** What the tests with real vCPUs share: the device, Workers that use the built runtime, and child processes. */

import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import {
  type Bindings,
  type GuestMemoryHandle,
  Kvm,
  KvmBusyError,
  kick,
  type Mechanism,
  type SharedVcpu,
  Vcpu,
  type VcpuOptions,
  type Vm,
} from '../../runtime/index.js';
import { type Guest, type Loaded, places } from '../../tools/guests/index.js';
import { type Outcome, runOutcome } from '../../tools/lib/outcome.js';
import { until, watchdogMs, within } from '../../tools/lib/patience.js';
import { temporaryFolder } from './cli.js';

export { type Outcome, until, watchdogMs, within };

/** What a suite is called that cannot do without the device. */
export const needsKvm = '(needs a /dev/kvm that opens)';

export const hasKvm: boolean = canOpen('/dev/kvm');

export function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

export const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];

/** The bindings of a header that is wrong about where `immediate_exit` is: the runtime leaves the real one alone. */
export const wrongAboutFlag: Bindings = {
  ...bindings,
  KvmRun: class extends bindings.KvmRun {
    static override readonly $layout = {
      ...bindings.KvmRun.$layout,
      members: { ...bindings.KvmRun.$layout.members, immediate_exit: bindings.KvmRun.$layout.members.padding1 },
    } as never;
  },
} as unknown as Bindings;

/** A VM of its own, which ends with its scope. */
export function createVm(of: Bindings = bindings): Vm {
  using kvm = Kvm.open({ bindings: of });
  return kvm.createVm();
}

/** A guest in a VM of its own; all of it ends with its scope. */
export interface Machine extends Loaded {
  readonly vm: Vm;
}

/** With `prepare` the VM is made ready before it has a vCPU. */
export function load(
  guest: Guest,
  options?: VcpuOptions,
  of: Bindings = bindings,
  prepare: (vm: Vm) => unknown = () => {},
): Machine {
  const vm = createVm(of);
  prepare(vm);
  const loaded = guest.load(vm, options);
  const close = (): void => {
    loaded[Symbol.dispose]();
    vm.close();
  };
  return { vm, ...loaded, [Symbol.dispose]: close };
}

/** What a guest sends to its port in so many exits. */
export function sent(machine: Loaded, exits: number): string {
  const { kvmRun, shared } = machine.vcpu;
  return Array.from({ length: exits }, () => {
    const outcome = run(machine);
    if (outcome !== `exit ${bindings.KVM_EXIT_IO}`) throw new Error(outcome);
    return String.fromCharCode(shared.getUint8(kvmRun.io.$data_offset));
  }).join('');
}

/** A guest whose VM has its interrupt controller in the kernel. */
export function loadWithIrqchip(guest: Guest): Machine {
  return load(guest, {}, bindings, (vm) => vm.ioctl(bindings.KVM_CREATE_IRQCHIP));
}

/** Runs once, with a watchdog: a test that loses a kick fails with `interrupted by timeout`. */
export const run = ({ vcpu }: Loaded, timeoutMs: number = watchdogMs): Outcome => runOutcome(vcpu, { timeoutMs });

/** What a call throws, or undefined. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What a guest that spins counts in. */
export const counterOf = ({ memory }: Loaded): number => memory.dataView(places.data, 4).getUint32(0, true);

/** Waits until the guest gets on, in whatever thread it runs. */
export async function untilCounting(machine: Loaded): Promise<void> {
  const before = counterOf(machine);
  await until(() => counterOf(machine) !== before, 'the guest counts');
}

/** The jobs of `worker.mjs`, each with its argument and its answer. */
export interface Jobs {
  /** Runs a vCPU, so many times; afterwards the Worker lets go of it. */
  run: [{ vcpu: SharedVcpu; times?: number; timeoutMs?: number; number?: number }, Outcome[]];
  /** Waits until the u32 at an address of the memory changes, then does actions with the running vCPU. */
  meddle: [{ vcpu: SharedVcpu; memory: GuestMemoryHandle; counterAt: number; actions: Action[] }, string[]];
  kick: [{ vcpu: SharedVcpu }, boolean];
  writeMemory: [{ memory: GuestMemoryHandle; at: number; bytes: number[] }, number[]];
  /** Writes `io.data_offset` of `struct kvm_run` again and again, until word 0 is set. Word 1 is set when it has begun. */
  scribble: [{ vcpu: SharedVcpu; values: readonly bigint[]; words: Int32Array }, number];
  threadId: [null, number];
}

export type Action = 'run' | 'getRegs' | 'ioctl' | 'close' | 'kick';

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A Worker that uses the runtime as it is built. */
export class Helper implements AsyncDisposable {
  readonly #worker = new Worker(new URL('worker.mjs', import.meta.url));
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #vcpus = new Set<SharedVcpu>();
  #number = 0;

  private constructor() {
    this.#worker.on('message', (answer: Answer) => this.#waiting.get(answer.number)?.(answer));
    this.#worker.on('error', ({ message: error }) => {
      for (const [number, settle] of this.#waiting) settle({ number, error });
    });
  }

  /** Starts it, and waits until it listens. */
  static async start(): Promise<Helper> {
    const helper = new Helper();
    await helper.do('threadId', null);
    return helper;
  }

  /** Has it do something. The order is on its way when this returns, even if this thread then blocks. */
  do<Name extends keyof Jobs>(job: Name, argument: Jobs[Name][0]): Promise<Jobs[Name][1]> {
    const number = ++this.#number;
    if (argument !== null && 'vcpu' in argument) this.#vcpus.add(argument.vcpu);
    const answered = new Promise<Jobs[Name][1]>((resolve, reject) => {
      this.#waiting.set(number, ({ value, error }) => {
        this.#waiting.delete(number);
        if (error === undefined) resolve(value as Jobs[Name][1]);
        else reject(new Error(`${job} in the Worker: ${error}`));
      });
    });
    this.#worker.postMessage({ number, job, argument });
    return within(answered, `the Worker's answer to '${job}'`);
  }

  /** Ends the Worker as Node does it. */
  async terminate(): Promise<void> {
    await within(this.#worker.terminate(), 'the end of the Worker');
  }

  /** Ends the Worker, out of whatever run it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#worker.terminate();
    for (const vcpu of this.#vcpus) kick(vcpu);
    await within(ended, 'the end of the Worker');
  }
}

/** A module of `programs/`, for a `VcpuThread`. */
export const program = (name: string): URL => new URL(`programs/${name}.mjs`, import.meta.url);

/** The words in which the program `serve` counts its calls. */
export class Served {
  readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));

  get exits(): number {
    return Atomics.load(this.words, 0);
  }

  get kicks(): number {
    return Atomics.load(this.words, 1);
  }

  release(): void {
    Atomics.store(this.words, 2, 1);
    Atomics.notify(this.words, 2);
  }
}

/** What a script prints as JSON, in a process of its own: one of `scripts/` by name, or one that is elsewhere. */
export async function runScript<T>(
  name: string | URL,
  { before = [], flags = [], env = {} }: ScriptOptions = {},
): Promise<T> {
  const script = fileURLToPath(typeof name === 'string' ? new URL(`scripts/${name}.mjs`, import.meta.url) : name);
  const [command = process.execPath, ...rest] = [...before, process.execPath, ...flags, script];
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const options = {
    cwd: projectRoot,
    env: { ...inherited, ...env },
    timeout: watchdogMs,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise((resolve, reject) => {
    execFile(command, rest, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name}: ${error.message}\n${stdout}${stderr}`));
      else resolve(JSON.parse(stdout) as T);
    });
  });
}

export interface ScriptOptions {
  /** A command that starts node in another state: `['env', '--block-signal=63']`. */
  readonly before?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What the kernel says of what is mapped at an address of this process; null where nothing is. */
export function mappingAt(address: bigint): { memory: boolean; residentKiB: number } | null {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  for (const text of mappings) {
    const [, from, to, permissions] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(text) ?? [];
    if (BigInt(`0x${from}`) > address || address >= BigInt(`0x${to}`)) continue;
    return { memory: permissions !== '---p', residentKiB: Number(/^Rss: +(\d+)/m.exec(text)?.[1]) };
  }
  return null;
}

/** Whether there is memory at an address of this process. */
export const isMemory = (address: bigint): boolean => mappingAt(address)?.memory ?? false;

/** The same under a profiler, whose signals come all the time. */
export function runProfiled<T>(name: string, env: ScriptOptions['env'] = {}): Promise<T> {
  const flags = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', temporaryFolder()];
  return runScript(name, { flags, env });
}

/** Whether a thread is in a run of the vCPU, or another ioctl. */
export function isBusy(vcpu: SharedVcpu): boolean {
  try {
    Vcpu.attach(vcpu).close();
    return false;
  } catch (error) {
    if (error instanceof KvmBusyError) return true;
    throw error;
  }
}

/** How many file descriptors this process has open. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
