/** The Worker that kicks one vCPU after the other at random phases, like `kicks` in loop.c. */

import { parentPort, workerData } from 'node:worker_threads';
import { kick, type VcpuHandle } from '../../../runtime/index.js';
import { median } from '../harness.js';
import type { KickerData } from './kicks.js';

const { vcpus, returnedAt } = workerData as KickerData;
const longestPhaseMs = 0.2;

/** Kicks a vCPU. Returns the time until it has returned, in nanoseconds. */
function latency(index: number): number {
  Atomics.store(returnedAt, index, 0n);
  const until = performance.now() + Math.random() * longestPhaseMs;
  while (performance.now() < until);
  const start = process.hrtime.bigint();
  kick(vcpus[index] as VcpuHandle);
  Atomics.wait(returnedAt, index, 0n);
  return Number(Atomics.load(returnedAt, index) - start);
}

parentPort?.on('message', (count: number) => {
  // The first kick may find the vCPU before its first run, so it does not count.
  for (const index of vcpus.keys()) latency(index);
  parentPort?.postMessage(median(Array.from({ length: count }, (_, i) => latency(i % vcpus.length))));
});
