/** The program of a `ServingThread`. It serves a number of exits in each turn. */

import type { MessagePort } from 'node:worker_threads';
import type { Vcpu, VcpuProgram } from '../../../runtime/x86_64.js';
import { serveIo } from './io.js';

export interface ServerData {
  readonly port: MessagePort;
  /** Counts the turns. */
  readonly turn: Int32Array;
  readonly count: number;
}

/** The result of a turn. */
export interface Served {
  readonly nanoseconds: number;
  readonly sum: number;
}

export default function start({ kvmRun }: Vcpu, { port, turn, count }: ServerData): VcpuProgram {
  let turns = 0;
  let left = 0;
  let sum = 0;
  let begun = 0;
  const awaitTurn = (): void => {
    Atomics.wait(turn, 0, turns++);
    [left, sum, begun] = [count, 0, performance.now()];
  };
  awaitTurn();
  return {
    onExit() {
      sum += serveIo(kvmRun);
      if (--left > 0) return undefined;
      const served: Served = { nanoseconds: (performance.now() - begun) * 1e6, sum };
      port.postMessage(served);
      awaitTurn();
      return undefined;
    },
  };
}
