/** Allocates memory for views. */

import type { FlexibleTail } from './layout.js';
import type { FlexibleViewClass, View, ViewClass } from './view.js';

/** Returns a new view over newly allocated, zeroed memory. */
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: never }): T;
/**
 * Returns a new view over newly allocated, zeroed memory with space for `count` elements of its flexible array. If a
 * member counts the elements, it is set to `count`. @throws RangeError if `count` is not valid, or if that member
 * cannot hold it.
 */
export function allocate<T extends View>(type: FlexibleViewClass<T>, count: number): T;
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: FlexibleTail }, count = 0): T {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RangeError(
      `${type.name}: cannot allocate ${count} elements; the number must be an integer that is not negative`,
    );
  const tail = type.$flexible;
  const size = tail ? Math.max(type.$size, tail.offset + count * tail.elementSize) : type.$size;
  const view = new type(new DataView(new ArrayBuffer(size)));
  if (tail?.countedBy) {
    const members = view as unknown as Record<string, number | bigint>;
    members[tail.countedBy] = typeof members[tail.countedBy] === 'bigint' ? BigInt(count) : count;
    if (Number(members[tail.countedBy]) !== count) {
      throw new RangeError(
        `${type.name}: member ${tail.countedBy} cannot hold the number of elements, ${count}; use fewer elements`,
      );
    }
  }
  return view;
}
