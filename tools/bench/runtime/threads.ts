/** Compares exits that the Worker of the vCPU serves with exits that are handed to the main thread. */

import { KvmRun } from '../../../generated/x86_64/linux/kvm.js';
import { Kvm } from '../../../runtime/x86_64.js';
import { inTurn, type Result, ratioOf } from '../harness.js';
import { microseconds } from './figures.js';
import { serveIo } from './io.js';
import { byThreadSafeFunction } from './native.js';
import type { Served } from './serving-program.js';
import { ServingThread } from './serving-thread.js';

const rounds = 15;
const exitsPerRound = 4_000;
/** The Worker must be at least 2.5 times as fast. */
const bound = 1 / 2.5;

export async function benchThreads(): Promise<Result> {
  using kvm = Kvm.open();
  await using worker = new ServingThread(kvm, exitsPerRound);
  const other = byThreadSafeFunction();
  const run = new KvmRun(new DataView(other.shared()));
  const onMainThread = (): Promise<Served> =>
    new Promise((resolve) => {
      let sum = 0;
      let left = exitsPerRound;
      const begun = performance.now();
      other.run(exitsPerRound, () => {
        sum += serveIo(run);
        if (--left === 0) resolve({ nanoseconds: (performance.now() - begun) * 1e6, sum });
      });
    });
  const sums = new Set<number>();
  const side = (serve: () => Promise<Served>) => async (): Promise<number> => {
    const { nanoseconds, sum } = await serve();
    if (sums.add(sum).size > 1) throw new Error(`the two sides have different results: ${[...sums].join(' and ')}`);
    return nanoseconds / exitsPerRound;
  };
  const seen = await inTurn(
    rounds,
    side(() => worker.serve()),
    side(onMainThread),
  );
  const [inWorker, handedOver] = microseconds(seen, 1);
  return {
    subject: 'exit served in its Worker / by ThreadSafeFunction',
    measured: ratioOf(seen),
    bound,
    unit: '',
    note: `${inWorker}, on the main thread ${handedOver}`,
  };
}
