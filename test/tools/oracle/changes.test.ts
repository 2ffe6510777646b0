/** The comparison of changes with the compiler's facts. `npm run oracle -- --diff` compares all pairs of Debian's versions. */

import { describe, expect, it } from 'vitest';
import { diffModels } from '../../../generator/core.js';
import type { Change } from '../../../generator/diff/changes.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { judgeChanges } from '../../../tools/oracle/changes.js';
import type { CompiledFact } from '../../../tools/oracle/compiled-facts.js';

const [before, after] = ['struct s { char a; int b; };', 'struct s { long a; int b; };'].map((text) =>
  modelOf({ 'own.h': text }),
);
const changes: readonly Change[] = before && after ? diffModels(before, after) : [];

/** The facts of the two structs on x86-64, from the rules of C. */
const facts = (): { before: Map<string, CompiledFact>; after: Map<string, CompiledFact> } => ({
  before: new Map<string, CompiledFact>([
    ['struct s', { size: 8 }],
    ['struct s.a', { bits: [0, 8], type: 'char (s8)' }],
    ['struct s.b', { bits: [32, 32], type: 'int (s32)' }],
  ]),
  after: new Map<string, CompiledFact>([
    ['struct s', { size: 16 }],
    ['struct s.a', { bits: [0, 64], type: 'long (s64)' }],
    ['struct s.b', { bits: [64, 32], type: 'int (s32)' }],
  ]),
});

describe('the judge of changes', () => {
  it('the right facts confirm all changes', () => {
    expect(judgeChanges(changes, facts())).toEqual({ confirmed: 3, unchecked: 0, different: 3, findings: [] });
  });

  it('a different offset for the compiler is a finding', () => {
    const wrong = facts();
    wrong.after.set('struct s.b', { bits: [96, 32], type: 'int (s32)' });
    const text = 'moved struct s.b: after: bits 64+32 for the change, bits 96+32 for the compiler';
    expect(judgeChanges(changes, wrong).findings).toEqual([text]);
  });

  it('a name that is different for the compiler and in no change is a finding', () => {
    const rest = changes.filter(({ name }) => name !== 'struct s.b');
    expect(judgeChanges(rest, facts()).findings).toEqual(['struct s.b: no change says it']);
  });

  it('a class that does not fit the facts is a finding', () => {
    const wrong = changes.map(
      (change): Change => (change.name === 'struct s.a' ? { ...change, class: 'type' } : change),
    );
    expect(judgeChanges(wrong, facts()).findings).toEqual(['type struct s.a: the facts do not fit the class']);
  });
});
