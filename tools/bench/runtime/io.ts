/** How an exit is served here, wherever it is: the guest writes to a port, and all that is told of it is read. */

import { KVM_EXIT_IO, type KvmRun } from '../../../generated/x86_64/linux/kvm.js';

/** A sum of what is told, so that nothing can be left out and both sides can be held against each other. */
export function serveIo(run: KvmRun): number {
  if (run.exit_reason !== KVM_EXIT_IO) throw new Error(`exit reason ${run.exit_reason}`);
  const { io } = run;
  return io.direction + io.size + io.port + io.count + io.$data_offset;
}
