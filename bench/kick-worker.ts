/** Kicks at random phases when told to; the C loop's kicking thread, in a Worker. */

import { workerData } from 'node:worker_threads';
import { kick, type SharedVcpu } from '../runtime/index.js';

const { vcpu, turn, kickedAt, count } = workerData as {
  vcpu: SharedVcpu;
  turn: Int32Array;
  kickedAt: BigInt64Array;
  count: number;
};

for (let seen = 0; seen < count; ) {
  if (Atomics.load(turn, 0) === seen) continue;
  seen++;
  const until = process.hrtime.bigint() + BigInt(Math.floor(Math.random() * 200_000));
  while (process.hrtime.bigint() < until);
  Atomics.store(kickedAt, 0, process.hrtime.bigint());
  kick(vcpu);
}
