/** A Worker of `Pool`: it runs the vCPU of each message once, and posts the outcome. */

import { parentPort } from 'node:worker_threads';
import { Vcpu } from '../../runtime/x86_64.js';
import { outcomeOf, runOutcome } from '../lib/outcome.js';
import type { RunMessage } from './pool.js';

parentPort?.on('message', ({ vcpu: shared, options }: RunMessage) => {
  parentPort?.postMessage(
    outcomeOf(() => {
      using vcpu = Vcpu.attach(shared);
      return outcomeOf(() => runOutcome(vcpu, options));
    }),
  );
});
