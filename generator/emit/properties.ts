/** The text of a property for one member. */

import type { ByteOrder, Member } from '../model/model.js';
import { docstring } from './docs.js';
import { memberProperty, secondProperty } from './export-names.js';
import type { References } from './module-context.js';

/** What a property's getter returns, after a statement where it needs one, and the statement of its setter where it has one. */
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

/** The byte order of a member's values. */
export function byteOrderOf({ shape }: Member, { target }: References): ByteOrder {
  return ('byteOrder' in shape && shape.byteOrder) || target.byteOrder;
}

/** The last argument of a method of DataView, where it reads or writes so many bytes. */
export function order(byteOrder: ByteOrder, size: number): string {
  return size > 1 ? `, ${byteOrder === 'little'}` : '';
}

/** The offset of a byte of the record, as an expression. */
export function at(offset: number): string {
  return offset === 0 ? 'this.$$offset' : `this.$$offset + ${offset}`;
}

/** The property of a 64-bit member that holds its value as a number. */
export function numberProperty(name: string, { u64 }: References): string {
  return u64 === 'number' ? memberProperty(name) : secondProperty(name);
}

/**
 * The properties of a 64-bit member: one holds a bigint, the other the same value as a number. The one with the C name comes
 * first and has the member's docstring. `limit` says which values the number cannot hold.
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
