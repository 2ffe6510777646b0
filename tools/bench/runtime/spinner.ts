/** The program of a vCPU that spins: tells when it is back from a kick, and spins on. */

import type { VcpuProgram } from '../../../runtime/index.js';

export interface SpinnerData {
  readonly returnedAt: BigInt64Array;
  /** Where it tells so. */
  readonly index: number;
}

export default function start(_vcpu: unknown, { returnedAt, index }: SpinnerData): VcpuProgram {
  return {
    exit() {
      throw new Error('a spinning guest came back');
    },
    interrupted() {
      Atomics.store(returnedAt, index, process.hrtime.bigint());
      Atomics.notify(returnedAt, index);
      return undefined;
    },
  };
}
