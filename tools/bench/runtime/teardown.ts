/** Measures how long a process with spinning guests takes to end, for each way to end a process. */

import { type Crowd, type EndingAction, endings, endProcess } from '../../lib/teardown/endings.js';
import { watchdogMs } from '../../lib/timeouts.js';
import type { Result } from '../harness.js';

const actions: readonly EndingAction[] = [
  'terminate',
  'process.exit',
  'throw',
  'reject',
  'SIGINT',
  'end of an unreferenced main module',
];
const runs = 5;
const boundMs = 250;

export async function benchTeardown(): Promise<Result[]> {
  const results: Result[] = [];
  for (const action of actions) {
    const [one, four] = [await slowest(action, 1), await slowest(action, 4)];
    results.push({
      subject: `end of a process with spinning guests: ${action}`,
      measured: Math.max(one, four),
      bound: boundMs,
      unit: 'ms',
      note: `slowest of ${runs}: ${one.toFixed(0)} ms with 1 guest, ${four.toFixed(0)} ms with 4`,
    });
  }
  return results;
}

async function slowest(action: EndingAction, count: number): Promise<number> {
  const crowd: Crowd = { count, guest: 'kernel', runner: 'VcpuThread', mechanism: 'immediate_exit' };
  let most = 0;
  for (let run = 0; run < runs; run++) most = Math.max(most, await millisecondsToEnd(action, crowd));
  return most;
}

async function millisecondsToEnd(action: EndingAction, crowd: Crowd): Promise<number> {
  const { code, signal, stderr, milliseconds } = await endProcess(action, crowd, watchdogMs);
  const expected = endings[action];
  if (code === expected.code && signal === expected.signal && !Number.isNaN(milliseconds)) return milliseconds;
  throw new Error(
    `${action}, with ${crowd.count} guests: the process ended with ${signal ?? code}, expected ${expected.signal ?? expected.code}\n${stderr}`,
  );
}
