/** Serves an exit of the benchmark: the guest writes to a port, and all members of the exit are read. */

import { KVM_EXIT_IO, type KvmRun } from '../../../generated/x86_64/linux/kvm.js';

/** Returns the sum of the members, so that no read can be optimised away and the two sides can be compared. */
export function serveIo(run: KvmRun): number {
  if (run.exit_reason !== KVM_EXIT_IO) throw new Error(`exit reason ${run.exit_reason}`);
  const { io } = run;
  return io.direction + io.size + io.port + io.count + io.$data_offset;
}
