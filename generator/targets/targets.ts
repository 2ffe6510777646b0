/** The targets of the list, and their names. */

import { UsageError } from '../errors.js';
import * as list from './list.js';
import type { Target } from './target.js';

/** The name of a target, as given to `--arch`. */
export type TargetName = keyof typeof list;

/** The compiler refuses a target whose file exports it under another name than its own. */
const byName: { readonly [Name in TargetName]: Target<Name> } = list;

/** In alphabetical order. */
export const targets: readonly Target<TargetName>[] = Object.values(byName).sort((a, b) => (a.name < b.name ? -1 : 1));

export const targetNames: readonly TargetName[] = targets.map(({ name }) => name);

/** The target where nobody names one. */
export const defaultTarget: TargetName = 'x86_64';

export function isTargetName(name: unknown): name is TargetName {
  return targetNames.some((known) => known === name);
}

/** @throws UsageError for a name that no target has. */
export function targetCalled(name: string): Target<TargetName> {
  const target = targets.find((candidate) => candidate.name === name);
  if (!target) throw new UsageError(`unknown architecture '${name}'; expected one of ${targetNames.join(', ')}`);
  return target;
}
