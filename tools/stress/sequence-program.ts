/** The program of the `VcpuThread`s of a sequence. It counts exits and kicks, and stops after some exits. */

import type { StartVcpuProgram } from '../../runtime/x86_64.js';

/** Shared with the other side. */
export interface CountingData {
  /** Exits, and kicks delivered. */
  readonly counts: Int32Array;
  readonly exits: number;
}

const start: StartVcpuProgram<CountingData> = (_vcpu, { counts, exits }) => ({
  onExit: () => (Atomics.add(counts, 0, 1) + 1 === exits ? 'stop' : undefined),
  onInterrupt() {
    Atomics.add(counts, 1, 1);
    return undefined;
  },
});

export default start;
