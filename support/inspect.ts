/**
 * Converts constants to names, and prints views with hexadecimal numbers and names. The modules of the bindings do not
 * import this module, so it is tree-shaken away unless it is imported. It works in every JavaScript environment and
 * does not need Node or a browser.
 */

import { ArrayView, nameOfArray } from './arrays.js';
import type { MemberLayout } from './layout.js';
import type { ViewWithLayout } from './view.js';

/** The names in a module that begin with a prefix. */
export type NamesIn<Constants extends object, Prefix extends string> = Extract<keyof Constants, `${Prefix}${string}`>;

/**
 * Returns the name of the constant that begins with a prefix and has a value: `nameOf(bindings, 'KVM_EXIT_', 2)` is
 * `'KVM_EXIT_IO'`. If several constants have the value, a name that does not continue the name of another constant
 * comes first. KVM_EXIT_HYPERV_HCALL is also 2, but it continues KVM_EXIT_HYPERV. Then the shortest name comes first,
 * then the first name in ASCII order. Returns undefined if no constant has the value.
 */
export function nameOf<Constants extends object, Prefix extends string>(
  constants: Constants,
  prefix: Prefix,
  value: number | bigint,
): NamesIn<Constants, Prefix> | undefined;
export function nameOf(constants: object, prefix: string, value: number | bigint): string | undefined {
  return Number.isNaN(value) ? undefined : namesBy(constants, prefix).get(keyOf(value));
}

/**
 * Returns a value as flags: `'KVM_MEM_READONLY | 0x40'`. The names are constants with the prefix that have exactly one
 * bit, from the lowest bit to the highest. `nameOf` describes the choice between several names. Bits without a name are
 * one number at the end. 0 is `'0x0'`.
 */
export function flagsOf(constants: object, prefix: string, value: number | bigint): string {
  const names = namesBy(constants, prefix);
  const found: string[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (let bit = 0n; bit < 64n; bit++) {
    const mask = 1n << bit;
    const name = (rest & mask) === 0n ? undefined : names.get(String(mask));
    if (name === undefined) continue;
    found.push(name);
    rest ^= mask;
  }
  return (rest === 0n && found.length > 0 ? found : [...found, `0x${rest.toString(16)}`]).join(' | ');
}

/** The names by value, for each module and prefix. */
const tables = new WeakMap<object, Map<string, ReadonlyMap<string, string>>>();

function namesBy(constants: object, prefix: string): ReadonlyMap<string, string> {
  const known = tables.get(constants) ?? new Map<string, ReadonlyMap<string, string>>();
  tables.set(constants, known);
  const names = known.get(prefix) ?? tableOf(constants, prefix);
  known.set(prefix, names);
  return names;
}

function tableOf(constants: object, prefix: string): ReadonlyMap<string, string> {
  const values = Object.entries(constants).filter(([name, value]) => name.startsWith(prefix) && isInteger(value));
  const names = values.map(([name]) => name);
  const continues = (name: string): boolean => names.some((other) => name.startsWith(`${other}_`));
  const rank = ([name]: readonly [string, unknown]): number => (continues(name) ? 1_000 : 0) + name.length;
  // The best name is last, so that it replaces the others in the map.
  values.sort((a, b) => rank(b) - rank(a) || (a[0] < b[0] ? 1 : -1));
  return new Map(values.map(([name, value]) => [keyOf(value), name]));
}

function isInteger(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Returns the same key for 2 and 2n. */
function keyOf(value: number | bigint): string {
  return String(value);
}

// Printing

/** The method that Node calls to print an object. The symbol is the same in every realm. */
export const custom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The options that Node passes to the method. */
export interface InspectOptions {
  stylize(text: string, style: 'number' | 'bigint' | 'special'): string;
  readonly maxArrayLength?: number | null;
}

export type Inspect = (value: unknown, options: object) => string;

/**
 * Makes `util.inspect` and `console.log` print the views of these classes with C names: integers in hexadecimal, and
 * exit reasons and flags with the names of their constants. Of a union with a discriminator, such as the union of
 * `struct kvm_run`, only the valid members are printed. Padding is not printed. The runtime calls this function for the
 * bindings that it opens.
 *
 * @param bindings A whole module: `import * as bindings from '…/linux/kvm.js'`.
 */
export function inspectable(bindings: object): void {
  for (const value of Object.values(bindings)) {
    if (isViewClass(value)) install(value.prototype, (view, ...how) => showView(view, bindings, ...how));
  }
  install(ArrayView.prototype, showArray);
}

interface ViewClass {
  readonly prototype: ViewWithLayout;
}

function isViewClass(value: unknown): value is ViewClass {
  return typeof value === 'function' && '$layout' in value;
}

type How = readonly [depth: number | null, options: InspectOptions, inspect: Inspect];

function install<T extends object>(prototype: T, show: (object: T, ...how: How) => string): void {
  if (Object.hasOwn(prototype, custom)) return;
  Object.defineProperty(prototype, custom, {
    value(this: T, ...how: How): string {
      return show(this, ...how);
    },
  });
}

/** Prints members below a title, as an object. Prints only the title if the depth limit is reached. */
export function showMembers(title: string, members: () => object, ...[depth, options, inspect]: How): string {
  if (depth !== null && depth < 0) return options.stylize(`[${title}]`, 'special');
  return `${title} ${inspect(members(), { ...options, depth })}`;
}

/** Returns the value that `read` returns. If `read` throws, returns the message. */
export function shownOrError(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return shown(`<${(error as Error).message}>`, 'special');
  }
}

/** Returns an object that is printed as a text without quotes. */
export function shown(text: string, style: 'number' | 'bigint' | 'special'): object {
  return { [custom]: (_: unknown, { stylize }: InspectOptions) => stylize(text, style) };
}

/** The names of members without a meaning. */
const isPadding = /^_*(?:pad|padding|rsvd|reserved)\d*$/;

function showView(view: ViewWithLayout, bindings: object, ...how: How): string {
  const title = view.constructor.name;
  const size = shownOrError(() => view.$$view.byteLength);
  if (typeof size !== 'number') return `${title} ${how[2](size, how[1])}`;
  const members = (): object => {
    const values = view as unknown as Readonly<Record<string, unknown>>;
    const hidden = notInForce(view);
    const own: Record<string, unknown> = {};
    for (const [name, layout] of Object.entries(view.$$layout.members)) {
      if (hidden.has(name) || isPadding.test(name)) continue;
      own[name] = shownOrError(() => shownMember(values[name], layout, bindings, how[1]));
    }
    return own;
  };
  return showMembers(title, members, ...how);
}

interface Discriminator {
  readonly member: string;
  readonly cases: readonly { readonly value: number; readonly members: readonly string[] }[];
}

/** Returns the members of a union that are not valid at the moment. */
function notInForce(view: ViewWithLayout): ReadonlySet<string> {
  const { $discriminator } = view.constructor as unknown as { readonly $discriminator?: Discriminator };
  if (!$discriminator) return new Set();
  const { member, cases } = $discriminator;
  const value = shownOrError(() => (view as unknown as Readonly<Record<string, unknown>>)[member]);
  const hidden = new Set(cases.flatMap(({ members }) => members));
  for (const member of cases.find((each) => each.value === value)?.members ?? []) hidden.delete(member);
  return hidden;
}

function shownMember(value: unknown, layout: MemberLayout, bindings: object, options: InspectOptions): unknown {
  const { is, dims } = layout;
  if (dims !== undefined && typeof value === 'object') {
    if ('text' in (value as object)) return (value as { text: string }).text;
    const show =
      layout.enum === undefined ? hex : (element: number | bigint) => shownInteger(element, layout, bindings);
    return elementsOf(value as ArrayView<unknown>, options, show);
  }
  if (is === 'f32' || is === 'f64' || !isInteger(value)) return value;
  return shownInteger(value as number | bigint, layout, bindings);
}

/** Prints an integer with the name of its constant, if a constant with the prefix or an enumerator has the value. */
function shownInteger(value: number | bigint, layout: MemberLayout, bindings: object): object {
  const { names, flags } = layout;
  if (flags !== undefined) return shown(flagsOf(bindings, flags, value), 'number');
  const enumerators = layout.enum === undefined ? undefined : enumCalled(bindings, layout.enum);
  if (names === undefined && !enumerators) return hex(value);
  const name =
    names === undefined ? namesBy(enumerators as object, '').get(keyOf(value)) : nameOf(bindings, names, value);
  return shown(name === undefined ? String(value) : `${name} (${value})`, 'number');
}

/** Returns the enumerators of an enum by name. Undefined if the bindings are a part of a module without the enum. */
function enumCalled(bindings: object, name: string): object | undefined {
  const value = (bindings as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'object' && value !== null ? value : undefined;
}

function hex(value: number | bigint): object {
  const digits = `${value < 0 ? '-' : ''}0x${(value < 0 ? -value : value).toString(16)}`;
  return typeof value === 'bigint' ? shown(`${digits}n`, 'bigint') : shown(digits, 'number');
}

function showArray(array: ArrayView<unknown>, ...how: How): string {
  const title = `${nameOfArray(array)}(${array.length})`;
  return showMembers(title, () => elementsOf(array, how[1]), ...how);
}

/** Reads the elements by index. A call of `bytes` could be treated as a write by a view that tracks writes. */
function elementsOf(
  array: ArrayView<unknown>,
  options: InspectOptions,
  show: (element: number | bigint) => object = hex,
): unknown[] {
  const { maxArrayLength = 100 } = options;
  const count = Math.min(array.length, maxArrayLength ?? array.length);
  const elements = Array.from({ length: count }, (_, index) => {
    const element = array.get(index);
    const isFloat = typeof element === 'number' && /^F\d/.test(array.constructor.name);
    if (element instanceof ArrayView && show !== hex) return elementsOf(element, options, show);
    return isInteger(element) && !isFloat ? show(element as number | bigint) : element;
  });
  // The elements that are not read are printed as a number of items.
  elements.length = array.length;
  return elements;
}
