/**
 * Constants turned back into names, and views that show hex and names when Node prints them. What is not asked for costs
 * nothing: the modules of the bindings do not know of this one. It needs nothing, neither Node nor a browser.
 */

import { ArrayView } from './arrays.js';
import type { MemberLayout } from './layout.js';
import type { ViewWithLayout } from './view.js';

/** The names in a module that begin with a prefix. */
export type NamesIn<Constants extends object, Prefix extends string> = Extract<keyof Constants, `${Prefix}${string}`>;

/**
 * The constant that begins with a prefix and has a value: `nameOf(bindings, 'KVM_EXIT_', 2)` is `'KVM_EXIT_IO'`. Of
 * several, one that continues the name of another goes after: KVM_EXIT_HYPERV_HCALL is 2 too, and a value within
 * KVM_EXIT_HYPERV. Of those that are left, the shortest; then the first by the order of ASCII. Undefined where there is none.
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
 * A value as flags: `'KVM_MEM_READONLY | 0x40'`. The names are those of constants that begin with the prefix and have one
 * bit, chosen as `nameOf` does, from the lowest bit up; bits that none has come as one number at the end. 0 is `'0x0'`.
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

/** By module and prefix: names by value. */
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
  // The best one comes last, so that it is the one that stays.
  values.sort((a, b) => rank(b) - rank(a) || (a[0] < b[0] ? 1 : -1));
  return new Map(values.map(([name, value]) => [keyOf(value), name]));
}

function isInteger(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The same for 2 and 2n. */
function keyOf(value: number | bigint): string {
  return String(value);
}

// Printing

/** What Node calls to show an object; it is known by this name everywhere. */
export const custom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** What it hands over. */
export interface InspectOptions {
  stylize(text: string, style: 'number' | 'bigint' | 'special'): string;
  readonly maxArrayLength?: number | null;
}

export type Inspect = (value: unknown, options: object) => string;

/**
 * Has `util.inspect`, and with it `console.log`, show the views of these classes as C would name them: integers in hex,
 * and exit reasons, flags and the like by the names of their constants. Of a union like that of `struct kvm_run` only what
 * holds is shown; padding is not. `bindings` is a whole module: `import * as bindings from '…/linux/kvm.js'`. The runtime
 * does it for the bindings that it is opened with.
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

/** Members to show under a title, as an object; in short where an object would be. */
export function showMembers(title: string, members: () => object, ...[depth, options, inspect]: How): string {
  if (depth !== null && depth < 0) return options.stylize(`[${title}]`, 'special');
  return `${title} ${inspect(members(), { ...options, depth })}`;
}

/** What reading gives; where it throws, what it says. */
export function shownOrError(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return shown(`<${(error as Error).message}>`, 'special');
  }
}

/** What is shown as a text without quotes. */
export function shown(text: string, style: 'number' | 'bigint' | 'special'): object {
  return { [custom]: (_: unknown, { stylize }: InspectOptions) => stylize(text, style) };
}

/** Members that stand for nothing. */
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

/** The members of a union that do not hold now. */
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
  const { is, dims, names, flags } = layout;
  if (dims !== undefined && typeof value === 'object') {
    return 'text' in (value as object)
      ? (value as { text: string }).text
      : elementsOf(value as ArrayView<unknown>, options);
  }
  if (is === 'f32' || is === 'f64' || !isInteger(value)) return value;
  return shownInteger(value as number | bigint, names, flags, bindings);
}

/** An integer with the name that it has among the constants with a prefix, if any. */
function shownInteger(
  value: number | bigint,
  names: string | undefined,
  flags: string | undefined,
  bindings: object,
): object {
  if (flags !== undefined) return shown(flagsOf(bindings, flags, value), 'number');
  if (names === undefined) return hex(value);
  const name = nameOf(bindings, names, value);
  return shown(name === undefined ? String(value) : `${name} (${value})`, 'number');
}

function hex(value: number | bigint): object {
  const digits = `${value < 0 ? '-' : ''}0x${(value < 0 ? -value : value).toString(16)}`;
  return typeof value === 'bigint' ? shown(`${digits}n`, 'bigint') : shown(digits, 'number');
}

function showArray(array: ArrayView<unknown>, ...how: How): string {
  const title = `${array.constructor.name}(${array.length})`;
  return showMembers(title, () => elementsOf(array, how[1]), ...how);
}

/** By index alone: asking for the bytes would tell a view that notices it that they may be written to. */
function elementsOf(array: ArrayView<unknown>, { maxArrayLength = 100 }: InspectOptions): unknown[] {
  const count = Math.min(array.length, maxArrayLength ?? array.length);
  const elements = Array.from({ length: count }, (_, index) => {
    const element = array.get(index);
    const isFloat = typeof element === 'number' && /^F\d/.test(array.constructor.name);
    return isInteger(element) && !isFloat ? hex(element as number | bigint) : element;
  });
  // What is not read is told as a number of items.
  elements.length = array.length;
  return elements;
}
