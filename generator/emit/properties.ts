/** Emits the property of one member. */

import type { ByteOrder, Member } from '../model/model.js';
import { docstring } from './docs.js';
import { memberProperty, secondProperty } from './export-names.js';
import type { References } from './module-context.js';

/**
 * The code of a property: an optional statement before the return, the returned expression, and the statement of the
 * setter if the property has one.
 */
export interface Access {
  readonly before?: string;
  readonly get: string;
  readonly set: string | null;
}

export function property(name: string, doc: string, type: string, access: Access, setType: string = type): string {
  const { before, get, set } = access;
  const setter = set === null ? '' : `  set ${name}(value: ${setType}) {\n    ${set};\n  }\n`;
  return `
${docstring(doc, '  ')}
  get ${name}(): ${type} {
${before === undefined ? '' : `    ${before};\n`}    return ${get};
  }
${setter}`;
}

/**
 * Returns the TypeScript type of a member's value. The kernel can return values that an enum does not have, so the type
 * of an enum also has all numbers.
 */
export function valueType(member: Member, type: 'number' | 'boolean', references: References): string {
  const enumeration = type === 'number' ? references.enumTypeOf(member) : undefined;
  return enumeration === undefined ? type : `${enumeration} | ${type}`;
}

/** Returns the byte order of a member's values. */
export function byteOrderOf({ shape }: Member, { target }: References): ByteOrder {
  return ('byteOrder' in shape && shape.byteOrder) || target.byteOrder;
}

/**
 * Returns the last argument of a DataView method that accesses `size` bytes. A method for one byte has no such
 * argument.
 */
export function order(byteOrder: ByteOrder, size: number): string {
  return size > 1 ? `, ${byteOrder === 'little'}` : '';
}

/** Returns the offset of a byte of the record as an expression. */
export function at(offset: number): string {
  return offset === 0 ? 'this.$$offset' : `this.$$offset + ${offset}`;
}

/** Returns the property with the number form of a 64-bit member. */
export function numberProperty(name: string, { u64 }: References): string {
  return u64 === 'number' ? memberProperty(name) : secondProperty(name);
}

/**
 * Returns the properties of a 64-bit member. One has a bigint, and the other has the same value as a number. The
 * property with the C name comes first and has the member's docstring. `limit` describes the values that the number
 * cannot hold.
 */
export function wideProperties(
  name: string,
  doc: string,
  big: Access,
  number: Access,
  limit: string | null,
  { u64 }: References,
): string {
  const first = memberProperty(name);
  const second = secondProperty(name);
  if (u64 === 'number') {
    const numberDoc = limit === null ? doc : `${doc}\n\n${limit}`;
    return property(first, numberDoc, 'number', number) + property(second, `\`${name}\` as a bigint.`, 'bigint', big);
  }
  const numberDoc = `\`${name}\` as a number.${limit === null ? '' : ` ${limit}`}`;
  return property(first, doc, 'bigint', big) + property(second, numberDoc, 'number', number);
}
