/** Mutated headers: the changes that the generator finds are those that the mutations made. */

import { describe, expect, it } from 'vitest';
import { differencesOf, mutantOf } from '../../../tools/fuzz/headers/check.js';
import { mutationNames } from '../../../tools/fuzz/headers/mutations.js';
import { chosenRuns } from '../../../tools/lib/random-runs.js';

describe('the changes of mutated random headers', () => {
  const { seed, numRuns } = chosenRuns(300);
  const mutants = Array.from({ length: numRuns }, (_, index) => ({ seed: seed + index, ...mutantOf(seed + index) }));

  it('the comparison finds the changes that the mutations made, and no others', () => {
    const wrong = mutants.filter((mutant) => differencesOf(mutant).length > 0);
    expect(wrong.map((mutant) => ({ ...mutant, differences: differencesOf(mutant) }))).toEqual([]);
  });

  it.each(mutationNames)('some headers have the mutation: %s', (name) => {
    expect(mutants.some(({ mutations }) => mutations.includes(name))).toBe(true);
  });

  it('a missing change and an unexpected change are differences', () => {
    const differences = differencesOf({ expected: ['a', 'b', 'b'], found: ['b', 'c'] });
    expect(differences).toEqual(['not found: a', 'not found: b', 'not expected: c']);
  });
});
