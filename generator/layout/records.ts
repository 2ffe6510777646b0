/**
 * Where members go. Sizes, alignments and offsets as GCC lays records out on ABIs where the declared type of a
 * bit-field matters (`PCC_BITFIELD_TYPE_MATTERS`): all ABIs of Linux that have KVM.
 */

import type { BitRange } from '../model.js';

/** What placing must know of one member. */
export interface FieldSpec {
  /** In bytes; for a bit-field, of its declared type. */
  readonly size: number;
  /** Of its type, in bytes, as members of that type are aligned. */
  readonly align: number;
  /** What `aligned` on the member itself asks for; 0 for nothing. */
  readonly userAlign: number;
  readonly packed: boolean;
  /** In bits; null for an ordinary member. */
  readonly width: number | null;
  readonly named: boolean;
}

export interface RecordSpec {
  readonly keyword: 'struct' | 'union';
  readonly fields: readonly FieldSpec[];
  /** What `aligned` on the record asks for; 0 for nothing. */
  readonly userAlign: number;
  /** The limit of `#pragma pack`; null for none. */
  readonly pack: number | null;
}

export interface PlacedField {
  readonly offset: number;
  readonly size: number;
  readonly bit?: BitRange;
}

export interface PlacedRecord {
  readonly size: number;
  readonly align: number;
  readonly fields: readonly PlacedField[];
}

export function placeRecord(record: RecordSpec): PlacedRecord {
  const positions: number[] = [];
  let align = 1;
  let end = 0;
  let bits = 0;
  for (const field of record.fields) {
    const start = record.keyword === 'union' ? 0 : bits;
    const at = field.width === null ? placeOrdinary(field, start, record.pack) : placeBits(field, start, record.pack);
    positions.push(at);
    bits = at + (field.width ?? field.size * 8);
    end = Math.max(end, bits);
    align = Math.max(align, contribution(field, record.pack));
  }
  align = Math.max(align, record.userAlign);
  const size = roundUp(Math.ceil(end / 8), align);
  const fields = record.fields.map((field, index) => describe(field, positions[index] as number, size));
  return { size, align, fields };
}

/** Alignment of a member where it is placed. `#pragma pack` limits even what `aligned` asks for. */
function fieldAlign(field: FieldSpec, pack: number | null): number {
  const natural = field.packed ? 1 : field.align;
  const align = Math.max(natural, field.userAlign);
  return pack === null ? align : Math.min(align, pack);
}

/** How far a member raises the alignment of its record. */
function contribution(field: FieldSpec, pack: number | null): number {
  if (field.width === null) return fieldAlign(field, pack);
  if (!field.named) return 1;
  const type = pack !== null ? Math.min(field.align, pack) : field.packed ? 1 : field.align;
  const user = pack === null ? field.userAlign : Math.min(field.userAlign, pack);
  return Math.max(type, user);
}

function placeOrdinary(field: FieldSpec, bits: number, pack: number | null): number {
  return roundUp(bits, fieldAlign(field, pack) * 8);
}

function placeBits(field: FieldSpec, bits: number, pack: number | null): number {
  const unit = field.align * 8;
  // A width of 0 ends the unit, packed or not.
  if (field.width === 0) return roundUp(bits, Math.max(field.align, field.userAlign) * 8);
  const user = pack === null ? field.userAlign : Math.min(field.userAlign, pack);
  const start = user > 0 ? roundUp(bits, user * 8) : bits;
  if (field.packed || pack !== null) return start;
  const unitsSpanned = Math.ceil(((start % unit) + (field.width as number)) / unit);
  return unitsSpanned > (field.size * 8) / unit ? roundUp(start, unit) : start;
}

function describe(field: FieldSpec, position: number, recordSize: number): PlacedField {
  if (field.width === null) return { offset: position / 8, size: field.size };
  const unit = field.size * 8;
  const start = Math.floor(position / unit) * unit;
  const within = position + field.width <= start + unit && start / 8 + field.size <= recordSize;
  const offset = within ? start / 8 : Math.floor(position / 8);
  const size = within ? field.size : Math.ceil((position + field.width) / 8) - offset;
  return { offset, size, bit: { offset: position - offset * 8, width: field.width } };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
