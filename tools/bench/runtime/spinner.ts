/** The program of a guest that spins. It stores the time when the vCPU has returned from a kick. */

import type { VcpuProgram } from '../../../runtime/x86_64.js';

export interface SpinnerData {
  readonly returnedAt: BigInt64Array;
  /** The element of `returnedAt` for this vCPU. */
  readonly index: number;
}

export default function start(_vcpu: unknown, { returnedAt, index }: SpinnerData): VcpuProgram {
  return {
    onExit() {
      throw new Error('exit of a guest that spins');
    },
    onInterrupt() {
      Atomics.store(returnedAt, index, process.hrtime.bigint());
      Atomics.notify(returnedAt, index);
      return undefined;
    },
  };
}
