/** Checks many random groups of declarations, and describes the faults. */

import type { Target } from '../../../generator/targets/target.js';
import { targetCalled } from '../../../generator/targets/targets.js';
import { type Fault, judgeUnits } from './judge.js';
import { reduced, signatureOf } from './reduce.js';
import { type Unit, unitOf } from './units.js';

/** The targets differ in the sizes of types, in their alignments, in the byte order and in the sign of `char`. */
export const declarationTargets: readonly Target[] = ['x86_64', 'i386', 's390x', 'arm64', 'mips64'].map(targetCalled);

export interface DeclarationVerdict {
  readonly declarations: number;
  readonly comparisons: number;
  readonly refusals: number;
  /** The number of faults of each kind. */
  readonly counts: Readonly<Record<Fault['kind'], number>>;
  /** One reduced example of each fault. */
  readonly examples: readonly string[];
}

/** The number of groups in one header. */
const batch = 250;

/** The most faults that are reduced. */
const mostExamples = 25;

/** Checks the groups `first` to `first + count - 1` of a seed. `progress` is called with the number of checked groups. */
export async function checkDeclarations(
  target: Target,
  { seed, first = 0, count }: { readonly seed: number; readonly first?: number; readonly count: number },
  progress: (done: number) => void = () => {},
): Promise<DeclarationVerdict> {
  const counts: Record<Fault['kind'], number> = { difference: 0, refused: 0, accepted: 0, omitted: 0 };
  const groups = new Map<string, { readonly unit: Unit; readonly fault: Fault; times: number }>();
  let [comparisons, refusals] = [0, 0];
  for (let start = first; start < first + count; start += batch) {
    const units = Array.from({ length: Math.min(batch, first + count - start) }, (_, at) => unitOf(seed, start + at));
    const verdict = await judgeUnits(units, target);
    comparisons += verdict.comparisons;
    refusals += verdict.refusals;
    for (const [index, fault] of verdict.faults) {
      counts[fault.kind]++;
      const unit = units[index - start] as Unit;
      const known = groups.get(signatureOf(fault));
      if (known) known.times++;
      else groups.set(signatureOf(fault), { unit, fault, times: 1 });
    }
    progress(units.length);
  }
  const examples: string[] = [];
  for (const { unit, fault, times } of [...groups.values()].sort((a, b) => b.times - a.times).slice(0, mostExamples)) {
    const small = await reduced(unit, fault, target);
    examples.push(
      `${fault.kind}, ${times} times, group ${unit.index} of the seed ${seed} on ${target.name}:\n${small.unit.lines.join('\n')}\n  ${small.fault.text}`,
    );
  }
  return { declarations: count, comparisons, refusals, counts, examples };
}
