/** The committed list of known failures of the corpus, and how findings are compared with it. */

import { describe, expect, it } from 'vitest';
import { targetCalled } from '../../../generator/targets/targets.js';
import { type Exception, exceptions, sortFindings } from '../../../tools/oracle/exceptions.js';
import type { Finding } from '../../../tools/oracle/judge.js';

describe('the exceptions of the corpus', () => {
  it('each exception names a header and has a cause in the header, not in the generator', () => {
    expect(exceptions.length).toBeGreaterThan(0);
    for (const { header, cause } of exceptions) {
      expect(header).toMatch(/^[\w-]+\/[\w/.-]+\.h$/);
      expect(cause, header).toMatch(/\w+ \w+ \w+/);
      expect(cause, header).not.toMatch(/not (?:yet )?(?:implemented|supported|handled)|to ?do|fixme|later/i);
    }
  });

  it('the exceptions name each item once, and only existing architectures', () => {
    for (const { header, items, architectures = [] } of exceptions) {
      expect(items?.length, header).not.toBe(0);
      expect(new Set(items).size, header).toBe(items?.length ?? 0);
      expect(() => architectures.map(targetCalled), header).not.toThrow();
    }
  });
});

const finding = (header: string, item: string): Finding => ({ header, item, missing: true, text: item });

describe('the findings of a place', () => {
  const place = { architecture: 's390x', release: 'newest' };
  const cause = 'the header says so';
  const sorted = (list: readonly Exception[], ...findings: Finding[]): readonly (readonly string[])[] => {
    const { excepted, unexpected, stale } = sortFindings(findings, place, list);
    return [excepted.map(({ item }) => item), unexpected.map(({ item }) => item), stale];
  };

  it('the findings are expected by header and item, or by the whole header', () => {
    const found = [finding('a.h', 'A'), finding('a.h', 'B'), finding('b.h', 'A'), finding('b.h', '')];
    expect(sorted([], ...found)).toEqual([[], ['A', 'B', 'A', ''], []]);
    expect(sorted([{ header: 'a.h', items: ['A'], cause }], ...found)).toEqual([['A'], ['B', 'A', ''], []]);
    expect(sorted([{ header: 'b.h', cause }], ...found)).toEqual([[''], ['A', 'B', 'A'], []]);
  });

  it('a row applies only to its architectures and releases', () => {
    const row = { header: 'a.h', items: ['A'], cause };
    for (const here of [{ architectures: ['i386', 's390x'] }, { releases: ['newest'] }]) {
      expect(sorted([{ ...row, ...here }], finding('a.h', 'A'))).toEqual([['A'], [], []]);
    }
    for (const elsewhere of [{ architectures: ['i386'] }, { releases: ['bookworm'] }]) {
      expect(sorted([{ ...row, ...elsewhere }], finding('a.h', 'A'))).toEqual([[], ['A'], []]);
    }
  });

  it('a row without a finding is stale, item by item', () => {
    const list = [
      { header: 'a.h', items: ['A', 'B'], cause },
      { header: 'b.h', cause },
    ];
    expect(sorted(list, finding('a.h', 'A'))).toEqual([['A'], [], ['<a.h> B', '<b.h>']]);
    expect(sorted([{ ...list[1], architectures: ['i386'] } as Exception])).toEqual([[], [], []]);
  });
});
