/** Random sequences of open, run, kick, abort, pause, close, drop and end. `FC_SEED` and `FC_RUNS` select other sequences. */

import { describe, expect, it } from 'vitest';
import { runSequences } from '../../tools/stress/sequences.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`random sequences ${needsKvm}`, () => {
  // Shows: security 26
  it('random sequences of all actions do what is expected at each step', async () => {
    let done = 0;
    await runSequences(200, (sequences) => {
      done = sequences;
    });
    expect(done).toBeGreaterThan(0);
  }, 300_000);
});
