/** Measures how the time from headers to text grows with the size of the headers. It must not grow faster than the size. */

import { generating, growths } from './growing-headers.js';
import { duration, type Result } from './harness.js';
import type { Curve } from './plot.js';

const factors = [1, 2, 4, 8] as const;

export interface GrowthResults {
  readonly results: readonly Result[];
  readonly curves: readonly Curve[];
}

export async function benchGrowth(): Promise<GrowthResults> {
  const results: Result[] = [];
  const curves: Curve[] = [];
  for (const { subject, unit, base, headers } of growths) {
    const points: { size: number; milliseconds: number }[] = [];
    // V8 compiles during the first runs. These runs are not measured, because they would make the shortest header look slow.
    const shortest = generating(headers(base));
    for (let round = 0; round < 30; round++) shortest();
    for (const factor of factors) {
      const size = base * factor;
      points.push({ size, milliseconds: await duration(generating(headers(size)), 7) });
    }
    const [first, last] = [points[0], points.at(-1)].map((point) => point?.milliseconds as number) as [number, number];
    const note = points.map(({ size, milliseconds }) => `${size}: ${milliseconds.toFixed(0)} ms`).join(', ');
    const measured = last / (8 * first);
    results.push({ subject: `eight times as many ${subject}, time of each`, measured, bound: 1.25, unit: '', note });
    curves.push({ title: subject, unit, points });
  }
  return { results, curves };
}
