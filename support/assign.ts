/** Writes plain objects to views. */

import { allocate } from './allocate.js';
import type { ArrayView, NestedArray, ViewArray } from './arrays.js';
import type { FlexibleTail, MemberLayout } from './layout.js';
import type { MemberName } from './to-object.js';
import { copy, isSameType, type View, type ViewClass, type ViewWithLayout } from './view.js';

/**
 * The values that `assign` accepts for a view: some of its members, each under its C name. A struct is an object of this kind or a
 * view. An array is an iterable, such as an array or a typed array. An array of `char` can also be a string.
 */
export type PartialOf<T> =
  T extends ArrayView<infer Element>
    ? Iterable<PartialOf<Element>> | (T extends { text: string } ? string : never)
    : T extends View
      ? T | { readonly [Name in keyof T]?: MemberName<Name> extends never ? never : PartialOf<T[Name]> }
      : T;

/**
 * Writes the members in `values` to a view, and leaves all other members as they are. Returns the view. Every value is checked, and
 * nothing is written unless all values are valid.
 *
 * - The keys are C names. An unknown key is an error.
 * - An integer must be in the range of its member. A member with 64 bits takes what its property takes, by default a bigint.
 * - A struct takes an object with some of its members, or a view of the same type.
 * - An array takes at most as many values as it has elements. The other elements are left as they are. An array of `char` also
 *   takes a string, as its property `text` does. A flexible array has as many elements as its counting member says, which the same
 *   call may set.
 * - The members of a union are in the same memory. If there are several, the last one is written last.
 *
 * @throws TypeError for an unknown key and for a value of the wrong type, RangeError for a value that is out of range and for too
 * many elements. The message names the struct, the member and the value.
 * @example
 * assign(sregs, { cr0: sregs.cr0 | 1n, cs: { base: 0n, selector: 8 } });
 */
export function assign<T extends View>(view: T, values: PartialOf<T>): T {
  return assignOr(view, values, (problem, isRange) => new (isRange ? RangeError : TypeError)(`assign: ${problem}`));
}

/** Makes the error for a value. `isRange` is true if only the value is wrong, not its type. */
export type Refusal = (problem: string, isRange: boolean) => Error;

/** Does the same as `assign`, with other errors. */
export function assignOr<T extends View>(view: T, values: unknown, refuse: Refusal): T {
  if (!isView(view)) throw refuse(`${shown(view)} is not a view`, false);
  const plan: Plan = { refuse, writes: [] };
  planView(plan, view, values, view.$$layout.name);
  for (const write of plan.writes) write();
  return view;
}

/** The writes of a call, which are made after all values are checked. */
interface Plan {
  readonly refuse: Refusal;
  readonly writes: (() => void)[];
}

type Members = Record<string, unknown>;

function isView(value: unknown): value is ViewWithLayout {
  return typeof value === 'object' && value !== null && '$$layout' in value;
}

function flexibleOf(view: ViewWithLayout): FlexibleTail | undefined {
  return (view.constructor as unknown as { readonly $flexible?: FlexibleTail }).$flexible;
}

function planView(plan: Plan, view: ViewWithLayout, values: unknown, path: string): void {
  if (isView(values)) {
    planCopy(plan, view, values, path);
    return;
  }
  if (Object.prototype.toString.call(values) !== '[object Object]') {
    throw plan.refuse(`${path} is ${shown(values)}; it must be an object with members of ${view.$$layout.name}`, false);
  }
  const { members } = view.$$layout;
  const given = new Map<string, unknown>();
  // The counting member is first in the map, because the number of elements depends on it.
  const counter = flexibleOf(view)?.countedBy ?? null;
  if (counter !== null && Object.hasOwn(values as object, counter)) given.set(counter, undefined);
  for (const key of Reflect.ownKeys(values as object)) {
    if (typeof key === 'symbol' || !Object.hasOwn(members, key) || !(key in view)) {
      const known = Object.keys(members).filter((name) => name in view);
      throw plan.refuse(`${path}: unknown key '${String(key)}'; expected one of ${known.join(', ')}`, false);
    }
    given.set(key, (values as Members)[key]);
  }
  for (const [name, value] of given) planMember(plan, view, name, value, given, `${path}.${name}`);
}

function planMember(
  plan: Plan,
  view: ViewWithLayout,
  name: string,
  value: unknown,
  given: ReadonlyMap<string, unknown>,
  path: string,
): void {
  const layout = view.$$layout.members[name] as MemberLayout;
  const members = view as unknown as Members;
  const flexible = flexibleOf(view);
  if (layout.dims !== undefined || layout.is === 'opaque') {
    const count = name === flexible?.member ? given.get(flexible.countedBy ?? '') : undefined;
    const array = (): ArrayView<unknown> =>
      count === undefined
        ? (members[name] as ArrayView<unknown>)
        : flexibleArray(view, flexible as FlexibleTail, Number(count));
    planArray(plan, inMemory(plan, path, array), layout, value, path);
  } else if (layout.is === undefined) {
    planView(plan, members[name] as ViewWithLayout, value, path);
  } else {
    requireScalar(plan, layout, formOf(members, name), layout.size, value, path);
    plan.writes.push(() => {
      members[name] = value;
    });
  }
}

/** Returns an array. @throws the error of the plan if a flexible array has more elements than its memory. */
function inMemory({ refuse }: Plan, path: string, array: () => ArrayView<unknown>): ArrayView<unknown> {
  try {
    return array();
  } catch (error) {
    if (error instanceof RangeError) throw refuse(`${path}: ${error.message}`, true);
    throw error;
  }
}

/** The flexible array with as many elements as the same call sets its counting member to. */
function flexibleArray(view: ViewWithLayout, tail: FlexibleTail, count: number): ArrayView<unknown> {
  const type = view.constructor as unknown as ViewClass<View>;
  const empty = (allocate(type) as unknown as Members)[tail.member] as ArrayView<unknown>;
  const at = [view.$$view, view.$$offset + tail.offset, count] as const;
  const ArrayClass = empty.constructor;
  if (isViewArray(empty)) return new (ArrayClass as typeof ViewArray)(empty.type, ...at);
  if (isNested(empty)) return new (ArrayClass as typeof NestedArray)(...at, empty.stride, empty.row);
  return new (ArrayClass as new (...at: readonly [DataView, number, number]) => ArrayView<unknown>)(...at);
}

function isViewArray(array: ArrayView<unknown>): array is ViewArray<View> {
  return 'type' in array;
}

function isNested(array: ArrayView<unknown>): array is NestedArray<ArrayView<unknown>> {
  return 'row' in array;
}

function planArray(plan: Plan, array: ArrayView<unknown>, layout: MemberLayout, value: unknown, path: string): void {
  if (typeof value === 'string' && 'text' in array) {
    planText(plan, array, value, path);
    return;
  }
  const values = listOf(plan, array, value, path);
  if (isViewArray(array) || isNested(array)) {
    for (const [index, each] of values.entries()) {
      const place = `${path}[${index}]`;
      if (isViewArray(array)) planView(plan, array.get(index) as ViewWithLayout, each, place);
      else planArray(plan, array.get(index), layout, each, place);
    }
    return;
  }
  // The bytes of a value that JavaScript cannot express.
  const scalar: MemberLayout = layout.is === 'opaque' ? { ...layout, is: 'u8' } : layout;
  const form = scalar.is === 'bool' ? 'boolean' : isWide(scalar, array.stride) ? 'bigint' : 'number';
  for (const [index, each] of values.entries()) {
    requireScalar(plan, scalar, form, array.stride, each, `${path}[${index}]`);
  }
  plan.writes.push(() => array.assign(values));
}

/** Returns the values for an array. At most one value too many is read, because an iterable can be endless. */
function listOf({ refuse }: Plan, array: ArrayView<unknown>, value: unknown, path: string): unknown[] {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    const text = 'text' in array ? ', or a string' : '';
    throw refuse(`${path} is ${shown(value)}; it must be an array of at most ${array.length} elements${text}`, false);
  }
  const values: unknown[] = [];
  for (const each of value as Iterable<unknown>) {
    if (values.length === array.length) {
      throw refuse(`${path} has more than ${array.length} elements; the array has ${array.length}`, true);
    }
    values.push(each);
  }
  return values;
}

function planText({ refuse, writes }: Plan, array: ArrayView<unknown>, value: string, path: string): void {
  const type = array.constructor as new (view: DataView, offset: number, length: number) => ArrayView<unknown>;
  const checked = new type(new DataView(new ArrayBuffer(array.length)), 0, array.length);
  try {
    (checked as ArrayView<unknown> & { text: string }).text = value;
  } catch (error) {
    throw refuse(`${path} is ${shown(value)}; ${(error as Error).message}`, true);
  }
  writes.push(() => array.assign(checked));
}

/** Plans the copy of a whole struct. The bytes are read now, because a later write of the same call can change them. */
function planCopy({ refuse, writes }: Plan, view: ViewWithLayout, from: ViewWithLayout, path: string): void {
  const { $$layout: to } = view;
  if (!isSameType(to, from.$$layout)) {
    const { name, byteOrder } = from.$$layout;
    throw refuse(`${path} is a ${byteOrder}-endian ${name}; it must be a ${to.byteOrder}-endian ${to.name}`, false);
  }
  const { $$view, $$offset } = from;
  const bytes = Uint8Array.from({ length: to.size }, (_, index) => $$view.getUint8($$offset + index));
  const type = view.constructor as unknown as ViewClass<View>;
  writes.push(() => copy<View>(view, new type(new DataView(bytes.buffer))));
}

/** Returns the type of the values of a property. A property with numbers throws if its value is not a safe integer. */
function formOf(members: Members, name: string): string {
  try {
    return typeof members[name];
  } catch (error) {
    if (error instanceof RangeError) return 'number';
    throw error;
  }
}

function isWide({ is }: MemberLayout, size: number): boolean {
  return is === 'u64' || is === 's64' || (is === 'pointer' && size === 8);
}

/** @throws the error of the plan unless `value` has the type `form` and is in the range of a scalar. */
function requireScalar(
  { refuse }: Plan,
  layout: MemberLayout,
  form: string,
  size: number,
  value: unknown,
  path: string,
): void {
  const { is = 'u8', bit } = layout;
  const fail = (rule: string, isRange: boolean): Error =>
    refuse(`${path} is ${shown(value)}; it must be ${rule}`, isRange);
  if (form === 'boolean') {
    if (typeof value !== 'boolean') throw fail('true or false', false);
  } else if (is === 'f32' || is === 'f64') {
    if (typeof value !== 'number') throw fail('a number', false);
    if (is === 'f32' && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw fail('a float', true);
  } else {
    const bits = BigInt(bit === undefined ? 8 * size : bit[1]);
    const [least, most] = is.startsWith('s')
      ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
      : [0n, (1n << bits) - 1n];
    const rule = `${form === 'bigint' ? 'a bigint' : 'an integer'} from ${least} to ${most}`;
    if (typeof value !== form) throw fail(rule, false);
    const isExact = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (!isExact || BigInt(value as number | bigint) < least || BigInt(value as number | bigint) > most) {
      throw fail(rule, true);
    }
  }
}

/** Shows a value in a few words. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
