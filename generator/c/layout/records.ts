/**
 * Where members go. Sizes, alignments and offsets as GCC lays records out on ABIs where the declared type of a
 * bit-field matters (`PCC_BITFIELD_TYPE_MATTERS`): all ABIs of Linux that have KVM.
 */

import type { BitRange } from '../../model/model.js';
import type { Measure } from '../../targets/target.js';

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
  /** Of a bit-field, the integer that is as wide; null where there is none. */
  readonly integer: Measure | null;
  /** Whether it raises the alignment of its record if it is a bit-field: those with a name do. */
  readonly aligns: boolean;
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

/** Where a member goes, in bits, and how far it raises the alignment of its record, in bytes. */
interface Place {
  readonly at: number;
  readonly align: number;
}

export function placeRecord(record: RecordSpec): PlacedRecord {
  const positions: number[] = [];
  let align = 1;
  let end = 0;
  let bits = 0;
  for (const field of record.fields) {
    const start = record.keyword === 'union' ? 0 : bits;
    const place =
      field.width === null ? placeOrdinary(field, start, record.pack) : placeBits(field, start, record.pack);
    positions.push(place.at);
    bits = place.at + (field.width ?? field.size * 8);
    end = Math.max(end, bits);
    align = Math.max(align, place.align);
  }
  align = Math.max(align, record.userAlign);
  const size = roundUp(Math.ceil(end / 8), align);
  const fields = record.fields.map((field, index) => describe(field, positions[index] as number, size));
  return { size, align, fields };
}

/** `#pragma pack` limits even what `aligned` asks for. */
function limited(align: number, pack: number | null): number {
  return pack === null ? align : Math.min(align, pack);
}

function placeOrdinary(field: FieldSpec, bits: number, pack: number | null): Place {
  const align = limited(Math.max(field.packed ? 1 : field.align, field.userAlign), pack);
  return { at: roundUp(bits, align * 8), align };
}

function placeBits(field: FieldSpec, bits: number, pack: number | null): Place {
  const width = field.width as number;
  // A width of 0 ends the unit, packed or not.
  if (width === 0) {
    const unit = Math.max(field.align, field.userAlign);
    return { at: roundUp(bits, unit * 8), align: field.aligns ? unit : 1 };
  }
  const whole = wholeInteger(field, bits);
  const own = limited(Math.max(field.userAlign, whole ? wholeAlign(whole, field) : 0), pack);
  const start = own > 0 ? roundUp(bits, own * 8) : bits;
  const spans = !whole && !field.packed && pack === null && spansTooManyUnits(field, start, width);
  const type = pack === null && field.packed ? 1 : limited(field.align, pack);
  return { at: spans ? roundUp(start, field.align * 8) : start, align: field.aligns ? Math.max(type, own) : 1 };
}

/**
 * The integer that GCC takes a bit-field for: one as wide, if the bit-field is at a place where that may stand. A packed
 * one may not be aligned.
 */
function wholeInteger({ integer, packed }: FieldSpec, bits: number): Measure | null {
  if (!integer || (packed && integer.align > 1)) return null;
  return bits % (integer.align * 8) === 0 ? integer : null;
}

/** What `aligned` has been said of keeps the alignment that its type has by itself. */
function wholeAlign({ align, fieldAlign = align }: Measure, { userAlign }: FieldSpec): number {
  return userAlign > 0 ? align : fieldAlign;
}

/** A bit-field may not span more units of the alignment of its type than its type does. */
function spansTooManyUnits(field: FieldSpec, start: number, width: number): boolean {
  const unit = field.align * 8;
  return Math.ceil(((start % unit) + width) / unit) > (field.size * 8) / unit;
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
