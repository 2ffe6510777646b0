/** The members of a class: the record's own, and those that C promotes from anonymous members. */

import type { Member } from '../model/model.js';

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

/** Size of one element of an array in bytes; of any other member, its own. */
export function elementSizeOf({ elementSize, size }: Member): number {
  return elementSize ?? size;
}

/** How many elements array dimensions make together. */
export function elementsOf(dims: readonly (number | null)[]): number {
  let elements = 1;
  for (const length of dims) elements *= length ?? 0;
  return elements;
}
