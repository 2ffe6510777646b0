/** Checks a property of many random values together. Asking the compiler about each value separately would be slow. */

import fc from 'fast-check';
import { chosenRuns } from './random-runs.js';

/** Null for a correct value. Otherwise a description of the problem. */
export type Verdict = string | null;

/**
 * Checks a property of `count` random values with one call of `judge`. After a failure, fast-check makes the failing
 * value smaller, and `judge` is called for single values. The error names the seed.
 */
export async function checkAtOnce<T>(
  arbitrary: fc.Arbitrary<T>,
  count: number,
  judge: (values: readonly T[]) => Promise<readonly Verdict[]>,
  { seed, numRuns }: { readonly seed: number; readonly numRuns: number } = chosenRuns(count),
): Promise<void> {
  const values = fc.sample(arbitrary, { seed, numRuns });
  const verdicts = await judge(values).catch((cause: unknown) => {
    throw new Error(`no verdict on the values of FC_SEED=${seed} FC_RUNS=${numRuns}`, { cause });
  });
  const known = new Map(values.map((value, index) => [JSON.stringify(value), verdicts[index] ?? null]));
  const property = fc.asyncProperty(arbitrary, async (value) => {
    const key = JSON.stringify(value);
    if (!known.has(key)) known.set(key, (await judge([value]))[0] ?? null);
    const verdict = known.get(key) ?? null;
    if (verdict !== null) throw new Error(verdict);
  });
  await fc.assert(property, { seed, numRuns });
}
