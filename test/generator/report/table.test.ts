/** Tables as text. */

import { describe, expect, it } from 'vitest';
import { table, tableLine } from '../../../generator/report/table.js';

describe('a table', () => {
  it('a table has columns as wide as their longest cells, and the last column is not padded', () => {
    const rows = [
      ['a', 'long cell', 'x'],
      ['longer', 'b', 'the last one'],
    ];
    expect(table(rows)).toBe('a       long cell  x\nlonger  b          the last one');
  });

  it('a table without rows is empty', () => {
    expect(table([])).toBe('');
  });
});

describe('a line of a table', () => {
  it('a cell is padded on the right, or on the left if the width is negative', () => {
    expect(tableLine(['a', '1', 'rest'], [3, -4])).toBe('a       1  rest');
  });

  it('a cell that is longer than its column is not changed', () => {
    expect(tableLine(['abcdef', 'g'], [3])).toBe('abcdef  g');
  });
});
