/** Lists of header sets on wide and narrow terminals. */

import { describe, expect, it } from 'vitest';
import { listing } from '../../../generator/report/header-sets.js';

const head = ['from', 'architectures'];
const rows = [
  ['/', 'i386, x86_64'],
  ['trixie', 'arm, arm64, i386, x86_64'],
];
const wide = 'from    architectures\n/       i386, x86_64\ntrixie  arm, arm64, i386, x86_64';

describe('a list of header sets', () => {
  it('a list is a table in a pipe and on a terminal that is wide enough', () => {
    expect(listing(head, rows, undefined)).toBe(wide);
    expect(listing(head, rows, 32)).toBe(wide);
  });

  it('a list on a narrower terminal has a block for each set, and no line is too long', () => {
    expect(listing(head, rows, 20)).toBe('/\n  i386, x86_64\ntrixie\n  arm, arm64, i386,\n  x86_64');
  });
});
