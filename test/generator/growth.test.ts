/** The work of the generator grows with the size of the headers, and not faster. The test counts the work: times depend on the machine. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { growths } from '../../tools/bench/growing-headers.js';

const program = fileURLToPath(new URL('../../dist/tools/bench/work-program.js', import.meta.url));

/** Returns how many blocks of the generator's code run for headers of each size. */
function workFor(subject: string, sizes: readonly number[]): number[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, subject, ...sizes.map(String)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`work-program: exit status ${status}: ${stderr}`);
  return JSON.parse(stdout) as number[];
}

it.each(growths)('the work for $subject grows with their number', ({ subject, base }) => {
  const [one, two, four] = workFor(subject, [base, 2 * base, 4 * base]) as [number, number, number];
  expect(two - one).toBeGreaterThan(base);
  // The second step has twice as many as the first one. The differences do not contain the work that does not depend on the size.
  expect((four - two) / (two - one)).toBeLessThan(2.1);
});
