/** Helpers for tests with real vCPUs: the device, Workers that use the built runtime, and child processes. */

import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { addon } from '../../runtime/addon.js';
import { type GuestMemoryHandle, KvmBusyError, kick, type VcpuHandle } from '../../runtime/index.js';
import { type Bindings, Kvm, type Mechanism, Vcpu, type VcpuOptions, type Vm } from '../../runtime/x86_64.js';
import { type Guest, type Loaded, places } from '../../tools/guests/index.js';
import { type Outcome, runOutcome } from '../../tools/lib/outcome.js';
import { until, watchdogMs, within } from '../../tools/lib/timeouts.js';
import { canOpen } from './can-open.js';
import { temporaryFolder } from './cli.js';

export { canOpen, type Outcome, until, watchdogMs, within };

/** Part of the name of each suite that needs the device. */
export const needsKvm = '(needs a /dev/kvm that opens)';

export const hasKvm: boolean = canOpen('/dev/kvm');

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

export const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];

/** Bindings with a wrong offset of `immediate_exit`, so that the runtime never sets the real one. */
export const wrongAboutFlag: Bindings = {
  ...bindings,
  KvmRun: class extends bindings.KvmRun {
    static override readonly $layout = {
      ...bindings.KvmRun.$layout,
      members: { ...bindings.KvmRun.$layout.members, immediate_exit: bindings.KvmRun.$layout.members.padding1 },
    } as never;
  },
} as unknown as Bindings;

/** Creates a VM. The caller closes it with `using`. */
export function createVm(of: Bindings = bindings): Vm {
  using kvm = Kvm.open({ bindings: of });
  return kvm.createVm();
}

/** A guest in a VM of its own. `using` closes all objects of the machine. */
export interface Machine extends Loaded {
  readonly vm: Vm;
}

/** Loads a guest into a new VM. `prepare` is called before the VM has a vCPU. */
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

/** Runs a guest for this many exits, and returns the text that the guest writes to its port. */
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
export const run = ({ vcpu }: Loaded, timeout: number = watchdogMs): Outcome => runOutcome(vcpu, { timeout });

/** The error that a call throws, or undefined. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The counter of a guest that spins. */
export const counterOf = ({ memory }: Loaded): number => memory.dataView(places.data, 4).getUint32(0, true);

/** Waits until the counter of the guest changes. Any thread may run the guest. */
export async function untilCounting(machine: Loaded): Promise<void> {
  const before = counterOf(machine);
  await until(() => counterOf(machine) !== before, 'the guest counts');
}

/** The jobs of `vcpu-worker.mjs`, each with its argument and its answer. */
export interface Jobs {
  /** Runs a vCPU this many times. Afterwards the Worker closes its handle. */
  run: [{ vcpu: VcpuHandle; times?: number; timeout?: number; runId?: number }, Outcome[]];
  /** Waits until the u32 at an address of the memory changes, then does actions with the running vCPU. */
  meddle: [{ vcpu: VcpuHandle; memory: GuestMemoryHandle; counterAt: number; actions: Action[] }, string[]];
  kick: [{ vcpu: VcpuHandle }, boolean];
  writeMemory: [{ memory: GuestMemoryHandle; at: number; bytes: number[] }, number[]];
  /** Writes `io.data_offset` of `struct kvm_run` again and again, until word 0 is set. Word 1 is set when it has begun. */
  scribble: [{ vcpu: VcpuHandle; values: readonly bigint[]; words: Int32Array }, number];
  threadId: [null, number];
}

type Action = 'run' | 'getRegs' | 'ioctl' | 'close' | 'kick';

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A Worker that uses the built runtime. */
export class Helper implements AsyncDisposable {
  readonly #worker = new Worker(new URL('vcpu-worker.mjs', import.meta.url));
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #vcpus = new Set<VcpuHandle>();
  #number = 0;

  private constructor() {
    this.#worker.on('message', (answer: Answer) => this.#waiting.get(answer.number)?.(answer));
    this.#worker.on('error', ({ message: error }) => {
      for (const [number, settle] of this.#waiting) settle({ number, error });
    });
  }

  /** Starts the Worker, and waits until it accepts messages. */
  static async start(): Promise<Helper> {
    const helper = new Helper();
    await helper.do('threadId', null);
    return helper;
  }

  /** Has the Worker do a job. The message is sent when this returns, even if this thread blocks afterwards. */
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

  /** Ends the Worker with `terminate`. */
  async terminate(): Promise<void> {
    await within(this.#worker.terminate(), 'the end of the Worker');
  }

  /** Ends the Worker, even during a run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#worker.terminate();
    for (const vcpu of this.#vcpus) kick(vcpu);
    await within(ended, 'the end of the Worker');
  }
}

/** The URL of a module of `programs/`, for a `VcpuThread`. */
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

/** Runs a script in a new process, and returns the JSON that the script prints. `name` is a name in `scripts/`, or a URL. */
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
  /** A command that starts Node with other settings, such as `['env', '--block-signal=63']`. */
  readonly before?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A mapping of this process, as /proc/self/smaps describes it. The kernel merges neighbouring mappings of the same kind. */
export interface ProcessMapping {
  readonly memory: boolean;
  /** The flags in the kernel's abbreviations: `dc` is MADV_DONTFORK. */
  readonly flags: readonly string[];
}

/** The mapping at an address of this process, or null. */
export function mappingAt(address: bigint): ProcessMapping | null {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  for (const text of mappings) {
    const [, from, to, permissions] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(text) ?? [];
    if (BigInt(`0x${from}`) > address || address >= BigInt(`0x${to}`)) continue;
    const flags = /^VmFlags: (.*?) *$/m.exec(text)?.[1]?.split(' ') ?? [];
    return { memory: permissions !== '---p', flags };
  }
  return null;
}

/**
 * The size in bytes of the pages at an address that are in this process now. The kernel merges neighbours of the same kind to one
 * mapping, so the size of the mapping's pages does not say this.
 */
export function residentBytes(address: bigint, size: number): number {
  const pageSize = addon().PAGE_SIZE;
  const entryBytes = 8;
  const entries = new BigUint64Array(size / pageSize);
  const file = openSync('/proc/self/pagemap', 'r');
  try {
    const position = Number(address / BigInt(pageSize)) * entryBytes;
    const read = readSync(file, new Uint8Array(entries.buffer), 0, entries.byteLength, position);
    if (read !== entries.byteLength) throw new Error(`/proc/self/pagemap has ${read} of ${entries.byteLength} bytes`);
  } finally {
    closeSync(file);
  }
  // See Documentation/admin-guide/mm/pagemap.rst.
  const isPresent = 1n << 63n;
  return entries.filter((entry) => (entry & isPresent) !== 0n).length * pageSize;
}

/** Whether this process has memory at an address. */
export const isMemory = (address: bigint): boolean => mappingAt(address)?.memory ?? false;

/** Runs a script under a profiler, whose signals arrive all the time. */
export function runProfiled<T>(name: string, env: ScriptOptions['env'] = {}): Promise<T> {
  const flags = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', temporaryFolder()];
  return runScript(name, { flags, env });
}

/** Whether another thread runs the vCPU. */
export function isBusy(vcpu: VcpuHandle): boolean {
  try {
    Vcpu.attach(vcpu).close();
    return false;
  } catch (error) {
    if (error instanceof KvmBusyError) return true;
    throw error;
  }
}

/** The number of open file descriptors of this process. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
