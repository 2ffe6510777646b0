/** The members of a class, and the text of a property for one. */

import type { ByteOrder, Member, Model, Shape } from '../model/model.js';
import { docstring } from './docs.js';
import { memberProperty, secondProperty } from './export-names.js';

/** Which form of a 64-bit member has the C name: a bigint, or a number that is checked; the other one is `$name`. */
export type WideStyle = 'bigint' | 'number';

/** What the text of a module refers to outside of itself. */
export interface References {
  readonly target: Pick<Model, 'byteOrder' | 'pointerSize'>;
  readonly u64: WideStyle;
  /** Records the use of a name from `views.ts`, for memory of the target's byte order or another, and gives the name to use. */
  view(name: string, byteOrder?: ByteOrder): string;
  /** The class of a member's struct or union, imported where needed. */
  classOf(member: Member): string;
  /** Whether a value of a shape has pointers in it. */
  hasPointers(shape: Shape): boolean;
  /** Size in bytes of the struct or union that a member is, or is an array of. */
  sizeOf(member: Member): number;
}

/** A member of a class: one of the record's own, or one promoted from an anonymous member. */
export interface PlacedMember {
  readonly member: Member & { readonly name: string };
  /** In bytes from the start of the class's record. */
  readonly offset: number;
  /** What the header says of it, and of the anonymous members that it is in. */
  readonly comment: string | undefined;
}

/** The members as C sees them from outside: those of anonymous members are the record's own. */
export function promotedMembers(members: readonly Member[]): PlacedMember[] {
  const promoted: PlacedMember[] = [];
  promote(members, 0, undefined, promoted);
  return promoted;
}

function promote(members: readonly Member[], base: number, around: string | undefined, promoted: PlacedMember[]): void {
  for (const member of members) {
    const offset = base + member.offset;
    const comment =
      around === undefined || member.comment === undefined
        ? (member.comment ?? around)
        : `${around}\n${member.comment}`;
    if (isNamed(member)) promoted.push({ member, offset, comment });
    else promote(member.members ?? [], offset, comment, promoted);
  }
}

function isNamed(member: Member): member is PlacedMember['member'] {
  return member.name !== null;
}

export function isFlexible(member: Member): boolean {
  return member.dims !== undefined && (member.dims[0] === null || member.dims[0] === 0);
}

/** How many elements array dimensions make together. */
export function elementsOf(dims: readonly (number | null)[]): number {
  let elements = 1;
  for (const length of dims) elements *= length ?? 0;
  return elements;
}

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
