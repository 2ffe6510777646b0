/** The Worker of a `Target`: it runs its vCPU again and again, and reports on the board what the runs return. */

import { workerData } from 'node:worker_threads';
import { Vcpu } from '../../runtime/index.js';
import { Board } from './board.js';
import type { RunnerInput } from './target.js';

const { vcpu: shared, board: buffer } = workerData as RunnerInput;
const vcpu = Vcpu.attach(shared);
const board = new Board(buffer);

while (!board.isOver) {
  board.begin();
  if (vcpu.run() === 'interrupted') board.deliver(process.hrtime.bigint());
}
vcpu.close();
