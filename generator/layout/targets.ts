/** All targets. A new one is a data file in `targets/` and a line here. */

import { UsageError } from '../errors.js';
import type { Target } from './target.js';
import { x86_64 } from './targets/x86_64.js';

export const targets: readonly Target[] = [x86_64];

export function targetCalled(name: string): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (!target) {
    const known = targets.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`unknown architecture '${name}'; known are: ${known}`);
  }
  return target;
}
