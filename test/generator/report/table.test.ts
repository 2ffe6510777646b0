/** Tables as text. */

import { describe, expect, it } from 'vitest';
import { table, tableLine } from '../../../generator/report/table.js';

describe('a table', () => {
  it('has columns as wide as their longest cells, and does not pad the last column', () => {
    const rows = [
      ['a', 'long cell', 'x'],
      ['longer', 'b', 'the last one'],
    ];
    expect(table(rows)).toBe('a       long cell  x\nlonger  b          the last one');
  });

  it('is empty without rows', () => {
    expect(table([])).toBe('');
  });
});

describe('a line of a table', () => {
  it('pads a cell on the right, or on the left when its width is negative', () => {
    expect(tableLine(['a', '1', 'rest'], [3, -4])).toBe('a       1  rest');
  });

  it('keeps a cell that is longer than its column', () => {
    expect(tableLine(['abcdef', 'g'], [3])).toBe('abcdef  g');
  });
});
