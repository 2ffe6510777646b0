/** What one side says of each item, so that the compiler's word and the model's can be held against each other. */

import type { Model } from '../../generator/model/model.js';

/** The header that is compiled, and those whose items are listed. */
export type Subject = Pick<Model, 'header' | 'requiredIncludes' | 'coveredHeaders'>;

/** What is said of each item, by its name: `struct kvm_run.io` or `KVM_RUN`. */
export type Listing = ReadonlyMap<string, Listed>;

export interface Listed {
  /** The place of the item, of a member that of the type it is in: `linux/kvm.h:292`. */
  readonly at: string;
  readonly text: string;
}

/** An item that only one side has, or that the sides say different things of. */
export interface Difference {
  readonly item: string;
  /** What the compiler says; undefined where it does not have the item. */
  readonly compiled: Listed | undefined;
  readonly modelled: Listed | undefined;
}

export function listingDifferences(compiled: Listing, modelled: Listing): Difference[] {
  const items = new Set([...compiled.keys(), ...modelled.keys()]);
  return [...items]
    .map((item) => ({ item, compiled: compiled.get(item), modelled: modelled.get(item) }))
    .filter(({ compiled, modelled }) => compiled?.at !== modelled?.at || compiled?.text !== modelled?.text);
}

/** The covered header that a path of the compiler leads to. */
export function headerAt(path: string, covers: readonly string[]): string | undefined {
  return covers.find((name) => path.endsWith(`/${name}`));
}
