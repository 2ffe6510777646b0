/** The program behind `exits`: hands each exit over and waits until it is served. */

import type { MessagePort } from 'node:worker_threads';
import type { StartVcpuProgram } from './vcpu-thread.js';

export interface ExitsData {
  readonly port: MessagePort;
  /** One word, which counts the exits that were served. */
  readonly turn: Int32Array;
}

const start: StartVcpuProgram<ExitsData> = (vcpu, { port, turn }) => {
  let served = 0;
  const handOver = (): undefined => {
    port.postMessage(vcpu.interruption);
    Atomics.wait(turn, 0, served++);
  };
  return { exit: handOver, interrupted: handOver };
};

export default start;
