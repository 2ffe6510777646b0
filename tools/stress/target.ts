/** A vCPU that a Worker runs over and over, to be kicked from here. */

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';
import { type Kvm, kick, type Mechanism, type SharedVcpu, type Vm } from '../../runtime/index.js';
import type { Guest, Loaded } from '../guests/index.js';
import { type Change, type Gap, Hooks } from '../lib/hooks.js';
import { watchdogMs } from '../lib/patience.js';
import { Board } from './board.js';
import { Tally } from './tally.js';

export interface RunnerOrder {
  readonly vcpu: SharedVcpu;
  readonly board: SharedArrayBuffer;
}

export interface TargetOptions {
  readonly mechanism: Mechanism;
  /** What is not as it should be. */
  readonly changes?: readonly Change[];
  /** A kick that was not told by then is lost. */
  readonly lostAfterMs?: number;
}

const milliseconds = 1_000_000n;

/** A kick that the Worker has not told yet. */
interface Outstanding {
  readonly at: bigint;
  /** How many were told before. */
  readonly told: number;
  /** How many runs had begun when it was given. */
  readonly runs: number;
}

export class Target implements AsyncDisposable {
  readonly hooks: Hooks;
  readonly tally: Tally = new Tally();
  readonly #vm: Vm;
  readonly #loaded: Loaded;
  readonly #vcpu: SharedVcpu;
  readonly #board: Board;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #lostAfter: bigint;
  readonly #changes: readonly Change[];
  #outstanding: Outstanding | null = null;

  constructor(kvm: Kvm, guest: Guest, { mechanism, changes = [], lostAfterMs = 5000 }: TargetOptions) {
    this.#vm = kvm.createVm();
    this.#loaded = guest.load(this.#vm, { mechanism });
    this.#vcpu = this.#loaded.vcpu.share();
    this.#lostAfter = BigInt(lostAfterMs) * milliseconds;
    this.hooks = new Hooks(this.#vcpu);
    // The protocol has to hold without it: it would get a lost kick told all the same, only late.
    this.#changes = ['heartbeat', ...changes];
    for (const change of this.#changes) this.hooks.change(change);
    const board = new SharedArrayBuffer(Board.bytes);
    this.#board = new Board(board);
    const workerData: RunnerOrder = { vcpu: this.#vcpu, board };
    this.#worker = new Worker(builtModule('tools/stress/runner'), { workerData });
    this.#ended = new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('exit', () => resolve());
    });
  }

  /** Waits until the Worker runs the vCPU. */
  async started(): Promise<this> {
    const end = Date.now() + watchdogMs;
    while (this.#board.runs === 0) {
      if (Date.now() > end) throw new Error('the Worker does not start');
      await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, 1))]);
    }
    return this;
  }

  /** Whether the last kick is settled: told, or given up as lost and rescued. It may be called at any time. */
  get isSettled(): boolean {
    if (this.#outstanding === null) return true;
    const { at, told, runs } = this.#outstanding;
    if (this.#board.told !== told) {
      this.tally.latencies.push(Number(this.#board.toldAt - at) / 1000);
      if (this.#board.toldBy > runs + 1) this.tally.late++;
    } else {
      if (!this.#isLost(at)) return false;
      if (this.#board.runs > runs + 1) this.tally.swallowed++;
      else this.tally.lost++;
      this.#rescue();
    }
    this.#outstanding = null;
    return true;
  }

  /** Kicks the vCPU, wherever it is. The kick before must be settled. */
  kick(): void {
    this.#give(() => kick(this.#vcpu));
  }

  /** Kicks the vCPU in a gap, and waits until that is settled. */
  kickIn(gap: Gap): void {
    this.hooks.hold(gap);
    if (gap === 'K2' || gap === 'K3') {
      this.#give(({ at, told }) => {
        this.hooks.kickAside();
        // In front of K3 it comes only when K2 has seen a run.
        while (!this.hooks.isHeld(1) && this.#board.told === told && !this.#isLost(at));
      });
    } else {
      // Somebody has to get it out of the guest, to come by.
      const end = Date.now() + watchdogMs;
      do {
        if (Date.now() > end) throw new Error(`the vCPU does not come to the gap before ${gap}`);
        this.hooks.stray();
      } while (!this.hooks.isHeld(1));
      this.#give(() => kick(this.#vcpu));
    }
    this.hooks.release();
    while (!this.isSettled) this.#board.awaitTold(this.#outstanding?.told ?? 0, 10);
    // Told early, it may only now come to the gap, where the next kick is awaited.
    while (this.hooks.isKickingAside);
  }

  #give(kick: (now: { at: bigint; told: number }) => void): void {
    this.tally.kicks++;
    const now = { at: process.hrtime.bigint(), told: this.#board.told };
    kick(now);
    this.#outstanding = { ...now, runs: this.#board.runs };
  }

  #isLost(at: bigint): boolean {
    return process.hrtime.bigint() - at > this.#lostAfter;
  }

  /** Gets the vCPU out. */
  #rescue(): void {
    const { told } = this.#board;
    this.#kickForCertain();
    this.#board.awaitTold(told, watchdogMs);
    if (this.#board.told === told) throw new Error('a guest cannot be got out of KVM_RUN');
    for (const change of this.#changes) this.hooks.change(change);
  }

  /** With all steps in place, and a signal also where a step that was left out keeps K2 from sending one. */
  #kickForCertain(): void {
    for (const change of this.#changes) this.hooks.change(change, false);
    kick(this.#vcpu);
    this.hooks.stray();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#board.end();
    this.#kickForCertain();
    await this.#ended;
    this.#loaded[Symbol.dispose]();
    this.#vm.close();
  }
}
