/** Compares two models of one header, by name. */

import type { Model } from './model.js';

export interface Difference {
  /** The item, such as `struct kvm_run` or `constant KVM_CAP_IMMEDIATE_EXIT`. */
  readonly item: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/** Returns the items that only one of the models has or that differ. Locations and `since` are ignored. */
export function compareModels(before: Model, after: Model): Difference[] {
  const [old, now] = [itemsOf(before), itemsOf(after)];
  const differences: Difference[] = [];
  for (const [item, facts] of now) {
    const earlier = old.get(item);
    if (earlier === undefined) differences.push({ item, change: 'added' });
    else if (earlier !== facts) differences.push({ item, change: 'changed' });
  }
  for (const item of old.keys()) if (!now.has(item)) differences.push({ item, change: 'removed' });
  return differences;
}

function itemsOf(model: Model): Map<string, string> {
  const items = new Map<string, string>();
  const add = (item: string, facts: unknown): Map<string, string> =>
    items.set(item, JSON.stringify(facts, withoutContext));
  for (const type of model.types) add(type.cName, type);
  for (const type of model.enums) {
    if (type.cName !== null) add(type.cName, type);
    for (const enumerator of type.enumerators) add(`enumerator ${enumerator.name}`, enumerator);
  }
  for (const constant of model.constants) add(`constant ${constant.name}`, constant);
  for (const ioctl of model.ioctls) add(`ioctl ${ioctl.name}`, ioctl);
  for (const macro of model.functions) add(`function ${macro.name}`, macro);
  for (const omission of model.omissions) add(`omission ${omission.name}`, omission);
  return items;
}

/** A header that changes nothing in an item can move it. Facts about its first version are not in a header. */
function withoutContext(key: string, value: unknown): unknown {
  return key === 'location' || key === 'since' ? undefined : value;
}
