/** The targets of the list, and their names. */

import { UsageError } from '../errors.js';
import * as list from './list.js';
import type { Target } from './target.js';

/** The name of a target, as for `--arch`. */
export type TargetName = keyof typeof list;

/** The type requires that the file of a target exports it under its own name. */
const byName: { readonly [Name in TargetName]: Target<Name> } = list;

/** All targets, in alphabetical order. */
export const targets: readonly Target<TargetName>[] = Object.values(byName).sort((a, b) => (a.name < b.name ? -1 : 1));

export const targetNames: readonly TargetName[] = targets.map(({ name }) => name);

/** The target that is used if no target is given. */
export const defaultTarget: TargetName = 'x86_64';

export function isTargetName(name: unknown): name is TargetName {
  return targetNames.some((known) => known === name);
}

/** Returns the target with a name. @throws UsageError for an unknown name. */
export function targetCalled(name: string): Target<TargetName> {
  const target = targets.find((candidate) => candidate.name === name);
  if (!target) throw new UsageError(`unknown architecture '${name}'; expected one of ${targetNames.join(', ')}`);
  return target;
}
