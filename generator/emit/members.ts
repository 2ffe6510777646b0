/** The members of a class, and the text of a property for one. */

import type { ByteOrder, Member, Model, Shape } from '../model.js';
import { docLines } from './docs.js';
import { memberProperty, secondProperty } from './names.js';

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
export function promotedMembers(members: readonly Member[], base = 0, around: readonly string[] = []): PlacedMember[] {
  return members.flatMap((member) => {
    const offset = base + member.offset;
    const comments = member.comment === undefined ? around : [...around, member.comment];
    if (!isNamed(member)) return promotedMembers(member.members ?? [], offset, comments);
    return [{ member, offset, comment: comments.join('\n') || undefined }];
  });
}

function isNamed(member: Member): member is PlacedMember['member'] {
  return member.name !== null;
}

export function isFlexible(member: Member): boolean {
  return member.dims !== undefined && (member.dims[0] === null || member.dims[0] === 0);
}

/** A getter that returns an expression, or has the lines of its body, and, unless `set` is null, a setter that is one statement. */
export function property(
  name: string,
  doc: string,
  type: string,
  get: string | readonly string[],
  set: string | null,
  setType: string = type,
): string[] {
  const body = typeof get === 'string' ? [`return ${get};`] : get;
  const getter = [`  get ${name}(): ${type} {`, ...body.map((line) => `    ${line}`), '  }'];
  const setter = set === null ? [] : [`  set ${name}(value: ${setType}) {`, `    ${set};`, '  }'];
  return ['', ...docLines(doc, '  '), ...getter, ...setter];
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

/** The properties of a 64-bit member: one holds a bigint, the other the same value as a number. */
export function wideProperties(name: string, { u64 }: References): { readonly big: string; readonly number: string } {
  const [first, second] = [memberProperty(name), secondProperty(name)];
  return u64 === 'bigint' ? { big: first, number: second } : { big: second, number: first };
}

/** The two forms of a 64-bit member in the order in which they are written: first the one with the C name. */
export function wideForms(big: readonly string[], number: readonly string[], { u64 }: References): string[] {
  return u64 === 'bigint' ? [...big, ...number] : [...number, ...big];
}
