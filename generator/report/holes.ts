/** The holes and the padding of a record, counted as `pahole` counts them. */

import type { Member } from '../model/model.js';

/** The free space before a member: the rest of a storage unit in bits, then whole bytes. */
export interface Gap {
  readonly bits: number;
  readonly bytes: number;
}

/** A member and the free space before it. */
interface Slot {
  readonly member: Member;
  readonly gap: Gap;
}

/** The members of one record and the free space between them. */
export interface Body {
  readonly slots: readonly Slot[];
  /** Whole bytes after the last member. */
  readonly padding: number;
  /** Bits of the last storage unit after the last bit-field. */
  readonly bitPadding: number;
  readonly sums: Sums;
}

interface Sums {
  readonly memberBytes: number;
  readonly memberBits: number;
  readonly holes: number;
  readonly holeBytes: number;
  readonly bitHoles: number;
  readonly holeBits: number;
}

export function bodyOf(kind: 'struct' | 'union', members: readonly Member[], size: number): Body {
  return kind === 'union' ? unionBody(members) : structBody(members, size);
}

/** The members of a union overlap, so no space is between them. */
function unionBody(members: readonly Member[]): Body {
  const slots = members.map((member): Slot => ({ member, gap: NO_GAP }));
  return { slots, padding: 0, bitPadding: 0, sums: sumsOf([]) };
}

const NO_GAP: Gap = { bits: 0, bytes: 0 };

function structBody(members: readonly Member[], size: number): Body {
  let end = 0;
  let unitEnd = 0;
  const slots: Slot[] = [];
  for (const member of members) {
    slots.push({ member, gap: gapBetween(end, unitEnd, firstBit(member)) });
    end = Math.max(end, lastBit(member));
    unitEnd = member.bit ? (member.offset + member.size) * 8 : end;
  }
  const rest = gapBetween(end, unitEnd, size * 8);
  return { slots, padding: rest.bytes, bitPadding: rest.bits, sums: sumsOf(slots) };
}

export function firstBit(member: Member): number {
  return member.offset * 8 + (member.bit?.offset ?? 0);
}

export function lastBit(member: Member): number {
  return firstBit(member) + (member.bit?.width ?? member.size * 8);
}

/**
 * Returns the gap between two members. `unitEnd` is the end of the storage unit of the preceding bit-field. Free space
 * up to `unitEnd` belongs to that unit.
 */
function gapBetween(end: number, unitEnd: number, start: number): Gap {
  const free = Math.max(0, start - end);
  const inUnit = Math.min(free, Math.max(0, unitEnd - end));
  const bytes = Math.floor((free - inUnit) / 8);
  return { bits: free - bytes * 8, bytes };
}

function sumsOf(slots: readonly Slot[]): Sums {
  const sum = (measure: (slot: Slot) => number): number => slots.reduce((total, slot) => total + measure(slot), 0);
  return {
    memberBytes: sum(({ member }) => (member.bit ? 0 : member.size)),
    memberBits: sum(({ member }) => member.bit?.width ?? 0),
    holes: sum(({ gap }) => (gap.bytes > 0 ? 1 : 0)),
    holeBytes: sum(({ gap }) => gap.bytes),
    bitHoles: sum(({ gap }) => (gap.bits > 0 ? 1 : 0)),
    holeBits: sum(({ gap }) => gap.bits),
  };
}

/**
 * Returns the size of one element of an unnamed record. The model has only the size of all elements, which is 0 if
 * there are no elements.
 */
export function elementSize(member: Member): number {
  const elements = (member.dims ?? []).reduce<number>((product, length) => product * (length ?? 0), 1);
  if (elements > 0) return member.size / elements;
  const end = Math.max(0, ...(member.members ?? []).map(lastBit));
  const align = 'align' in member.shape ? member.shape.align : 1;
  return Math.ceil(end / 8 / align) * align;
}
