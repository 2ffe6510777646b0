/** The program of `exits`: it hands each exit to the other thread and waits until that thread has served it. */

import type { MessagePort } from 'node:worker_threads';
import type { StartVcpuProgram } from './vcpu-thread.js';

export interface ExitsData {
  readonly port: MessagePort;
  /** One word: the number of exits that were served, or `noMore`. */
  readonly turn: Int32Array;
}

/** The other thread wants no more exits. The guest stops, and the operation of an exit that was not served stays pending. */
export const noMore = -1;

const start: StartVcpuProgram<ExitsData> = (vcpu, { port, turn }) => {
  let served = 0;
  const handOver = (): 'stop' | undefined => {
    port.postMessage(vcpu.interruption);
    Atomics.wait(turn, 0, served++);
    return Atomics.load(turn, 0) === noMore ? 'stop' : undefined;
  };
  return { exit: handOver, interrupted: handOver };
};

export default start;
