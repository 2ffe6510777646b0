/** The expected drawings are written by hand from the layout of the psABI of x86-64. */

import { describe, expect, it } from 'vitest';
import { filesInMemory, headersFrom } from '../../../generator/core.js';
import type { RecordType } from '../../../generator/model/model.js';
import { byteMap } from '../../../generator/report/byte-map.js';

function typeIn(text: string): RecordType {
  const headers = headersFrom({ files: filesInMemory({ '/include/x.h': text }), roots: ['/include'] });
  const [type] = headers.model('x.h').types.slice(-1);
  if (!type) throw new Error('the text declares no type');
  return type;
}

// 8 columns before the row, and 4 columns for each of 8 bytes.
const narrow = { columns: 48 };

describe('byteMap', () => {
  it('a struct has a span for each member, hole and the padding at its end', () => {
    expect(byteMap(typeIn('struct s { char a; int b; short c[2]; long d; char e; };'), { columns: 80 })).toBe(
      [
        'struct s: 32 bytes, alignment 8, 1 cache line',
        '     0  |a      |(hole, 3 bytes)        |b                              |',
        '     8  |c[2]                           |(hole, 4 bytes)                |',
        '    16  |d                                                              |',
        '    24  |e      |(padding, 7 bytes)                                     |',
      ].join('\n'),
    );
  });

  it('bit-fields that share bytes are one span with a note', () => {
    expect(byteMap(typeIn('struct s { int a : 3; int b : 10; int : 3; int c : 1; };'), { columns: 80 })).toBe(
      [
        'struct s: 4 bytes, alignment 4, 1 cache line',
        '     0  |bit-fields     |c:1    |(paddi…|',
        '        ^ a bits 0..2, b bits 3..12',
        '        ^ c bit 0',
      ].join('\n'),
    );
  });

  it('the arms of a union are over each other, in the columns of their bytes', () => {
    const text = 'struct s { int a; union { char b; struct { short c; char d; }; int e; } u; };';
    expect(byteMap(typeIn(text), { columns: 80 })).toBe(
      [
        'struct s: 8 bytes, alignment 4, 1 cache line',
        '     0  |a                              |u (3 arms)                     |',
        '',
        'union u, bytes 4..7: each arm is over the others',
        '  b',
        '     0                                  |b      |',
        '  arm 2',
        '     0                                  |c              |d      |(paddi…|',
        '  e',
        '     0                                  |e                              |',
      ].join('\n'),
    );
  });

  it('a long array takes three rows, and cache lines are marked', () => {
    expect(byteMap(typeIn('struct s { char a[160]; int b; };'), narrow)).toBe(
      [
        'struct s: 164 bytes, alignment 4, 3 cache lines',
        '-------- cache line 0',
        '     0  |a[160]                         |',
        '     8  |… a[160]                       |',
        '        : a[160] goes on to byte 159',
        '-------- cache line 2',
        '   160  |b              |',
      ].join('\n'),
    );
  });

  it('a wide terminal has 16 bytes in a row', () => {
    const rows = byteMap(typeIn('struct s { long a, b; char c; };'), { columns: 200 }).split('\n').slice(1);
    expect(rows).toHaveLength(2);
    expect(rows[0]?.length).toBe(8 + 16 * 11 + 1);
  });

  it('a flexible array has a note at its first byte', () => {
    const map = byteMap(typeIn('struct s { int n; int list[]; };'), narrow);
    expect(map).toContain('     0  |n              |');
    expect(map).toContain('^ list[] begins here');
  });

  it('no line is wider than the columns, for every kind of content', () => {
    const text = `struct s { int ${Array.from({ length: 12 }, (_, i) => `a_member_with_a_long_name_${i} : 2`).join(', ')}; };`;
    for (const columns of [40, 80, 200]) {
      for (const line of byteMap(typeIn(text), { columns }).split('\n'))
        expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('a colour is asked for each span with its kind', () => {
    const kinds: string[] = [];
    const paint = (part: string, kind: string): string => {
      kinds.push(kind);
      return part;
    };
    byteMap(typeIn('struct s { char a; int b; union { int c; }; char d; };'), { columns: 80, paint });
    expect(kinds).toEqual(['member', 'hole', 'member', 'union', 'member', 'padding', 'member']);
  });
});
