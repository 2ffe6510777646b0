/** The native layer survives any call. `npm run stress` makes fifty times as many calls. */

import { expect, it } from 'vitest';
import { fuzzNative } from '../../../tools/stress/native-fuzz.js';
import { hasKvm, needsKvm } from '../../helpers/vcpus.js';

const calls = 2000;

it.skipIf(!hasKvm)(
  `the native layer neither crashes nor hangs under ${calls} random calls from two isolates ${needsKvm}`,
  async () => {
    const counts = await fuzzNative(calls);
    expect(counts).toHaveLength(2);
    for (const { calls: made, returned, refused } of counts) {
      expect(made).toBeGreaterThanOrEqual(calls / 2);
      // Calls with right and with wrong arguments are both frequent.
      expect(returned).toBeGreaterThan(made / 5);
      expect(refused).toBeGreaterThan(made / 5);
    }
  },
);
