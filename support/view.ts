/**
 * Views of C memory. A view owns no bytes. It reads and writes the DataView that it was made over, so each side sees what the
 * other writes. When the buffer is detached, every access throws a TypeError. Assignment converts as C does: modulo the width.
 */

import type { FlexibleTail, TypeLayout } from './layout.js';

/** A view of one C struct, union or scalar in memory. Making one throws a RangeError when it ends beyond the end of the memory. */
export interface View {
  readonly $$view: DataView;
  /** Where it begins in `$$view`, in bytes. */
  readonly $$offset: number;
}

/** A view that knows its layout: that of its class. */
export interface ViewWithLayout extends View {
  readonly $$layout: TypeLayout;
}

/** The class of a view. */
export interface ViewClass<T extends View> {
  new (view: DataView, offset?: number): T;
  readonly $size: number;
  readonly $align: number;
  readonly $layout: TypeLayout;
}

/** The class of a view that ends in a flexible array. */
export interface FlexibleViewClass<T extends View> extends ViewClass<T> {
  readonly $flexible: FlexibleTail;
}

/** The bytes that a view shows, without those of a flexible array; shared, not copied. */
export function bytesOf(view: View): Uint8Array {
  const { $size } = view.constructor as unknown as ViewClass<View>;
  return new Uint8Array(view.$$view.buffer, view.$$view.byteOffset + view.$$offset, $size);
}

/** Copies the bytes of one view to another of the same type, as assigning a struct does in C. */
export function copy<T extends View>(to: T, from: T): void {
  bytesOf(to).set(bytesOf(from));
}
