/** The seed of the random values. It is the same in every run, so that a successful run stays successful. */

const usualSeed = 411;

/**
 * Returns the seed and the number of runs. The environment variables `FC_SEED` (a number or `random`) and `FC_RUNS`
 * change them. `wanted` replaces `FC_SEED`.
 */
export function chosenRuns(count: number, wanted?: string): { readonly seed: number; readonly numRuns: number } {
  const { FC_SEED, FC_RUNS } = process.env;
  const chosen = wanted ?? FC_SEED;
  const seed = chosen === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(chosen ?? usualSeed);
  return { seed, numRuns: FC_RUNS === undefined ? count : Number(FC_RUNS) };
}
