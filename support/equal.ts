/** Compares views by their bytes. */

import { type ArrayView, isArrayView, nameOfArray } from './arrays.js';
import type { FlexibleTail } from './layout.js';
import { requireSameType, type View } from './view.js';

/**
 * Returns whether two views of the same type, or two arrays, have the same bytes, as `memcmp` does in C. Padding counts: two structs
 * with equal members are not equal if their padding differs. Memory from `allocate` and from the kernel has zeros there. The
 * elements of a flexible array count too.
 *
 * @throws TypeError if the types differ, or if a buffer is detached.
 * @throws RangeError if a flexible array has more elements than its memory.
 * @example
 * const before = vcpu.getRegs();
 * vcpu.run();
 * if (!equal(before, vcpu.getRegs())) console.log('the registers have changed');
 */
export function equal<T extends View | ArrayView<unknown>>(a: T, b: T): boolean;
export function equal(a: View | ArrayView<unknown>, b: View | ArrayView<unknown>): boolean {
  if (isArrayView(a) || isArrayView(b)) return isArrayView(a) && isArrayView(b) ? equalArrays(a, b) : refuse(a, b);
  requireSameType('equal', a, b);
  const { $size, $flexible } = a.constructor as unknown as { $size: number; $flexible?: FlexibleTail };
  if (!equalBytes(a.$$view, a.$$offset, b.$$view, b.$$offset, $size)) return false;
  return $flexible === undefined || equalArrays(arrayOf(a, $flexible), arrayOf(b, $flexible));
}

function arrayOf(view: View, { member }: FlexibleTail): ArrayView<unknown> {
  return (view as unknown as Readonly<Record<string, ArrayView<unknown>>>)[member] as ArrayView<unknown>;
}

function equalArrays(a: ArrayView<unknown>, b: ArrayView<unknown>): boolean {
  if (nameOfArray(a) !== nameOfArray(b) || a.stride !== b.stride) return refuse(a, b);
  return a.length === b.length && equalBytes(a.view, a.offset, b.view, b.offset, a.length * a.stride);
}

function refuse(a: View | ArrayView<unknown>, b: View | ArrayView<unknown>): never {
  const [one, other] = [a, b].map((each) => (isArrayView(each) ? nameOfArray(each) : each.constructor.name));
  throw new TypeError(`equal: ${one} and ${other}; both arguments must have the same type`);
}

/** Reads by the methods of DataView. Getting the buffer could be treated as a write by a view that tracks writes. */
function equalBytes(a: DataView, aStart: number, b: DataView, bStart: number, size: number): boolean {
  for (let at = 0; at < size; at++) {
    if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false;
  }
  return true;
}
