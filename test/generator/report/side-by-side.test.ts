import { describe, expect, it } from 'vitest';
import { filesInMemory, headersFrom } from '../../../generator/core.js';
import { type LayoutLine, typeLines } from '../../../generator/report/layout-view.js';
import { differ, sideBySide } from '../../../generator/report/side-by-side.js';

function linesOf(text: string): LayoutLine[] {
  const headers = headersFrom({ files: filesInMemory({ '/include/x.h': text }), roots: ['/include'] });
  return headers.model('x.h').types.flatMap(typeLines);
}

const before = linesOf('struct s { char a; char padding1[7]; int old; int z; };');
const after = linesOf('struct s { char a; char immediate; char padding1[6]; int z; };');

describe('sideBySide', () => {
  it('lines of one member are in one row, with the marks of diff --side-by-side', () => {
    expect(sideBySide(['before', 'after'], before, after, { columns: 80 })).toBe(
      [
        'before                                   after',
        '             struct s {                               struct s {',
        '    0     1      char a;                     0     1      char a;',
        '                                       >     1     1      char immediate;',
        '    1     7      char padding1[7];     |     2     6      char padding1[6];',
        '    8     4      int old;              <',
        '   12     4      int z;                |     8     4      int z;',
        'size: 16, align: 4, members: 4         | size: 12, align: 4, members: 4',
        '             };                                       };',
      ].join('\n'),
    );
  });

  it('a line that is too long for its column ends with an ellipsis, and a pipe has no limit', () => {
    const long = linesOf('struct s { unsigned long long a_member_with_a_long_name; };');
    const narrow = sideBySide(['before', 'after'], long, long, { columns: 60 });
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(narrow).toContain('…');
    const wide = sideBySide(['before', 'after'], long, long, { columns: undefined });
    expect(wide.match(/unsigned long long a_member_with_a_long_name;/g)).toHaveLength(2);
  });

  it('a type on one side only has marks on all its lines', () => {
    const rows = sideBySide(['before', 'after'], [], before, { columns: 80 }).split('\n').slice(1);
    for (const row of rows) expect(row).toMatch(/^ {38} > /);
  });

  it('differ compares figures and code', () => {
    expect(differ(before, before)).toBe(false);
    expect(differ(before, after)).toBe(true);
    expect(differ(linesOf('struct s { char a; int b; };'), linesOf('struct s { char a; char c; int b; };'))).toBe(true);
  });

  it('colours are asked for both sides of a row that differs, and not for an equal row', () => {
    const marks: string[] = [];
    const paint = (text: string, mark: string): string => {
      marks.push(mark);
      return text;
    };
    sideBySide(['before', 'after'], before, after, { columns: 80, paint });
    expect([...new Set(marks)].sort()).toEqual(['<', '>', '|']);
    // Five rows differ, and one of them has no right side.
    expect(marks).toHaveLength(9);
  });
});
