/**
 * Views of C memory. A view has no bytes of its own. It reads and writes its DataView, so other code sees its writes,
 * and it sees the writes of other code. If the buffer is detached, every access throws a TypeError. Assignment converts
 * a value as C does: modulo 2 to the power of the width.
 */

import type { FlexibleTail, TypeLayout } from './layout.js';

/**
 * A view of one C struct, union or scalar in memory. The constructor throws a RangeError if the view ends after the end
 * of the DataView. The error names the type, its size, the offset and the size of the DataView.
 */
export interface View {
  readonly $$view: DataView;
  /** The offset in `$$view` in bytes. */
  readonly $$offset: number;
}

/** A view with the layout of its class. */
export interface ViewWithLayout extends View {
  readonly $$layout: TypeLayout;
  /**
   * Returns the values of all members, for `toObject`. V8 knows the form of this object before it is made, so it is ten times as
   * fast as adding the members one by one. The views of scalars, and bindings of earlier versions, do not have the method.
   */
  $$values?(): object;
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

/**
 * The value of a property of every view. `structuredClone` and `postMessage` copy only the properties of an object, not its
 * class, so the copy of a view would have no members. They refuse an object with a symbol, and the error names the symbol.
 */
export const uncloneable: symbol = Symbol('a view; pass toObject(view) instead');

/** Returns the error for a view that is not inside its DataView. `error` is that of the access to the last byte. */
export function outOfBounds(error: unknown, view: DataView, offset: number, type: ViewClass<View>): unknown {
  if (!(error instanceof RangeError)) return error;
  const { name, size } = type.$layout;
  const place = `${size} ${size === 1 ? 'byte' : 'bytes'} at offset ${offset}`;
  return new RangeError(`${name}: ${place} are not inside the view of ${view.byteLength} bytes`, { cause: error });
}

/** Returns the bytes of a view, without the bytes of a flexible array. The bytes are shared, not copied. */
export function bytesOf(view: View): Uint8Array {
  const { $size } = view.constructor as unknown as ViewClass<View>;
  return new Uint8Array(view.$$view.buffer, view.$$view.byteOffset + view.$$offset, $size);
}

/**
 * Copies the bytes of one view to another view of the same type, as the assignment of a struct does in C. The two views may
 * overlap. A flexible array is not copied.
 *
 * @throws TypeError if the views have different types, or if a buffer is detached. Nothing is written then.
 */
export function copy<T extends View>(to: T, from: T): void {
  requireSameType('copy', to, from);
  bytesOf(to).set(bytesOf(from));
}

/** @throws TypeError unless both objects are views of the same C type in the same byte order. */
export function requireSameType(operation: string, a: View, b: View): void {
  const [one, other] = [layoutOf(operation, a), layoutOf(operation, b)];
  if (one === other || isSameType(one, other)) return;
  const order = one.byteOrder === other.byteOrder ? '' : ', and their byte orders differ';
  throw new TypeError(`${operation}: ${one.name} and ${other.name}; the types of both views must be equal${order}`);
}

/** Whether the layouts are of the same C type on targets where its bytes have the same meaning. */
export function isSameType(one: TypeLayout, other: TypeLayout): boolean {
  return one.name === other.name && one.size === other.size && one.byteOrder === other.byteOrder;
}

function layoutOf(operation: string, view: View): TypeLayout {
  const { $$layout, constructor: type } = Object(view) as Partial<ViewWithLayout> & { readonly constructor: object };
  if ($$layout !== undefined) return $$layout;
  if ('$layout' in type) return (type as ViewClass<View>).$layout;
  throw new TypeError(`${operation}: ${typeof view === 'object' ? 'an object' : String(view)} is not a view`);
}
