/** Kick to return, with one or more vCPUs that spin at the same time. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SharedVcpu } from '../../runtime/index.js';
import { inTurn, type Result, ratioOf } from '../harness.js';
import { microseconds } from './figures.js';
import type { Loop } from './native.js';
import { Spinners } from './spinners.js';

const rounds = 15;
const kicksPerRound = 200;
const bound = 1.3;

/** What the kicking Worker gets. */
export interface KickerData {
  readonly vcpus: readonly SharedVcpu[];
  readonly returnedAt: BigInt64Array;
}

export async function benchKicks(loop: Loop): Promise<Result[]> {
  const results: Result[] = [];
  for (const vcpus of [1, 2, 4]) results.push(await benchCrowd(loop, vcpus));
  return results;
}

async function benchCrowd(loop: Loop, vcpus: number): Promise<Result> {
  await using spinners = new Spinners(vcpus);
  await spinners.pause();
  const workerData: KickerData = {
    vcpus: spinners.machines.map(({ vcpu }) => vcpu.share()),
    returnedAt: spinners.returnedAt,
  };
  const kicker = new Worker(new URL('kicker.js', import.meta.url), { workerData });
  // The guests spin only while it is their turn.
  const kicks = async (): Promise<number> => {
    spinners.resume();
    kicker.postMessage(kicksPerRound);
    const [latency] = (await once(kicker, 'message')) as [number];
    await spinners.pause();
    return latency;
  };
  const inC = async (): Promise<number> => (await loop.order('kicks', kicksPerRound, vcpus)).figure;
  const seen = await inTurn(rounds, kicks, inC);
  await kicker.terminate();
  const [ours, theirs] = microseconds(seen, 0);
  return {
    subject: `kick to return with ${vcpus} vCPU${vcpus === 1 ? '' : 's'}, p50 / C`,
    measured: ratioOf(seen),
    bound,
    unit: '',
    note: `${ours}, in C ${theirs}`,
  };
}
