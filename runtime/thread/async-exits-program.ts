/** The program of `Vcpu.exits`: it hands each result to the other thread and waits until that thread has served it. */

import type { MessagePort } from 'node:worker_threads';
import type { Interruption } from '../exit/interruption.js';
import type { StartProgram } from './program.js';

/** The data of the program. */
export interface ExitsData {
  readonly port: MessagePort;
  /** One word: the number of results that were served, or `noMore`. */
  readonly turn: Int32Array;
}

/** The other thread wants no more exits. The guest stops, and the operation of an exit that was not served stays pending. */
export const noMore = -1;

const start: StartProgram<unknown, unknown, ExitsData, unknown> = (_vcpu, { port, turn }) => {
  let served = 0;
  const handOver = (interruption: Interruption | null): 'stop' | undefined => {
    port.postMessage(interruption);
    Atomics.wait(turn, 0, served++);
    return Atomics.load(turn, 0) === noMore ? 'stop' : undefined;
  };
  return { onExit: () => handOver(null), onInterrupt: handOver };
};

export default start;
