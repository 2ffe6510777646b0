/** SHA-256 held against Node's. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { portableSha256, sha256 } from '../../../generator/headers/sha256.js';

const byNode = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('is what Node has for every length around a block', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + length);
    for (const hash of [portableSha256, sha256]) expect(hash(bytes), `${length} bytes`).toBe(byNode(bytes));
  }
});

it('is what Node has for any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => portableSha256(bytes) === byNode(bytes)));
});
