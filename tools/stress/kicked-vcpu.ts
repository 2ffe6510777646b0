/** A vCPU that a Worker runs again and again, so that this thread can kick it. */

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../runtime/addon.js';
import { kick, type VcpuHandle } from '../../runtime/index.js';
import type { AnyVm } from '../../runtime/vm.js';
import type { Mechanism } from '../../runtime/x86_64.js';
import type { AnyGuest, AnyKvm, AnyLoaded } from '../guests/index.js';
import { type Change, type Gap, Hooks } from '../lib/native-test-hooks.js';
import { watchdogMs } from '../lib/timeouts.js';
import { KickCounts } from './kick-counts.js';
import { SharedCounters } from './shared-counters.js';

/** What the Worker gets as `workerData`. */
export interface RunnerInput {
  readonly vcpu: VcpuHandle;
  readonly counters: SharedArrayBuffer;
  /** The architecture of the bindings. */
  readonly bindings: string;
}

export interface KickedVcpuOptions {
  readonly mechanism: Mechanism;
  /** Changes of the protocol, see tools/lib/native-test-hooks.ts. */
  readonly changes?: readonly Change[];
  /** A kick that is not delivered within this time counts as lost. */
  readonly lostAfterMs?: number;
  /** The architecture of the bindings. The default is x86_64. */
  readonly bindings?: string;
}

const milliseconds = 1_000_000n;

/** A kick that the Worker has not delivered yet. */
interface Outstanding {
  readonly at: bigint;
  /** How many kicks were delivered before. */
  readonly delivered: number;
  /** How many runs had begun when this kick was given. */
  readonly runs: number;
}

export class KickedVcpu implements AsyncDisposable {
  readonly hooks: Hooks;
  readonly counts: KickCounts = new KickCounts();
  readonly #vm: AnyVm;
  readonly #loaded: AnyLoaded;
  readonly #vcpu: VcpuHandle;
  readonly #counters: SharedCounters;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #lostAfter: bigint;
  readonly #changes: readonly Change[];
  #outstanding: Outstanding | null = null;

  constructor(
    kvm: AnyKvm,
    guest: AnyGuest,
    { mechanism, changes = [], lostAfterMs = 5000, bindings = 'x86_64' }: KickedVcpuOptions,
  ) {
    this.#vm = kvm.createVm();
    this.#loaded = guest.load(this.#vm, { mechanism });
    this.#vcpu = this.#loaded.vcpu.share();
    this.#lostAfter = BigInt(lostAfterMs) * milliseconds;
    this.hooks = new Hooks(this.#vcpu);
    // With the ticker a lost kick would be delivered late. The protocol must not need it.
    this.#changes = ['ticker', ...changes];
    for (const change of this.#changes) this.hooks.change(change);
    const counters = new SharedArrayBuffer(SharedCounters.bytes);
    this.#counters = new SharedCounters(counters);
    const workerData: RunnerInput = { vcpu: this.#vcpu, counters, bindings };
    this.#worker = new Worker(builtModule('tools/stress/runner'), { workerData });
    this.#ended = new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('exit', () => resolve());
    });
  }

  /** Waits until the Worker runs the vCPU. */
  async started(): Promise<this> {
    const end = Date.now() + watchdogMs;
    while (this.#counters.runs === 0) {
      if (Date.now() > end) throw new Error(`the first run of the Worker: timed out after ${watchdogMs} ms`);
      await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, 1))]);
    }
    return this;
  }

  /** Whether the last kick is settled: it was delivered, or it was lost and the vCPU was rescued. */
  get isSettled(): boolean {
    if (this.#outstanding === null) return true;
    const { at, delivered, runs } = this.#outstanding;
    if (this.#counters.delivered !== delivered) {
      this.counts.latencies.push(Number(this.#counters.deliveredAt - at) / 1000);
      if (this.#counters.deliveredBy > runs + 1) this.counts.late++;
    } else {
      if (!this.#isLost(at)) return false;
      if (this.#counters.runs > runs + 1) this.counts.swallowed++;
      else this.counts.lost++;
      this.#rescue();
    }
    this.#outstanding = null;
    return true;
  }

  /** Kicks the vCPU at any phase of its run. The previous kick must be settled. */
  kick(): void {
    this.#give(() => kick(this.#vcpu));
  }

  /** Kicks the vCPU in a gap, and waits until the kick is settled. */
  kickIn(gap: Gap): void {
    this.hooks.hold(gap);
    if (gap === 'K2' || gap === 'K3') {
      this.#give(({ at, delivered }) => {
        this.hooks.kickAside();
        // The kicker arrives before K3 only if K2 has seen a run.
        while (!this.hooks.isHeld(1) && this.#counters.delivered === delivered && !this.#isLost(at));
      });
    } else {
      // A signal gets the runner out of the guest, so that the runner arrives at the gap.
      const end = Date.now() + watchdogMs;
      do {
        if (Date.now() > end) throw new Error(`the runner in the gap before ${gap}: timed out after ${watchdogMs} ms`);
        this.hooks.stray();
      } while (!this.hooks.isHeld(1));
      this.#give(() => kick(this.#vcpu));
    }
    this.hooks.release();
    while (!this.isSettled) this.#counters.awaitDelivery(this.#outstanding?.delivered ?? 0, 10);
    // If the kick was delivered early, its thread may arrive only now at the gap, where the next kick is awaited.
    while (this.hooks.isKickingAside);
  }

  #give(kick: (now: { at: bigint; delivered: number }) => void): void {
    this.counts.kicks++;
    const now = { at: process.hrtime.bigint(), delivered: this.#counters.delivered };
    kick(now);
    this.#outstanding = { ...now, runs: this.#counters.runs };
  }

  #isLost(at: bigint): boolean {
    return process.hrtime.bigint() - at > this.#lostAfter;
  }

  /** Gets the vCPU out of KVM_RUN after a kick was lost. */
  #rescue(): void {
    const { delivered } = this.#counters;
    this.#kickForCertain();
    this.#counters.awaitDelivery(delivered, watchdogMs);
    if (this.#counters.delivered === delivered)
      throw new Error(`a kick with all steps: not delivered after ${watchdogMs} ms`);
    for (const change of this.#changes) this.hooks.change(change);
  }

  /** Kicks with all steps, and sends a signal, because a step that was left out may have kept K3 from sending one. */
  #kickForCertain(): void {
    for (const change of this.#changes) this.hooks.change(change, false);
    kick(this.#vcpu);
    this.hooks.stray();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#counters.end();
    this.#kickForCertain();
    await this.#ended;
    this.#loaded[Symbol.dispose]();
    this.#vm.close();
  }
}
