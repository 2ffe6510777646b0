/** The members of one class as C code sees them, with the bits that they occupy. */

import type { Member } from '../model/model.js';
import type { MemberFacts } from './changes.js';
import type { ClassSymbol } from './symbols.js';

/** A half-open range of bits from the start of a scope, in the order in which C allocates bits. */
export interface Bits {
  readonly start: number;
  readonly end: number;
}

export interface ScopeMember {
  readonly member: Member & { readonly name: string };
  readonly facts: MemberFacts;
  /** The offset in bytes from the start of the scope. */
  readonly offset: number;
  readonly bits: Bits;
  /** The position in the order of declaration. */
  readonly position: number;
}

/** A named record, or the unnamed record that is the type of a member. */
export interface Scope {
  readonly members: ReadonlyMap<string, ScopeMember>;
  /** In bits. */
  readonly size: number;
  readonly symbol: ClassSymbol;
}

/** Returns the members of a record. `base` is the offset in bytes of the record in its named record. */
export function scopeOf(members: readonly Member[], size: number, base: number, symbol: ClassSymbol): Scope {
  const placed = new Map<string, ScopeMember>();
  promote(members, 0, [], base, placed);
  return { members: placed, size: size * 8, symbol };
}

function promote(
  members: readonly Member[],
  start: number,
  within: readonly ('struct' | 'union')[],
  base: number,
  placed: Map<string, ScopeMember>,
): void {
  for (const member of members) {
    const offset = start + member.offset;
    if (!isNamed(member)) {
      const kind = member.shape.is === 'union' ? 'union' : 'struct';
      promote(member.members ?? [], offset, [...within, kind], base, placed);
      continue;
    }
    const { members: _members, comment: _comment, since: _since, ...facts } = member;
    const first = offset * 8 + (member.bit?.offset ?? 0);
    placed.set(member.name, {
      member,
      facts: { ...facts, offset: base + offset, within },
      offset,
      bits: { start: first, end: first + (member.bit?.width ?? member.size * 8) },
      position: placed.size,
    });
  }
}

function isNamed(member: Member): member is Member & { readonly name: string } {
  return member.name !== null;
}

/** Whether a member is padding by its name: `pad`, `padding1`, `reserved`, `__unused2`. It holds no value. */
export function isPadding({ member }: ScopeMember): boolean {
  const isScalar = !('cName' in member.shape) && member.shape.is !== 'pointer';
  return (
    isScalar &&
    /^_*(?:pad|padding|_+align|resv|resvd|rsv|rsvd|reserved|unused|filler|spare|mbz|dummy)_*\d*_*$/i.test(member.name)
  );
}

export function overlaps(a: Bits, b: Bits): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Whether every bit of `bits` is in at least one of the ranges. */
export function isCovered(bits: Bits, ranges: readonly Bits[]): boolean {
  let reached = bits.start;
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    if (range.start > reached) break;
    reached = Math.max(reached, range.end);
  }
  return reached >= bits.end;
}
