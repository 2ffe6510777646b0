/** Lists the facts of one side about each item, so that the compiler's facts can be compared with the model's facts. */

import { posix } from 'node:path';
import type { Model } from '../../generator/model/model.js';
import type { Compiler } from '../lib/compilers.js';

/** The compiled header, and the headers whose items are listed. */
export type Subject = Pick<Model, 'header' | 'requiredIncludes' | 'coveredHeaders'>;

/** The facts about each item, by its name: `struct kvm_run.io` or `KVM_RUN`. */
export type Listing = ReadonlyMap<string, Listed>;

export interface Listed {
  /** The location of the item. A member has the location of its type: `linux/kvm.h:292`. */
  readonly at: string;
  readonly text: string;
}

/** An item that only one side has, or whose facts differ. */
export interface Difference {
  readonly item: string;
  /** The compiler's facts. Undefined if the compiler does not have the item. */
  readonly compiled: Listed | undefined;
  readonly modelled: Listed | undefined;
}

export function listingDifferences(compiled: Listing, modelled: Listing): Difference[] {
  const items = new Set([...compiled.keys(), ...modelled.keys()]);
  return [...items]
    .map((item) => ({ item, compiled: compiled.get(item), modelled: modelled.get(item) }))
    .filter(({ compiled, modelled }) => compiled?.at !== modelled?.at || compiled?.text !== modelled?.text);
}

/** Returns the covered header of a path of the compiler, or undefined. */
export type HeaderFinder = (path: string) => string | undefined;

/**
 * A path in an include folder must be exactly a covered header there, because `time.h` is not `sys/time.h`. Other paths
 * are in the system's folders, which the compiler alone knows.
 */
export function headerFinder({ coveredHeaders }: Subject, { include }: Pick<Compiler, 'include'>): HeaderFinder {
  const roots = include.map((folder) => `${posix.normalize(folder)}/`);
  return (spelled) => {
    const path = posix.normalize(spelled);
    const names = roots.filter((root) => path.startsWith(root)).map((root) => path.slice(root.length));
    if (names.length > 0) return names.find((name) => coveredHeaders.includes(name));
    return coveredHeaders.find((name) => path.endsWith(`/${name}`));
  };
}
