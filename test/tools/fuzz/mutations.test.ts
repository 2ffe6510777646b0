/** Changed real headers give a model or an error with a location, in a short time and with little memory. */

import { afterAll, describe, expect, it } from 'vitest';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { mutantsOf } from '../../../tools/fuzz/mutations.js';
import { Readers } from '../../../tools/fuzz/readers.js';
import { installedHeaders } from '../../../tools/lib/installed-headers.js';
import { checkAtOnce } from '../../../tools/lib/random-values.js';

const headers = installedHeaders(x86_64);

describe.skipIf(headers.length === 0)('a real header in which something is changed (needs linux-libc-dev)', () => {
  const readers = new Readers();
  afterAll(() => readers[Symbol.dispose]());

  it('a changed header gives a model, or an error with a location in it', { timeout: 300_000 }, async () => {
    await checkAtOnce(mutantsOf(headers), 300, (mutants) => readers.judge(mutants));
    // Both results must occur. Otherwise the changes have no effect, or always the same effect.
    const { models, errors } = readers.counts;
    expect(models / (models + errors)).toBeGreaterThan(0.05);
    expect(errors / (models + errors)).toBeGreaterThan(0.25);
  });
});
