/** The time from a kick to the return, with one or more vCPUs that spin at the same time. */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { VcpuHandle } from '../../../runtime/index.js';
import { inTurn, type Result, ratioOf } from '../harness.js';
import { microseconds } from './figures.js';
import type { Loop } from './native.js';
import { Spinners } from './spinners.js';

const rounds = 20;
/** Slow kicks are fewer: with more vCPUs than processors, a kick takes milliseconds. */
const crowds = [
  { vcpus: 1, kicks: 300 },
  { vcpus: 2, kicks: 150 },
  { vcpus: 4, kicks: 50 },
] as const;
const bound = 1.3;

/** What the Worker that kicks gets as `workerData`. */
export interface KickerData {
  readonly vcpus: readonly VcpuHandle[];
  readonly returnedAt: BigInt64Array;
}

export async function benchKicks(loop: Loop): Promise<Result[]> {
  const results: Result[] = [];
  for (const { vcpus, kicks } of crowds) results.push(await benchCrowd(loop, vcpus, kicks));
  return results;
}

async function benchCrowd(loop: Loop, vcpus: number, count: number): Promise<Result> {
  await using spinners = new Spinners(vcpus);
  await spinners.pause();
  const workerData: KickerData = {
    vcpus: spinners.machines.map(({ vcpu }) => vcpu.share()),
    returnedAt: spinners.returnedAt,
  };
  const kicker = new Worker(new URL('kicker.js', import.meta.url), { workerData });
  // The guests spin only during the turn of this side.
  const ours = async (): Promise<number> => {
    spinners.resume();
    kicker.postMessage(count);
    const [latency] = (await once(kicker, 'message')) as [number];
    await spinners.pause();
    return latency;
  };
  const inC = async (): Promise<number> => (await loop.order('kicks', count, vcpus)).figure;
  const seen = await inTurn(rounds, ours, inC);
  await kicker.terminate();
  const [ourTime, timeInC] = microseconds(seen, 0);
  const processors = availableParallelism();
  const crowded = vcpus > processors ? `; the vCPUs share ${processors} processors` : '';
  return {
    subject: `from kick to return with ${vcpus} vCPU${vcpus === 1 ? '' : 's'}, median / C`,
    measured: ratioOf(seen),
    bound,
    unit: '',
    note: `${ourTime}, in C ${timeInC}${crowded}`,
  };
}
