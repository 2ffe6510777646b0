/** Copies of views as plain objects. A copy keeps its values when the memory changes, and it can be posted. */

import { type ArrayView, isArrayView } from './arrays.js';
import type { TypeLayout } from './layout.js';
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
  if (typeof value !== 'object' || value === null) return value;
  if (isArrayView(value)) return Array.from(value, plain);
  return isView(value) ? plainView(value) : value;
}

function plainView(view: ViewWithLayout): object {
  const { all, compound } = namesOf(view);
  const values = (view.$$values?.() ?? valuesOf(view, all)) as Record<string, unknown>;
  for (const name of compound) values[name] = plain(values[name]);
  return values;
}

function valuesOf(view: ViewWithLayout, names: readonly string[]): object {
  const members = view as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}

/** The names of the members that have a property. */
interface MemberNames {
  readonly all: readonly string[];
  /** The members whose values are views or arrays. */
  readonly compound: readonly string[];
}

/** The names for each layout. The views of a class share their layout. */
const known = new WeakMap<TypeLayout, MemberNames>();

function namesOf(view: ViewWithLayout): MemberNames {
  const { $$layout } = view;
  const found = known.get($$layout);
  if (found !== undefined) return found;
  // A member without bytes has no property.
  const members = Object.entries($$layout.members).filter(([name]) => name in view);
  const compound = members.filter(([, { is, dims }]) => is === undefined || is === 'opaque' || dims !== undefined);
  const names = { all: members.map(([name]) => name), compound: compound.map(([name]) => name) };
  known.set($$layout, names);
  return names;
}

function isView(value: object): value is ViewWithLayout {
  return '$$layout' in value;
}
