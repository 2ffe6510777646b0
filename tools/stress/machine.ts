/** A VM with a vCPU, and a model of both. The result of each action is compared with the result that the model expects. */

import { KVM_EXIT_HLT, KVM_EXIT_IO } from '../../generated/x86_64/linux/kvm.js';
import { builtModule } from '../../runtime/addon.js';
import { abort, GuestMemory, kick, type VcpuHandle, VcpuThread } from '../../runtime/index.js';
import { type Kvm, Vcpu, type VcpuOptions, type Vm } from '../../runtime/x86_64.js';
import { type Guest, places, realMode, userMode } from '../guests/index.js';
import { type Outcome, outcomeOf, runOutcome } from '../lib/outcome.js';
import { HangError, until, watchdogMs, within } from '../lib/timeouts.js';
import type { Pool, PooledWorker } from './pool.js';
import type { CountingData } from './sequence-program.js';

/** A guest, and its exits up to its end. A guest that spins has no exits. */
export interface Program {
  readonly guest: Guest;
  readonly exits: readonly number[];
}

export const programs: readonly Program[] = [
  { guest: realMode.spin, exits: [] },
  { guest: userMode.spin, exits: [] },
  { guest: realMode.out, exits: [KVM_EXIT_IO, KVM_EXIT_HLT] },
  { guest: realMode.input, exits: [KVM_EXIT_IO, KVM_EXIT_HLT] },
  { guest: realMode.halt, exits: [KVM_EXIT_HLT] },
  { guest: userMode.out, exits: Array(1000).fill(KVM_EXIT_IO) },
];

function same(got: unknown, expected: unknown, what: string): void {
  if (got !== expected) throw new Error(`${what}: got ${got}, expected ${expected}`);
}

/** The other thread that runs the vCPU. */
type Other =
  | {
      readonly kind: 'worker';
      readonly worker: PooledWorker;
      readonly answer: Promise<Outcome>;
      readonly number: number;
    }
  | {
      readonly kind: 'thread';
      readonly thread: VcpuThread;
      readonly finished: Promise<Outcome>;
      readonly controller: AbortController;
      readonly counts: Int32Array;
      /** The guest's counter when the thread was paused. */
      pausedAt: number | null;
    };

const closed = 'KvmClosedError';
const busy = 'KvmBusyError';

export class Machine {
  readonly #program: Program;
  readonly #shared: VcpuHandle;
  readonly #start: bigint;
  /** Another handle of the memory. It reads the counter of the guest when the other handles are closed. */
  readonly #watched: GuestMemory;
  #vm: Vm | null;
  #memory: GuestMemory | null;
  #handles: { readonly vcpu: Vcpu; isOpen: boolean }[];

  // The model
  #other: Other | null = null;
  /** Handles were dropped while they were open. They keep the vCPU until they are collected, which may never happen. */
  #hasDropped = false;
  #isKicked = false;
  /** How many exits the guest has made. */
  #made = 0;
  /** The highest run number, and the highest aborted run number. */
  #number = 0;
  #aborted = 0;

  constructor(kvm: Kvm, program: Program, options: VcpuOptions) {
    this.#program = program;
    this.#vm = kvm.createVm();
    const { vcpu, memory } = program.guest.load(this.#vm, options);
    this.#memory = memory;
    this.#handles = [{ vcpu, isOpen: true }];
    this.#shared = vcpu.share();
    this.#watched = GuestMemory.attach(memory.share());
    this.#start = vcpu.getRegs().rip;
  }

  // The actions. `choice` is any number. It selects a variant of the action.

  run(choice: number): void {
    const { vcpu, isOpen } = this.#handle(choice);
    this.#rewind();
    const number = choice % 2 === 0 ? 0 : this.#number + 1;
    const expected = !isOpen ? closed : this.#isRunning ? busy : this.#outcome(number);
    const timeout = expected === 'interrupted by timeout' ? 10 ** ((choice % 7) - 6) : watchdogMs;
    const options = { timeout, ...(number === 0 ? {} : { runId: number }) };
    const outcome = outcomeOf(() => runOutcome(vcpu, options));
    if (outcome === 'interrupted by timeout' && outcome !== expected)
      throw new HangError(`run: timed out after ${watchdogMs} ms, expected ${expected}`);
    same(outcome, expected, 'run');
  }

  async runInWorker(choice: number, pool: Pool): Promise<void> {
    const worker = pool.free();
    if (worker === undefined || this.#isUncertain) return;
    this.#rewind();
    const number = choice % 2 === 0 ? 0 : this.#number + 1;
    const expected = this.#holders === 0 ? closed : this.#isRunning ? busy : this.#outcome(number);
    // The Worker cannot close its handle while the vCPU is busy, and it does not do so later.
    if (expected === busy) this.#hasDropped = true;
    const isEndless = expected === 'interrupted by timeout' && choice % 3 !== 0;
    const timeout = expected === 'interrupted by timeout' ? { timeout: 1 } : {};
    const options = { ...(isEndless ? {} : timeout), ...(number === 0 ? {} : { runId: number }) };
    const answer = worker.run({ vcpu: this.#shared, options });
    if (isEndless) {
      this.#other = { kind: 'worker', worker, answer, number };
      await this.#untilCounting();
    } else {
      same(await within(answer, 'the run in the Worker'), expected, 'the run in the Worker');
    }
  }

  async startThread(): Promise<void> {
    const handle = this.#handles.find(({ isOpen }) => isOpen);
    if (handle === undefined || this.#paused !== null) return;
    this.#rewind();
    const left = Math.min(3, this.#program.exits.length - this.#made);
    const controller = new AbortController();
    const counts = new Int32Array(new SharedArrayBuffer(8));
    const data: CountingData = { counts, exits: left };
    const program = builtModule('tools/stress/sequence-program');
    const thread = VcpuThread.start(handle.vcpu, program, { data, signal: controller.signal });
    const finished = thread.finished.then(
      () => 'done',
      (error: Error) => error.name,
    );
    if (this.#isRunning) {
      // This thread cannot close its handle of a busy vCPU either.
      this.#hasDropped = true;
      same(await within(finished, 'the end of the second thread'), busy, 'the second thread');
      return;
    }
    const kicks = this.#isKicked ? 1 : 0;
    this.#isKicked = false;
    if (left === 0) {
      this.#other = { kind: 'thread', thread, finished, controller, counts, pausedAt: null };
      await until(() => counts[1] === kicks, 'the kick before the thread');
      await this.#untilCounting();
    } else {
      same(await within(finished, 'the end of the thread'), 'done', 'the thread');
      same(`${counts}`, `${left},${kicks}`, 'what the thread has counted');
      this.#made += left;
    }
  }

  async kick(choice: number): Promise<void> {
    const handle = this.#handle(choice);
    const before = this.#other?.kind === 'thread' ? this.#other.counts[1] : 0;
    if (choice % 2 === 0 && handle !== undefined) {
      same(
        outcomeOf(() => handle.vcpu.kick()),
        handle.isOpen ? 'done' : closed,
        'the kick',
      );
      if (!handle.isOpen) return;
    } else {
      const reached = kick(this.#shared);
      if (!this.#isUncertain) same(reached, this.#holders > 0, 'the kick reaches the vCPU');
      if (!reached) return;
    }
    const other = this.#other;
    if (!this.#isRunning || other === null) {
      this.#isKicked = true;
    } else if (other.kind === 'worker') {
      await this.#workerReturns(other.answer, 'interrupted by kick');
    } else {
      await until(() => other.counts[1] === (before ?? 0) + 1, 'the kick of the thread');
      await this.#untilCounting();
    }
  }

  async abort(choice: number): Promise<void> {
    const other = this.#other;
    // The current run, a run that is over, or the next run.
    const number = choice % 3 === 0 ? this.#number : this.#number + 1;
    if (number === 0 || (number > this.#number && this.#isRunning)) return;
    const reached = abort(this.#shared, number);
    if (!this.#isUncertain) same(reached, this.#holders > 0, 'the abort reaches the vCPU');
    if (reached) this.#aborted = Math.max(this.#aborted, number);
    if (other?.kind !== 'worker') return;
    if (other.number === number) await this.#workerReturns(other.answer, 'interrupted by abort');
    else await this.#untilCounting();
  }

  async pause(): Promise<void> {
    if (this.#other?.kind !== 'thread' || this.#paused !== null) return;
    await within(this.#other.thread.pause(), 'the pause');
    this.#other.pausedAt = this.#counter;
  }

  async resume(): Promise<void> {
    const other = this.#paused;
    if (other === null) return;
    same(this.#counter, other.pausedAt, 'what the guest has counted while it was paused');
    const kicks = (other.counts[1] ?? 0) + (this.#isKicked ? 1 : 0);
    this.#isKicked = false;
    other.pausedAt = null;
    other.thread.resume();
    await until(() => other.counts[1] === kicks, 'the kick before the resumption');
    await this.#untilCounting();
  }

  /** Ends the other thread that runs the vCPU, in one of several ways. */
  async end(choice: number, pool: Pool): Promise<void> {
    const other = this.#other;
    if (other?.kind === 'worker') {
      await within(pool.terminate(other.worker), 'the end of the Worker');
    } else if (other?.kind === 'thread') {
      const way = choice % 3;
      const delivered = other.counts[1] ?? 0;
      if (way === 0) void other.thread.stop().catch(() => {});
      if (way === 1) void other.thread.terminate().catch(() => {});
      if (way === 2) other.controller.abort();
      same(await within(other.finished, 'the end of the thread'), way === 2 ? 'AbortError' : 'done', 'the thread');
      // A paused thread that is stopped delivers a pending kick first. A terminated thread does not.
      if (this.#isKicked && way !== 1) {
        same(other.counts[1], delivered + 1, 'the kick before the end of the thread');
        this.#isKicked = false;
      }
    }
    this.#other = null;
  }

  complete(choice: number): void {
    const { vcpu, isOpen } = this.#handle(choice);
    // The operation may be completed already. Requests stay pending.
    same(
      outcomeOf(() => vcpu.completeExit(() => {})),
      isOpen ? (this.#isRunning ? busy : 'done') : closed,
      'complete',
    );
  }

  getRegs(choice: number): void {
    const { vcpu, isOpen } = this.#handle(choice);
    same(
      outcomeOf(() => vcpu.getRegs()),
      isOpen ? (this.#isRunning ? busy : 'done') : closed,
      'getRegs',
    );
  }

  attach(): void {
    if (this.#isUncertain) return;
    const what = outcomeOf(() => {
      this.#handles.push({ vcpu: Vcpu.attach(this.#shared), isOpen: true });
    });
    same(what, this.#holders === 0 ? closed : 'done', 'attach');
  }

  closeVcpu(choice: number): void {
    const handle = this.#handle(choice);
    const { vcpu, isOpen } = handle;
    same(
      outcomeOf(() => vcpu.close()),
      isOpen && this.#isRunning ? busy : 'done',
      'close of the vCPU',
    );
    if (this.#isRunning) return;
    handle.isOpen = false;
    same(
      outcomeOf(() => vcpu.kvmRun.exit_reason),
      'TypeError',
      'kvmRun of a vCPU that is closed',
    );
  }

  closeVm(): void {
    const vm = this.#vm;
    vm?.close();
    if (vm)
      same(
        outcomeOf(() => vm.createVcpu(1)),
        closed,
        'createVcpu of a VM that is closed',
      );
  }

  closeMemory(): void {
    const memory = this.#memory;
    memory?.close();
    if (memory)
      same(
        outcomeOf(() => memory.dataView(0, 1)),
        closed,
        'memory that is closed',
      );
  }

  /** Drops all objects without closing them. */
  drop(): void {
    this.#hasDropped = true;
    this.#vm = null;
    this.#memory = null;
    this.#handles = [];
  }

  /** Ends and closes everything. */
  async finish(pool: Pool): Promise<void> {
    await this.end(0, pool);
    for (const index of this.#handles.keys()) this.closeVcpu(index);
    this.closeVm();
    this.closeMemory();
    this.#watched.close();
    if (!this.#hasDropped) same(kick(this.#shared), false, 'a kick reaches what is closed');
  }

  // What the model expects

  get #paused(): Extract<Other, { kind: 'thread' }> | null {
    return this.#other?.kind === 'thread' && this.#other.pausedAt !== null ? this.#other : null;
  }

  /** Whether the other thread is in KVM_RUN. */
  get #isRunning(): boolean {
    return this.#other !== null && this.#paused === null;
  }

  get #holders(): number {
    return this.#handles.filter(({ isOpen }) => isOpen).length + (this.#other === null ? 0 : 1);
  }

  /** Whether only dropped handles can still keep the vCPU open. */
  get #isUncertain(): boolean {
    return this.#hasDropped && this.#holders === 0;
  }

  /** What the next run returns. `number` is its run number, or 0. */
  #outcome(number: number): Outcome {
    this.#number = Math.max(this.#number, number);
    if (this.#isKicked) {
      this.#isKicked = false;
      return 'interrupted by kick';
    }
    if (number !== 0 && this.#aborted >= number) return 'interrupted by abort';
    if (this.#paused !== null) return 'interrupted by pause';
    const exit = this.#program.exits[this.#made];
    if (exit === undefined) return 'interrupted by timeout';
    this.#made++;
    return `exit ${exit}`;
  }

  #handle(choice: number): { readonly vcpu: Vcpu; isOpen: boolean } {
    return this.#handles[choice % this.#handles.length] as { readonly vcpu: Vcpu; isOpen: boolean };
  }

  get hasHandles(): boolean {
    return this.#handles.length > 0;
  }

  /** Restarts a guest that is at its end. */
  #rewind(): void {
    const { exits } = this.#program;
    const handle = this.#handles.find(({ isOpen }) => isOpen);
    if (exits.length === 0 || this.#made < exits.length || handle === undefined) return;
    const regs = handle.vcpu.getRegs();
    regs.rip = this.#start;
    handle.vcpu.setRegs(regs);
    this.#made = 0;
  }

  async #workerReturns(answer: Promise<Outcome>, expected: Outcome): Promise<void> {
    same(await within(answer, 'the run in the Worker'), expected, 'the run in the Worker');
    this.#other = null;
  }

  get #counter(): number {
    return this.#watched.dataView(places.data, 4).getUint32(0, true);
  }

  async #untilCounting(): Promise<void> {
    const before = this.#counter;
    await until(() => this.#counter !== before, 'the guest counts');
  }
}
