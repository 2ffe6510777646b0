/** Compares views with code by hand, after a check that both do the same. */

import { type Comparison, compare, type Pair, type Result } from '../harness.js';

/** Returns the row of a comparison. `mappings` is the memory that both sides use. */
export function ratio(
  subject: string,
  bound: number | null,
  mappings: readonly ArrayBuffer[],
  pairs: readonly Pair[],
): Result {
  for (const pair of pairs) verify(subject, pair, mappings);
  const compared = compare(pairs);
  return { subject, measured: compared.ratio, bound, unit: '', note: describe(compared) };
}

function describe({ generated, byHand, spread }: Comparison): string {
  const [low, high] = spread.map((value) => value.toFixed(2));
  return `${generated.toFixed(2)} ns, by hand ${byHand.toFixed(2)} ns; ratio ${low} to ${high}`;
}

/** Checks that both sides return the same value and write the same bytes to memory. */
function verify(subject: string, { generated, byHand }: Pair, mappings: readonly ArrayBuffer[]): void {
  const contents = (): Buffer => Buffer.concat(mappings.map((buffer) => Buffer.from(buffer)));
  const clear = (): void => {
    for (const buffer of mappings) new DataView(buffer).setUint8(1, 0xff);
  };
  // The count is not a multiple of the number of instances, so that a wrong order of the instances has another result.
  const operations = mappings.length * 3 + 5;
  clear();
  const [ours, memory] = [generated(operations), contents()];
  clear();
  const theirs = byHand(operations);
  if (ours !== theirs) throw new Error(`${subject}: the views return ${ours}, the code by hand returns ${theirs}`);
  if (!memory.equals(contents())) throw new Error(`${subject}: the two sides write different bytes to memory`);
}
