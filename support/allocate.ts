/** New views over memory of their own. */

import type { FlexibleTail } from './layout.js';
import type { FlexibleViewClass, View, ViewClass } from './view.js';

/** A new view over zeroed memory of its own. */
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: never }): T;
/** A new view over zeroed memory of its own, with room for `count` elements at its end; the member that counts them is set. */
export function allocate<T extends View>(type: FlexibleViewClass<T>, count: number): T;
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: FlexibleTail }, count = 0): T {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${type.name}: ${count} elements`);
  const tail = type.$flexible;
  const size = tail ? Math.max(type.$size, tail.offset + count * tail.elementSize) : type.$size;
  const view = new type(new DataView(new ArrayBuffer(size)));
  if (tail?.countedBy) {
    const members = view as unknown as Record<string, number | bigint>;
    members[tail.countedBy] = typeof members[tail.countedBy] === 'bigint' ? BigInt(count) : count;
    if (Number(members[tail.countedBy]) !== count) {
      throw new RangeError(`${type.name}: ${tail.countedBy} cannot count ${count} elements`);
    }
  }
  return view;
}
