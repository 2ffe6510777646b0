/** The kicking thread of `kicks.ts`: told through shared memory when to kick, it says when it did. */

import { parentPort, workerData } from 'node:worker_threads';
import { kick, type SharedVcpu } from '../runtime/index.js';
import { Board, type Where } from './board.js';
import { hooks } from './hooks.js';

export interface KickWorkerData {
  readonly vcpu: SharedVcpu;
  readonly buffer: SharedArrayBuffer;
  /** A kick that has not got the guest out by then is lost. */
  readonly lostAfterMs: number;
}

const { vcpu, buffer, lostAfterMs } = workerData as KickWorkerData;
const board = new Board(buffer);
parentPort?.postMessage('ready');

for (let where = board.awaitTurn(); where !== 'stop'; where = board.awaitTurn()) {
  kickAt(where);
  while (!board.awaitEnd(lostAfterMs)) {
    board.markLost();
    // By now the guest runs, and a signal that comes then is never lost: the run comes back, and the next turn can be.
    kick(vcpu);
  }
}

function kickAt(where: Exclude<Where, 'stop'>): void {
  if (where === 'gap') while (!hooks().awaitGap(1000));
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
