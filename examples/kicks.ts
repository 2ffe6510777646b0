/** A spinning guest, got out of KVM_RUN by another thread as often as wanted; and how long each kick took. */

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Guest } from '../guests/index.js';
import type { Vcpu, Vm } from '../runtime/index.js';
import { Board, type Where } from './board.js';
import { hooks } from './hooks.js';
import type { KickWorkerData } from './kick-worker.js';

/** A kick that has not got the guest out by then counts as lost; a second one then does it. */
const lostAfterMs = 5000;
/** In the control losses are certain and each costs the wait. */
const controlLostAfterMs = 200;

export interface KickReport {
  readonly kicks: number;
  readonly placed: number;
  readonly lost: number;
  /** From kick to return, in microseconds, sorted; the lost ones left out. */
  readonly latencies: readonly number[];
}

export interface KickPlan {
  readonly anywhere: number;
  readonly gap: number;
  /** Signals only, without immediate_exit: what the flag is there for. */
  readonly withoutFlag?: boolean;
}

/** Kicks a guest that spins in a VM. Needs the addon with the test hooks, to place kicks in the gap. */
export async function kickSpinningGuest(spinning: Guest, vm: Vm, plan: KickPlan): Promise<KickReport> {
  using loaded = spinning.load(vm);
  const { vcpu } = loaded;
  const buffer = new SharedArrayBuffer(Board.bytes);
  const board = new Board(buffer);
  const lostAfter = plan.withoutFlag ? controlLostAfterMs : lostAfterMs;
  const workerData: KickWorkerData = { vcpu: vcpu.share(), buffer, lostAfterMs: lostAfter };
  const worker = new Worker(fileURLToPath(new URL('kick-worker.js', import.meta.url)), { workerData });
  await once(worker, 'message');
  hooks().withoutFlag(vcpu.handle, plan.withoutFlag ?? false);
  const latencies: number[] = [];
  let lost = 0;
  try {
    for (const where of turns(plan)) {
      const latency = oneKick(vcpu, board, where);
      if (latency === null) lost++;
      else latencies.push(latency);
    }
  } finally {
    hooks().withoutFlag(vcpu.handle, false);
    board.startTurn('stop');
    await worker.terminate();
  }
  latencies.sort((a, b) => a - b);
  return { kicks: plan.anywhere + plan.gap, placed: plan.gap, lost, latencies };
}

/** The two places in turn, so that neither finds the machine in a better state. */
function* turns(plan: KickPlan): Generator<Exclude<Where, 'stop'>> {
  for (let turn = 0; turn < Math.max(plan.anywhere, plan.gap); turn++) {
    if (turn < plan.anywhere) yield 'anywhere';
    if (turn < plan.gap) yield 'gap';
  }
}

/** The kick's latency in microseconds; null when it was lost. */
function oneKick(vcpu: Vcpu, board: Board, where: Exclude<Where, 'stop'>): number | null {
  if (where === 'gap') hooks().holdGap(true);
  board.startTurn(where);
  const result = vcpu.run();
  const end = process.hrtime.bigint();
  board.endTurn();
  if (result !== 'interrupted')
    throw new Error(`a spinning guest came back with exit reason ${vcpu.kvmRun.exit_reason}`);
  return board.lost ? null : Number(end - board.stamped) / 1000;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
