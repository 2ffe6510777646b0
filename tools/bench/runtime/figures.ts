/** The absolute figures for the note of a ratio. */

import { medianOf, type Round } from '../harness.js';

/** The median time of each side, in microseconds. The rounds are in nanoseconds. */
export function microseconds(rounds: readonly Round[], decimals: number): [string, string] {
  const figure = (side: 0 | 1): string => `${(medianOf(rounds, (round) => round[side]) / 1000).toFixed(decimals)} µs`;
  return [figure(0), figure(1)];
}
