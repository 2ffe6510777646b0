/** Emits the accessors of one member: a getter, a setter, and number forms for 64-bit integers. */

import type { ByteOrder, Member } from '../model/model.js';
import { bitFieldAccessors } from './bit-fields.js';
import { describeMember } from './docs.js';
import { memberProperty } from './export-names.js';
import type { References } from './module-context.js';
import { elementSizeOf, elementsOf, isFlexible, type PlacedMember } from './placed-members.js';
import {
  type Access,
  at,
  byteOrderOf,
  numberProperty,
  order,
  property,
  valueType,
  wideProperties,
} from './properties.js';
import { accessOf, type ScalarAccess } from './scalar-access.js';

/** Returns a member's accessors, indented for a class body. */
export function accessors(placed: PlacedMember, references: References, siblings: readonly PlacedMember[]): string {
  const { member, offset } = placed;
  // A record without members has no class. It has nothing to access, even if it has bytes.
  if (member.members?.length === 0) return '';
  const doc = describeMember(placed);
  if (member.bit) return bitFieldAccessors(placed, doc, references);
  if (member.dims) return arrayAccessors(placed, member.dims, doc, references, siblings);
  if ('cName' in member.shape) {
    const type = references.classOf(member);
    const name = memberProperty(member.name);
    const set = `${references.view('copy')}(this.${name}, value)`;
    return property(name, doc, type, { get: `new ${references.constructorOf(member)}(${view(offset)})`, set });
  }
  const access = accessOf(member.shape, member.size);
  if (access) return scalarAccessors(placed, doc, access, references);
  const type = references.view('U8Array');
  const get = `new ${type}(${view(offset)}, ${member.size})`;
  return property(memberProperty(member.name), doc, type, { get, set: null });
}

function scalarAccessors(
  { member, offset }: PlacedMember,
  doc: string,
  access: ScalarAccess,
  references: References,
): string {
  const { type, method, size, signed } = access;
  const byteOrder = byteOrderOf(member, references);
  const place = at(offset);
  const last = order(byteOrder, size);
  const isBoolean = type === 'boolean';
  const own = {
    get: `this.$$view.get${method}(${place}${last})${isBoolean ? ' !== 0' : ''}`,
    set: `this.$$view.set${method}(${place}, ${isBoolean ? 'value ? 1 : 0' : 'value'}${last})`,
  };
  if (type !== 'bigint') return property(memberProperty(member.name), doc, valueType(member, type, references), own);
  const number = {
    ...numberLoad(offset, signed, byteOrder),
    set: `${references.view('setNumber64', byteOrder)}(this.$$view, ${place}, value, ${signed})`,
  };
  return wideProperties(member.name, doc, own, number, '@throws RangeError beyond 2^53 - 1.', references);
}

/**
 * Returns code that reads a 64-bit integer as two halves, because a bigint would be allocated. A branch would prevent
 * V8 from removing the view that the member is read from. The code therefore has no branch. For a value beyond 2^53 -
 * 1, the code reads the low half at an offset outside every view, and the read throws.
 */
function numberLoad(offset: number, signed: boolean, byteOrder: ByteOrder): Pick<Access, 'before' | 'get'> {
  const lowAt = byteOrder === 'little' ? offset : offset + 4;
  const highAt = byteOrder === 'little' ? offset + 4 : offset;
  const last = order(byteOrder, 4);
  // If the value is beyond the limit, all sign bits are one, and the low half is read 2 GiB before the view.
  const beyond = signed ? '-((high >> 21) ^ (high >> 31))' : '-(high >>> 21)';
  const low = `this.$$offset + (${lowAt} | (${beyond} & 0x8000_0000))`;
  return {
    before: `const high = this.$$view.${signed ? 'getInt32' : 'getUint32'}(${at(highAt)}${last})`,
    get: `high * 0x1_0000_0000 + this.$$view.getUint32(${low}${last})`,
  };
}

function arrayAccessors(
  { member, offset }: PlacedMember,
  [outer, ...inner]: readonly (number | null)[],
  doc: string,
  references: References,
  siblings: readonly PlacedMember[],
): string {
  const element = elementSizeOf(member);
  const record = 'cName' in member.shape ? references.classOf(member) : null;
  const access = 'cName' in member.shape ? undefined : accessOf(member.shape, element);
  const row = element * elementsOf(inner);
  const count = isFlexible(member) ? flexibleLength(member, offset, row, references, siblings) : String(outer);

  const array = record === null ? (access?.array ?? 'U8Array') : 'ViewArray';
  const leaf = references.view(array, access ? byteOrderOf(member, references) : undefined);
  const leafClass = record === null ? leaf : references.arrayOf(member);
  // An opaque element is shown as its bytes, which adds a dimension.
  const isOpaque = record === null && !access;
  const dims = isOpaque ? [...inner, element] : inner;
  const nested = dims.length > 0 ? references.view('NestedArray') : '';
  const construct = (dims: readonly (number | null)[], place: string, length: string): string => {
    if (dims.length === 0)
      return `new ${leafClass}(${record === null ? '' : `${references.constructorOf(member)}, `}${place}, ${length})`;
    const stride = (isOpaque ? 1 : element) * elementsOf(dims);
    const next = construct(dims.slice(1), 'view, offset', String(dims[0]));
    return `new ${nested}(${place}, ${length}, ${stride}, (view, offset) => ${next})`;
  };
  const leafType = record === null ? leaf : `${leaf}<${record}>`;
  const type = `${`${nested}<`.repeat(dims.length)}${leafType}${'>'.repeat(dims.length)}`;
  const name = memberProperty(member.name);
  const get = construct(dims, view(offset), count);
  if (dims.length > 0 || record !== null) return property(name, doc, type, { get, set: null });
  return property(name, doc, type, { get, set: `this.${name}.assign(value)` }, `Iterable<${access?.type}>`);
}

/** Returns the member that holds the number of elements of a flexible array. */
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
  return `this.${wide ? numberProperty(counter.name, references) : memberProperty(counter.name)}`;
}

/** Returns the arguments that place a view of a member. */
function view(offset: number): string {
  return `this.$$view, ${at(offset)}`;
}
