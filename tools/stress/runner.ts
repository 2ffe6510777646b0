/** The Worker of a `Target`: runs its vCPU over and over, and writes down on the board what comes back. */

import { workerData } from 'node:worker_threads';
import { Vcpu } from '../../runtime/index.js';
import { Board } from './board.js';
import type { RunnerOrder } from './target.js';

const { vcpu: shared, board: buffer } = workerData as RunnerOrder;
const vcpu = Vcpu.attach(shared);
const board = new Board(buffer);

while (!board.isOver) {
  board.begin();
  if (vcpu.run() === 'interrupted') board.tell(process.hrtime.bigint());
}
vcpu.close();
