/**
 * The JSON form of views. `JSON.stringify` calls the method `toJSON` of views and arrays. Without the method, it would
 * convert the DataView of a view, and the contents would be lost. This file imports only types, because all views use it.
 */

import type { ViewWithLayout } from './view.js';

/** Returns each member of a view under its C name, as `JSON.stringify` needs it. */
export function toJson(view: ViewWithLayout): object {
  const members = view as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(view.$$layout.members).map((name) => [name, jsonValue(members[name])]));
}

/** Converts a value that JSON cannot express exactly to a string: a bigint to its decimal digits, NaN to `'NaN'`. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return hasJson(value) ? value.toJSON() : value;
}

function hasJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value;
}
