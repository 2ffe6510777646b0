/** The accessors of one member: a getter, a setter, and for 64-bit integers the same as a number. */

import type { ByteOrder, Member } from '../model.js';
import { bitFieldAccessors } from './bit-fields.js';
import { describeMember } from './docs.js';
import {
  at,
  byteOrderOf,
  isFlexible,
  order,
  type PlacedMember,
  property,
  type References,
  wideForms,
  wideProperties,
} from './members.js';
import { memberProperty } from './names.js';
import { accessOf, type ScalarAccess } from './scalars.js';

/** Size of one element of an array in bytes; of any other member, its own. */
export function elementSize(member: Member, references: References): number {
  if ('tag' in member.shape) return references.sizeOf(member);
  const elements = (member.dims ?? []).reduce<number>((product, length) => product * (length ?? 0), 1);
  if (elements > 0) return member.size / elements;
  return accessOf(member.shape, references.target.pointerSize)?.size ?? 1;
}

/** The lines of a member's accessors, indented for a class body. */
export function accessors(placed: PlacedMember, references: References, siblings: readonly PlacedMember[]): string[] {
  const { member, offset } = placed;
  const doc = describeMember(placed);
  if (member.bit) return bitFieldAccessors(placed, doc, references);
  if (member.dims) return arrayAccessors(placed, doc, references, siblings);
  if ('tag' in member.shape) {
    // A record without bytes is what a macro left behind; there is nothing in it to access.
    if (member.size === 0 && member.members?.length === 0) return [];
    const type = references.classOf(member);
    const name = memberProperty(member.name);
    const set = `${references.view('copy')}(this.${name}, value)`;
    return property(name, doc, type, `new ${type}(${view(offset)})`, set);
  }
  const access = accessOf(member.shape, member.size);
  if (!access) {
    const type = references.view('U8Array');
    const get = `new ${type}(${view(offset)}, ${member.size})`;
    return property(memberProperty(member.name), doc, type, get, null);
  }
  return scalarAccessors(placed, doc, access, references);
}

function scalarAccessors(
  { member, offset }: PlacedMember,
  doc: string,
  access: ScalarAccess,
  references: References,
): string[] {
  const { type, method, size } = access;
  const byteOrder = byteOrderOf(member, references);
  const last = order(byteOrder, size);
  const raw = `this.$$view.get${method}(${at(offset)}${last})`;
  const get = type === 'boolean' ? `${raw} !== 0` : raw;
  const value = type === 'boolean' ? 'value ? 1 : 0' : 'value';
  const set = `this.$$view.set${method}(${at(offset)}, ${value}${last})`;
  if (type !== 'bigint') return property(memberProperty(member.name), doc, type, get, set);
  const names = wideProperties(member.name, references);
  const body = numberBody(offset, access, byteOrder);
  const setNumber = `${references.view('setNumber64', byteOrder)}(this.$$view, ${at(offset)}, value, ${access.signed})`;
  const beyond = '@throws RangeError beyond 2^53 - 1.';
  const [bigDoc, numberDoc] =
    references.u64 === 'bigint'
      ? [doc, `\`${member.name}\` as a number. ${beyond}`]
      : [`\`${member.name}\` as a bigint.`, `${doc}\n\n${beyond}`];
  return wideForms(
    property(names.big, bigDoc, type, get, set),
    property(names.number, numberDoc, 'number', body, setNumber),
    references,
  );
}

/**
 * Reads a 64-bit integer by its halves: going by way of a bigint would allocate one. A branch would keep V8 from doing
 * without the view that the member is read of; so beyond 2^53 - 1 the low half is looked for where no view reaches, and
 * that throws.
 */
function numberBody(offset: number, { signed }: ScalarAccess, byteOrder: ByteOrder): string[] {
  const [lowAt, highAt] = byteOrder === 'little' ? [offset, offset + 4] : [offset + 4, offset];
  const last = order(byteOrder, 4);
  const high = `this.$$view.${signed ? 'getInt32' : 'getUint32'}(${at(highAt)}${last})`;
  // All ones in the sign when the value is beyond: then the low half is looked for 2 GiB before the view.
  const beyond = signed ? '-((high >> 21) ^ (high >> 31))' : '-(high >>> 21)';
  const low = `this.$$offset + (${lowAt} | (${beyond} & 0x8000_0000))`;
  return [`const high = ${high};`, `return high * 0x1_0000_0000 + this.$$view.getUint32(${low}${last});`];
}

function arrayAccessors(
  { member, offset }: PlacedMember,
  doc: string,
  references: References,
  siblings: readonly PlacedMember[],
): string[] {
  const element = elementSize(member, references);
  const record = 'tag' in member.shape ? references.classOf(member) : null;
  const access = 'tag' in member.shape ? undefined : accessOf(member.shape, element);
  const [outer, ...inner] = member.dims as readonly (number | null)[];
  const row = element * inner.reduce<number>((product, length) => product * (length ?? 0), 1);
  const count = isFlexible(member) ? flexibleLength(member, offset, row, references, siblings) : String(outer);

  const array = record === null ? (access?.array ?? 'U8Array') : 'ViewArray';
  const leaf = references.view(array, access ? byteOrderOf(member, references) : undefined);
  const leafType = record !== null ? `${leaf}<${record}>` : leaf;
  // An opaque element is shown as its bytes: one more dimension.
  const dims = record === null && !access ? [...inner, element] : inner;
  const nested = dims.map(() => references.view('NestedArray'));
  const type = nested.reduceRight((of, array) => `${array}<${of}>`, leafType);
  const construct = (depth: number, place: string, length: string): string => {
    const rest = dims.slice(depth);
    if (rest.length === 0) return `new ${leaf}(${record === null ? '' : `${record}, `}${place}, ${length})`;
    const stride =
      (record === null && !access ? 1 : element) * rest.reduce<number>((product, next) => product * (next ?? 0), 1);
    const next = construct(depth + 1, 'view, offset', String(rest[0]));
    return `new ${references.view('NestedArray')}(${place}, ${length}, ${stride}, (view, offset) => ${next})`;
  };
  const name = memberProperty(member.name);
  const get = construct(0, view(offset), count);
  if (dims.length > 0 || record !== null) return property(name, doc, type, get, null);
  return property(name, doc, type, get, `this.${name}.assign(value)`, `Iterable<${access?.type}>`);
}

/** The member that holds the number of elements of a flexible array. */
export function counterOf(
  { countedBy }: Member,
  siblings: readonly PlacedMember[],
): PlacedMember['member'] | undefined {
  return siblings.find(({ member }) => member.name === countedBy)?.member;
}

function flexibleLength(
  member: Member,
  offset: number,
  row: number,
  references: References,
  siblings: readonly PlacedMember[],
): string {
  const counter = counterOf(member, siblings);
  if (!counter) return `${references.view('elementsWithin')}(${view(offset)}, ${row})`;
  const wide = counter.shape.is === 'u64' || counter.shape.is === 's64';
  return `this.${wide ? wideProperties(counter.name, references).number : memberProperty(counter.name)}`;
}

/** The arguments that place a view of a member. */
function view(offset: number): string {
  return `this.$$view, ${at(offset)}`;
}
