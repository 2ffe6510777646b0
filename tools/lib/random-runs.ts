/** Which random values are tried: the same each time, so that a run that was good stays good. */

const usualSeed = 411;

/** The variables `FC_SEED` (a number, or `random`) and `FC_RUNS` of the environment look further; `wanted` is in place of the first. */
export function chosenRuns(count: number, wanted?: string): { readonly seed: number; readonly numRuns: number } {
  const { FC_SEED, FC_RUNS } = process.env;
  const chosen = wanted ?? FC_SEED;
  const seed = chosen === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(chosen ?? usualSeed);
  return { seed, numRuns: FC_RUNS === undefined ? count : Number(FC_RUNS) };
}
