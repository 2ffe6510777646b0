/** Process signals interrupt the runs that ask for it, so that the event loop can call the listeners. */

import { describe, expect, it } from 'vitest';
import { hasKvm, mechanisms, needsKvm, runProfiled, runScript } from '../helpers/vcpus.js';

const kicked = 'interrupted by kick';
const signalled = 'interrupted by process-signal';
const timedOut = 'interrupted by timeout';

describe.skipIf(!hasKvm)(`process signals ${needsKvm}`, () => {
  // Shows: statement 72
  it.each(mechanisms)('a process signal with a listener interrupts the runs that ask for it: %s', async (mechanism) => {
    expect(await runScript('process-signals', { env: { MECHANISM: mechanism } })).toEqual({
      toMain: `${signalled}, 1 calls`,
      toWorker: `${signalled}, 2 calls`,
      afterwards: timedOut,
      // A signal before the run interrupts every run until the event loop turns, and the guest executes no instruction.
      before: [signalled, signalled, true],
      turned: 3,
      withoutOption: `${timedOut}, 4 calls`,
      withoutListener: `${timedOut}, 4 calls`,
      withKick: [kicked, signalled],
      otherEvents: timedOut,
      inWorker: 'a message',
      wrongOption: 'KvmArgumentError',
    });
  });

  // Shows: statement 72
  it('the signals of a profiler are not process signals', async () => {
    expect(await runProfiled('profiled-run')).toBe(timedOut);
  });
});
