/**
 * Places the members of records. Sizes, alignments and offsets follow GCC on ABIs where the declared type of a
 * bit-field matters (`PCC_BITFIELD_TYPE_MATTERS`). Every Linux ABI with KVM is such an ABI.
 */

import type { BitRange } from '../../model/model.js';
import type { Measure } from '../../targets/target.js';

/** The facts about one member that the placement needs. */
export interface FieldSpec {
  /** In bytes. For a bit-field, the size of its declared type. */
  readonly size: number;
  /** The alignment of the member's type inside a record, in bytes. */
  readonly align: number;
  /** The alignment that `aligned` on the member requests. 0 without `aligned`. */
  readonly userAlign: number;
  /**
   * Whether an attribute of the member or of its type determines the alignment. `unless whole`: it does not if GCC uses
   * an integer in place of the bit-field.
   */
  readonly userAligned: boolean | 'unless whole';
  readonly packed: boolean;
  /** In bits. Null for a member that is not a bit-field. */
  readonly width: number | null;
  /** For a bit-field, the integer type with the same width. Null if no such type exists. */
  readonly integer: Measure | null;
  /** Whether the bit-field raises the alignment of its record. A bit-field with a name does. */
  readonly aligns: boolean;
}

export interface RecordSpec {
  readonly keyword: 'struct' | 'union';
  readonly fields: readonly FieldSpec[];
  /** The alignment that `aligned` on the record requests. 0 without `aligned`. */
  readonly userAlign: number;
  /** Whether an attribute of the record determines the alignment. */
  readonly userAligned: boolean;
  /** The limit of `#pragma pack`. Null without a limit. */
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
  readonly userAligned: boolean;
  readonly fields: readonly PlacedField[];
}

/** The position of a member in bits, and the alignment that it requires of its record in bytes. */
interface Place {
  readonly at: number;
  readonly align: number;
  /** Whether GCC uses an integer in place of the bit-field. */
  readonly whole?: boolean;
}

export function placeRecord(record: RecordSpec): PlacedRecord {
  const positions: number[] = [];
  let align = 1;
  let end = 0;
  let bits = 0;
  let { userAligned } = record;
  for (const field of record.fields) {
    const start = record.keyword === 'union' ? 0 : bits;
    const place =
      field.width === null ? placeOrdinary(field, start, record.pack) : placeBits(field, start, record.pack);
    positions.push(place.at);
    bits = place.at + (field.width ?? field.size * 8);
    end = Math.max(end, bits);
    align = Math.max(align, place.align);
    userAligned ||= field.userAligned === true || (field.userAligned === 'unless whole' && !place.whole);
  }
  align = Math.max(align, record.userAlign);
  const size = roundUp(Math.ceil(end / 8), align);
  const fields = record.fields.map((field, index) => describe(field, positions[index] as number, size));
  return { size, align, userAligned, fields };
}

/** `#pragma pack` also limits the alignment of `aligned`. */
function limited(align: number, pack: number | null): number {
  return pack === null ? align : Math.min(align, pack);
}

function placeOrdinary(field: FieldSpec, bits: number, pack: number | null): Place {
  const align = limited(Math.max(field.packed ? 1 : field.align, field.userAlign), pack);
  return { at: roundUp(bits, align * 8), align };
}

function placeBits(field: FieldSpec, bits: number, pack: number | null): Place {
  const width = field.width as number;
  // A width of 0 ends the unit, even if the record is packed.
  if (width === 0) {
    const unit = Math.max(field.align, field.userAlign);
    return { at: roundUp(bits, unit * 8), align: field.aligns ? unit : 1 };
  }
  const whole = wholeInteger(field, bits);
  const own = limited(Math.max(field.userAlign, whole ? wholeAlign(whole, field) : 0), pack);
  const start = own > 0 ? roundUp(bits, own * 8) : bits;
  const spans = !whole && !field.packed && pack === null && spansTooManyUnits(field, start, width);
  const type = pack === null && field.packed ? 1 : limited(field.align, pack);
  const at = spans ? roundUp(start, field.align * 8) : start;
  return { at, align: field.aligns ? Math.max(type, own) : 1, whole: whole !== null };
}

/**
 * Returns the integer that GCC uses in place of a bit-field: an integer of the same width, if the position is valid for
 * that integer. A packed bit-field can be at an unaligned position.
 */
function wholeInteger({ integer, packed }: FieldSpec, bits: number): Measure | null {
  if (!integer || (packed && integer.align > 1)) return null;
  return bits % (integer.align * 8) === 0 ? integer : null;
}

/** A member with `aligned` keeps the alignment of its type. */
function wholeAlign({ align, fieldAlign = align }: Measure, { userAlign }: FieldSpec): number {
  return userAlign > 0 ? align : fieldAlign;
}

/** Whether a bit-field spans more alignment units of its type than the type itself. This is not allowed. */
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
