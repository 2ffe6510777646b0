/** Which random values are tried: the same each time, so that a run that was good stays good. */

const usualSeed = 411;

/** The variables `FC_SEED` (a number, or `random`) and `FC_RUNS` of the environment look further. */
export function chosenRuns(count: number): { readonly seed: number; readonly numRuns: number } {
  const { FC_SEED, FC_RUNS } = process.env;
  const seed = FC_SEED === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(FC_SEED ?? usualSeed);
  return { seed, numRuns: FC_RUNS === undefined ? count : Number(FC_RUNS) };
}
