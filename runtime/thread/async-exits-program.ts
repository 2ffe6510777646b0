/** The program behind `exits`: hands each exit over and waits until it is served. */

import type { MessagePort } from 'node:worker_threads';
import type { StartVcpuProgram } from './vcpu-thread.js';

export interface ExitsData {
  readonly port: MessagePort;
  /** One word, which counts the exits that were served; or `noMore`. */
  readonly turn: Int32Array;
}

/** The other side has had enough: the guest does no more, and what is not served stays so. */
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
