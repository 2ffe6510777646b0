/** When an isolate ends, it releases everything that it holds of the objects of other isolates. */

import { describe, expect, it } from 'vitest';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`the end of an isolate ${needsKvm}`, () => {
  // Shows: statement 71, security 27
  it.each(['terminate', 'exit'])(
    'a pause ends with its isolate, and no other isolate can end it: %s',
    async (ending) => {
      expect(await runScript('ended-pauses', { env: { ENDING: ending } })).toEqual({
        paused: 'interrupted by pause',
        stillPaused: 'interrupted by pause',
        after: 'interrupted by timeout',
      });
    },
  );
});
