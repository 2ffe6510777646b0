/** The cost of a KVM_RUN with KVM_SET_SIGNAL_MASK, which takes the lock of the process's signals, and with immediate_exit. */

import { Kvm } from '../../../runtime/x86_64.js';
import { inTurn, type Result, ratioOf } from '../harness.js';
import { microseconds } from './figures.js';
import { ServingThread } from './serving-thread.js';

const rounds = 12;
const exitsPerRound = 3_000;
const mostThreads = 4;

export async function benchMechanisms(): Promise<Result[]> {
  using kvm = Kvm.open();
  const machines = Array.from({ length: mostThreads }, () => ({
    mask: new ServingThread(kvm, exitsPerRound, { mechanism: 'signal_mask' }),
    flag: new ServingThread(kvm, exitsPerRound, { mechanism: 'immediate_exit' }),
  }));
  try {
    const results: Result[] = [];
    for (let threads = 1; threads <= mostThreads; threads++) {
      const used = machines.slice(0, threads);
      const seen = await inTurn(
        rounds,
        () => timePerRun(used.map(({ mask }) => mask)),
        () => timePerRun(used.map(({ flag }) => flag)),
      );
      const [mask, flag] = microseconds(seen, 1);
      results.push({
        subject: `KVM_RUN on ${threads} thread${threads === 1 ? '' : 's'}, signal_mask / immediate_exit`,
        measured: ratioOf(seen),
        bound: null,
        unit: '',
        note: `${mask}, with immediate_exit ${flag}`,
      });
    }
    return results;
  } finally {
    for (const { mask, flag } of machines) {
      await mask[Symbol.asyncDispose]();
      await flag[Symbol.asyncDispose]();
    }
  }
}

/** The nanoseconds from one run to the next. The threads run at the same time. */
async function timePerRun(threads: readonly ServingThread[]): Promise<number> {
  const served = await Promise.all(threads.map((thread) => thread.serve()));
  return served.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / threads.length / exitsPerRound;
}
