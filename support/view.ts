/**
 * Views of C memory. A view has no bytes of its own. It reads and writes its DataView, so other code sees its writes,
 * and it sees the writes of other code. If the buffer is detached, every access throws a TypeError. Assignment converts
 * a value as C does: modulo 2 to the power of the width.
 */

import type { FlexibleTail, TypeLayout } from './layout.js';

/**
 * A view of one C struct, union or scalar in memory. The constructor throws a RangeError if the view ends after the end
 * of the DataView.
 */
export interface View {
  readonly $$view: DataView;
  /** The offset in `$$view` in bytes. */
  readonly $$offset: number;
}

/** A view with the layout of its class. */
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

/** Returns the bytes of a view, without the bytes of a flexible array. The bytes are shared, not copied. */
export function bytesOf(view: View): Uint8Array {
  const { $size } = view.constructor as unknown as ViewClass<View>;
  return new Uint8Array(view.$$view.buffer, view.$$view.byteOffset + view.$$offset, $size);
}

/** Copies the bytes of one view to another view of the same type, as the assignment of a struct does in C. */
export function copy<T extends View>(to: T, from: T): void {
  bytesOf(to).set(bytesOf(from));
}
