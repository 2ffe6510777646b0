/** Random sequences of everything that can be done to vCPUs: `FC_SEED` and `FC_RUNS` look further. */

import { describe, expect, it } from 'vitest';
import { runSequences } from '../../tools/stress/sequences.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`random sequences ${needsKvm}`, () => {
  it('of open, run, kick, abort, pause, close, drop and end do what is expected at each step', async () => {
    let done = 0;
    await runSequences(200, (sequences) => {
      done = sequences;
    });
    expect(done).toBeGreaterThan(0);
  }, 300_000);
});
