/** The kicking thread of `kicks.ts`: told through shared memory when to kick, it says when it did. */

import { workerData } from 'node:worker_threads';
import { kick, type SharedVcpu } from '../runtime/index.js';
import { Board, type Where } from './board.js';
import { hooks } from './hooks.js';

const { vcpu, buffer } = workerData as { vcpu: SharedVcpu; buffer: SharedArrayBuffer };
const board = new Board(buffer);

for (let where = board.awaitTurn(); where !== 'stop'; where = board.awaitTurn()) {
  kickAt(where);
}

function kickAt(where: Exclude<Where, 'stop'>): void {
  if (where === 'gap') hooks().awaitGap(10_000);
  else pause(Math.random() * 200);
  board.stamp();
  kick(vcpu);
  if (where === 'gap') hooks().releaseGap();
}

/** Spins, because a sleep is far longer than the phases of a run. */
function pause(microseconds: number): void {
  const until = process.hrtime.bigint() + BigInt(Math.round(microseconds * 1000));
  while (process.hrtime.bigint() < until);
}
