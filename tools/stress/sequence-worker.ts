/** A Worker of `Pool`: runs the vCPU it is told to, and says what came of it. */

import { parentPort } from 'node:worker_threads';
import { Vcpu } from '../../runtime/index.js';
import { outcomeOf } from './outcome.js';
import type { WorkerOrder } from './pool.js';

parentPort?.on('message', ({ vcpu: shared, options }: WorkerOrder) => {
  parentPort?.postMessage(
    outcomeOf(() => {
      using vcpu = Vcpu.attach(shared);
      return outcomeOf(() => vcpu.run(options), vcpu);
    }),
  );
});
