/** Real headers in which something is wrong end in a model or in an error at a place, in good time and little memory. */

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

  it('is good, or is wrong at a place in it', { timeout: 300_000 }, async () => {
    await checkAtOnce(mutantsOf(headers), 300, (mutants) => readers.judge(mutants));
    // Both happen, or the changes are none, or are the same for all.
    const { models, errors } = readers.counts;
    expect(models / (models + errors)).toBeGreaterThan(0.05);
    expect(errors / (models + errors)).toBeGreaterThan(0.25);
  });
});
