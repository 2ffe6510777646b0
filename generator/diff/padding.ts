/** Finds the bytes that were or became padding: members that hold no value, and holes between members. */

import type { PaddingUse } from './changes.js';
import { type Bits, isCovered, isPadding, overlaps, type Scope, type ScopeMember } from './scope.js';

export interface PaddingChanges {
  /**
   * Returns the padding that a new member took or that a removed member became. Returns `free` for a padding member
   * itself whose bytes have no meaning on the other side.
   */
  of(member: ScopeMember): PaddingUse | 'free' | undefined;
  /** The names of padding members whose change is part of the change of a member that took or became their bytes. */
  readonly absorbed: ReadonlySet<string>;
  /** The names of padding members that both sides have, and that only changed their form. */
  readonly own: ReadonlySet<string>;
}

export function paddingChanges(old: Scope, now: Scope): PaddingChanges {
  const [before, after] = [sideOf(old), sideOf(now)];
  const uses = new Map<ScopeMember, PaddingUse | 'free'>();
  const absorbed = new Set<string>();
  const own = new Set<string>();
  const nothingMoves = before.values.every((member) => isAtSamePlace(member, now.members.get(member.facts.name)));
  const isNew = ({ facts }: ScopeMember): boolean => !old.members.has(facts.name);
  const isGone = ({ facts }: ScopeMember): boolean => !now.members.has(facts.name);
  // The new members that take bytes without a meaning, and the removed members whose bytes lose their meaning.
  const taking = nothingMoves ? after.values.filter((member) => isNew(member) && before.isFree(member.bits)) : [];
  const leaving = nothingMoves ? before.values.filter((member) => isGone(member) && after.isFree(member.bits)) : [];
  for (const member of [...taking, ...leaving]) {
    const touched = ({ bits }: ScopeMember): boolean => overlaps(bits, member.bits);
    const names = new Set([...before.padding, ...after.padding].filter(touched).map(({ facts }) => facts.name));
    const isTaking = taking.includes(member);
    const side = isTaking ? before : after;
    // The rest of the padding can have another name.
    const source = side.padding.filter(({ facts }) => names.has(facts.name));
    const other = (isTaking ? after : before).padding.filter(
      ({ facts, bits }) => names.has(facts.name) || source.some((each) => overlaps(each.bits, bits)),
    );
    const [from, to] = isTaking ? [source, other] : [other, source];
    const isHole = !isCovered(
      member.bits,
      side.padding.map(({ bits }) => bits),
    );
    const use = {
      before: from.map(({ facts }) => facts),
      after: to.map(({ facts }) => facts),
      ...(isHole ? { hole: true as const } : {}),
    };
    uses.set(member, use);
    for (const { facts } of [...from, ...to]) absorbed.add(facts.name);
  }
  const meaningful = [...taking, ...leaving].map(({ bits }) => bits);
  const isFreeAround = (member: ScopeMember): boolean =>
    before.isFree(member.bits, meaningful) && after.isFree(member.bits, meaningful);
  for (const name of new Set([...before.padding, ...after.padding].map(({ facts }) => facts.name))) {
    const [from, to] = [old.members.get(name), now.members.get(name)];
    const sides = [from, to].filter((member) => member !== undefined);
    const isFree = nothingMoves && sides.every((member) => isPadding(member) && isFreeAround(member));
    if (!isFree) absorbed.delete(name);
    else if (from && to) own.add(name);
    else if (!absorbed.has(name)) for (const member of sides) uses.set(member, 'free');
  }
  return { of: (member) => uses.get(member), absorbed, own };
}

interface Side {
  readonly padding: readonly ScopeMember[];
  /** The members that hold values. */
  readonly values: readonly ScopeMember[];
  /** Whether bits are inside the scope and in no member that holds a value, except in bits of `ignored`. */
  isFree(bits: Bits, ignored?: readonly Bits[]): boolean;
}

function sideOf({ members, size }: Scope): Side {
  const all = [...members.values()];
  const values = all.filter((member) => !isPadding(member));
  return {
    values,
    padding: all.filter(isPadding),
    isFree: (bits, ignored = []) =>
      bits.end > bits.start &&
      bits.end <= size &&
      !values.some((value) => overlaps(value.bits, bits) && !ignored.some((each) => overlaps(each, value.bits))),
  };
}

function isAtSamePlace({ bits }: ScopeMember, other: ScopeMember | undefined): boolean {
  return other === undefined || (other.bits.start === bits.start && other.bits.end === bits.end);
}
