/** The members of a class: the record's own members, and the members of its anonymous members. */

import type { Member } from '../model/model.js';

/** A member of a class: one of the record's own members, or a member of an anonymous member. */
export interface PlacedMember {
  readonly member: Member & { readonly name: string };
  /** The offset in bytes from the start of the class's record. */
  readonly offset: number;
  /** The comments of the header about the member and the anonymous members that contain it. */
  readonly comment: string | undefined;
}

/** Returns the members as C code sees them. The members of an anonymous member belong to the record itself. */
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

/** Returns the size in bytes of one element of an array. For any other member, its size. */
export function elementSizeOf({ elementSize, size }: Member): number {
  return elementSize ?? size;
}

/** Returns the total number of elements of the array dimensions. */
export function elementsOf(dims: readonly (number | null)[]): number {
  let elements = 1;
  for (const length of dims) elements *= length ?? 0;
  return elements;
}
