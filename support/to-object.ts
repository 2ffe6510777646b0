/** Copies of views as plain objects. A copy keeps its values when the memory changes, and it can be posted. */

import { type ArrayView, isArrayView } from './arrays.js';
import type { View, ViewWithLayout } from './view.js';

/**
 * The plain object of a view: each member under its C name. A struct is an object, and an array is an array. An integer of 64
 * bits is a bigint.
 */
export type Plain<T> =
  T extends ArrayView<infer Element>
    ? Plain<Element>[]
    : T extends View
      ? { -readonly [Name in keyof T as MemberName<Name>]: Plain<T[Name]> }
      : T;

/**
 * The name of a property, if the property is a member of the C type. A member whose name begins with `$` also ends with it. All
 * other names with `$` at their start are not from C. A member `toJSON` has the name `toJSON$`.
 */
export type MemberName<Name> = Name extends `$${string}$` ? Name : Name extends `$${string}` | 'toJSON' ? never : Name;

/**
 * Copies a view, or an array of views, to a plain object. The members of a union are all copied, because a view does not know
 * which of them holds.
 *
 * @throws TypeError when the buffer of the view is detached.
 * @example
 * port.postMessage(toObject(vcpu.getRegs()));
 */
export function toObject<T extends View | ArrayView<unknown>>(view: T): Plain<T> {
  return plain(view) as Plain<T>;
}

function plain(value: unknown): unknown {
  if (isArrayView(value)) return Array.from({ length: value.length }, (_, index) => plain(value.get(index)));
  if (!isView(value)) return value;
  const members = value as unknown as Readonly<Record<string, unknown>>;
  // A member without bytes has no property.
  const names = Object.keys(value.$$layout.members).filter((name) => name in value);
  return Object.fromEntries(names.map((name) => [name, plain(members[name])]));
}

function isView(value: unknown): value is ViewWithLayout {
  return typeof value === 'object' && value !== null && '$$layout' in value;
}
