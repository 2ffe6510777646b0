/** How the facts about first versions follow from the names of header sets. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../generator/headers/disk.js';
import { sinceFacts, sinceFile } from '../../../generator/headers/sets/since.js';
import type { SinceFacts } from '../../../generator/model/since.js';
import { hashedText, type SetNames, seriesOf, textOf, withSets } from '../../../tools/since/first-versions.js';

const sha256 = (text: string): string => nodeSha256(new TextEncoder().encode(text));

function set(kernel: string, targets: Readonly<Record<string, readonly string[]>>): SetNames {
  return {
    set: { kernel, origin: `linux ${kernel}`, sha256: { x86: kernel } },
    targets: Object.entries(targets).map(([target, names]) => ({ target, names: new Set(names) })),
  };
}

const build = (...sets: readonly SetNames[]): SinceFacts => withSets(undefined, sets, ['x.h']);

const sets = [
  set('6.1.5', { x86_64: ['A', 'GONE', 'struct s', 'struct s.pad'], arm64: [] }),
  set('6.12', { x86_64: ['A', 'B', 'struct s', 'struct s.pad', 'struct s.real'], arm64: ['A'] }),
  set('5.10.2', { x86_64: ['A', 'GONE', 'AWAY'] }),
  set('7.0.1', { x86_64: ['A', 'AWAY', 'B', 'struct s', 'struct s.pad', 'struct s.real'], arm64: ['A'] }),
] as const;

describe('the facts of sets', () => {
  const facts = build(...sets);

  it('each item of the newest set has the first version with it on each target', () => {
    expect(facts.groups).toEqual([
      { first: { '5.10': ['x86_64'], '6.12': ['arm64'] }, names: ['A'], members: {} },
      { first: { '5.10': ['x86_64'] }, names: ['AWAY'], members: {} },
      { first: { '6.1': ['x86_64'] }, names: ['struct s'], members: { 'struct s': ['pad'] } },
      { first: { '6.12': ['x86_64'] }, names: ['B'], members: { 'struct s': ['real'] } },
    ]);
  });

  it('the versions of a target are those of its sets, oldest first', () => {
    expect(facts.versions).toEqual({ arm64: ['6.1', '6.12', '7.0'], x86_64: ['5.10', '6.1', '6.12', '7.0'] });
    expect(facts.sets.map(({ kernel }) => kernel)).toEqual(['5.10.2', '6.1.5', '6.12', '7.0.1']);
  });

  it('the order of the sets does not matter', () => {
    expect(build(...[...sets].reverse())).toEqual(facts);
  });

  it('a set of a version between others moves first versions, but adds no items', () => {
    const more = withSets(facts, [set('6.6.9', { x86_64: ['B', 'GONE', 'struct s'] })], ['x.h']);
    expect(more.versions).toMatchObject({ x86_64: ['5.10', '6.1', '6.6', '6.12', '7.0'] });
    expect(more.groups.find(({ first }) => '6.6' in first)).toEqual({
      first: { '6.6': ['x86_64'] },
      names: ['B'],
      members: {},
    });
    expect(JSON.stringify(more.groups)).not.toContain('GONE');
  });

  it('a newer set adds its items, and removes the items that it does not have', () => {
    const more = withSets(facts, [set('7.1', { x86_64: ['A', 'C'] })], ['x.h']);
    expect(more.groups).toEqual([
      { first: { '5.10': ['x86_64'], '6.12': ['arm64'] }, names: ['A'], members: {} },
      { first: { '7.1': ['x86_64'] }, names: ['C'], members: {} },
    ]);
  });

  it('the same set twice changes nothing', () => {
    expect(withSets(facts, [sets[3]], ['x.h'])).toEqual(facts);
  });

  it.each([
    ['5.10.223', '5.10'],
    ['6.12', '6.12'],
    ['7.0.1', '7.0'],
  ])('the series of %s is %s', (kernel, series) => {
    expect(seriesOf(kernel)).toBe(series);
  });
});

describe('the file of the facts', () => {
  it('the text has the facts and the hash of its other lines', () => {
    const facts = build(...sets);
    const text = textOf(facts, sha256);
    const { sha256: _, ...read } = JSON.parse(text) as SinceFacts & { sha256: string };
    expect(read).toEqual(facts);
    const hashed = hashedText(text);
    expect(hashed.recorded).toBe(sha256(hashed.text));
    expect(text).toContain('\n        "struct s": ["pad"]\n');
  });

  it('headers/since.json is as `npm run since` wrote it', () => {
    const text = readFileSync(sinceFile(), 'utf8');
    const { recorded, text: own } = hashedText(text);
    expect(recorded).toBe(sha256(own));
    const { sha256: _, ...facts } = sinceFacts() as SinceFacts & { sha256?: string };
    expect(textOf(facts, sha256)).toBe(text);
    expect(text.length).toBeLessThan(300_000);
  });
});
