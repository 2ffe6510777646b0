/**
 * Emits the accessors of a bit-field. If a load of at most 32 bits contains the bit-field, they use one load, a shift
 * and a mask.
 */

import { memberProperty } from './export-names.js';
import type { References } from './module-context.js';
import type { PlacedMember } from './placed-members.js';
import { type Access, at, order, property, valueType, wideProperties } from './properties.js';

export function bitFieldAccessors(placed: PlacedMember, doc: string, references: References): string {
  const { member } = placed;
  const { width } = member.bit as Bits;
  const window = loadWindow(placed, references);
  const { get, set, wide } = window ? loadedBits(placed, window, references) : gatheredBits(placed, references);
  const name = memberProperty(member.name);
  if (member.shape.is === 'bool') {
    return property(name, doc, 'boolean', { get: `(${get}) !== 0`, set: set('value ? 1 : 0') });
  }
  const number = { get, set: set('value') };
  // The C type alone determines whether the value is a bigint, as for every other member.
  if (member.shape.is !== 'u64' && member.shape.is !== 's64') {
    return property(name, doc, valueType(member, 'number', references), number);
  }
  const convert = isSigned(placed) ? 'asIntN' : 'asUintN';
  const big = wide ?? { get: `BigInt(${get})`, set: set(`Number(BigInt.${convert}(${width}, value))`) };
  return width > 53
    ? property(name, doc, 'bigint', big)
    : wideProperties(member.name, doc, big, number, null, references);
}

type Bits = NonNullable<PlacedMember['member']['bit']>;

interface BitAccess {
  /** An expression for the value as a number. */
  readonly get: string;
  /** The statement that writes a number. */
  set(value: string): string;
  /** The access to the value as a bigint, if it does not use the number. */
  readonly wide?: Access;
}

interface LoadWindow {
  /** The offset in bytes from the start of the record. */
  readonly start: number;
  /** In bits. */
  readonly size: 8 | 16 | 32;
  /** The position of the field's least significant bit in the load. */
  readonly shift: number;
}

/** Returns the smallest load that contains the whole field and stays inside its storage unit. */
function loadWindow({ member, offset }: PlacedMember, { target }: References): LoadWindow | undefined {
  const bit = member.bit as Bits;
  const first = offset * 8 + bit.offset;
  const byte = first >> 3;
  for (const size of [8, 16, 32] as const) {
    for (let start = byte; start >= offset && start > byte - size / 8; start--) {
      const before = first - start * 8;
      const after = size - before - bit.width;
      const shift = target.byteOrder === 'little' ? before : after;
      if (start + size / 8 <= offset + member.size && after >= 0) return { start, size, shift };
    }
  }
  return undefined;
}

function isSigned({ member }: PlacedMember): boolean {
  return ['s8', 's16', 's32', 's64'].includes(member.shape.is);
}

function loadedBits(placed: PlacedMember, { start, size, shift }: LoadWindow, references: References): BitAccess {
  const { width } = placed.member.bit as Bits;
  const last = order(references.target.byteOrder, size / 8);
  const load = `this.$$view.getUint${size}(${at(start)}${last})`;
  const mask = 2 ** width - 1;
  const around = 2 ** size - 1 - mask * 2 ** shift;
  const unsigned = width === 32 ? load : `${shift === 0 ? load : `(${load} >>> ${shift})`} & ${hex(mask)}`;
  const left = 32 - width - shift;
  const signed = `${left === 0 ? load : `(${load} << ${left})`} >> ${32 - width}`;
  return {
    get: isSigned(placed) ? signed : unsigned,
    set: (value) => {
      const masked = `(${/^\w+$/.test(value) ? value : `(${value})`} & ${hex(mask)})`;
      const field = shift === 0 ? masked : `(${masked} << ${shift})`;
      const all = width === size ? value : `(${load} & ${hex(around)}) | ${field}`;
      return `this.$$view.setUint${size}(${at(start)}, ${all}${last})`;
    },
  };
}

function gatheredBits(placed: PlacedMember, references: References): BitAccess {
  const { offset, width } = placed.member.bit as Bits;
  const place = `this.$$view, ${at(placed.offset)}, ${offset}, ${width}`;
  const unsigned = `${references.view('getBits')}(${place})`;
  const get = isSigned(placed) ? `BigInt.asIntN(${width}, ${unsigned})` : unsigned;
  const set = (value: string): string => `${references.view('setBits')}(${place}, ${value})`;
  return {
    get: `Number(${get})`,
    set: (value) => set(`BigInt(${value})`),
    wide: { get, set: set('value') },
  };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
