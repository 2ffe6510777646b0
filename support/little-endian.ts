/** The views of little-endian memory, and the views that do not depend on the byte order. */

import { ArrayView } from './arrays.js';
import {
  F32Iterator,
  F64Iterator,
  S16Iterator,
  S32Iterator,
  S64Iterator,
  U16Iterator,
  U32Iterator,
  U64Iterator,
} from './elements.js';
import { toJson } from './json.js';
import type { ScalarLayout } from './layout.js';
import { checkNumber64, toNumber } from './safe-integers.js';
import { outOfBounds, uncloneable, type View } from './view.js';

export * from './arrays.js';
export { ViewIterator } from './elements.js';
export * from './ioctl.js';
export * from './json.js';
export * from './text.js';
export * from './view.js';

/**
 * Writes a number as a little-endian 64-bit integer. @throws RangeError if it is not a safe integer, or if it is
 * negative and `signed` is false.
 */
export function setNumber64(view: DataView, offset: number, value: number, signed: boolean): void {
  checkNumber64(value, signed);
  view.setUint32(offset, value, true);
  view.setInt32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

// Bit-fields that a load of 8, 16 or 32 bits cannot hold. Bits count from the least significant bit.

/** Reads `width` bits at `bit` bits after `offset`. */
export function getBits(view: DataView, offset: number, bit: number, width: number): bigint {
  let value = 0n;
  for (let index = (bit + width - 1) >> 3; index >= bit >> 3; index--) {
    value = (value << 8n) | BigInt(view.getUint8(offset + index));
  }
  return BigInt.asUintN(width, value >> BigInt(bit & 7));
}

/** Writes `width` bits at `bit` bits after `offset`. The other bits do not change. */
export function setBits(view: DataView, offset: number, bit: number, width: number, value: bigint): void {
  const first = bit >> 3;
  const last = (bit + width - 1) >> 3;
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(bit & 7);
  const around = getBits(view, offset, first * 8, (last - first + 1) * 8) & ~mask;
  let rest = around | (BigInt.asUintN(width, value) << BigInt(bit & 7));
  for (let index = first; index <= last; index++, rest >>= 8n) view.setUint8(offset + index, Number(rest & 0xffn));
}

// Arrays

export class U16Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 2);
  }
  get(index: number): number {
    return this.view.getUint16(this.at(index, 2), true);
  }
  set(index: number, value: number): void {
    this.view.setUint16(this.at(index, 2), value, true);
  }
  override elements(): IterableIterator<number> {
    return new U16Iterator(this);
  }
}

export class S16Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 2);
  }
  get(index: number): number {
    return this.view.getInt16(this.at(index, 2), true);
  }
  set(index: number, value: number): void {
    this.view.setInt16(this.at(index, 2), value, true);
  }
  override elements(): IterableIterator<number> {
    return new S16Iterator(this);
  }
}

export class U32Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 4);
  }
  get(index: number): number {
    return this.view.getUint32(this.at(index, 4), true);
  }
  set(index: number, value: number): void {
    this.view.setUint32(this.at(index, 4), value, true);
  }
  override elements(): IterableIterator<number> {
    return new U32Iterator(this);
  }
}

export class S32Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 4);
  }
  get(index: number): number {
    return this.view.getInt32(this.at(index, 4), true);
  }
  set(index: number, value: number): void {
    this.view.setInt32(this.at(index, 4), value, true);
  }
  override elements(): IterableIterator<number> {
    return new S32Iterator(this);
  }
}

export class F32Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 4);
  }
  get(index: number): number {
    return this.view.getFloat32(this.at(index, 4), true);
  }
  set(index: number, value: number): void {
    this.view.setFloat32(this.at(index, 4), value, true);
  }
  override elements(): IterableIterator<number> {
    return new F32Iterator(this);
  }
}

export class F64Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 8);
  }
  get(index: number): number {
    return this.view.getFloat64(this.at(index, 8), true);
  }
  set(index: number, value: number): void {
    this.view.setFloat64(this.at(index, 8), value, true);
  }
  override elements(): IterableIterator<number> {
    return new F64Iterator(this);
  }
}

export class U64Array extends ArrayView<bigint> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 8);
  }
  get(index: number): bigint {
    return this.view.getBigUint64(this.at(index, 8), true);
  }
  set(index: number, value: bigint): void {
    this.view.setBigUint64(this.at(index, 8), value, true);
  }
  /** Returns the element as a number. @throws RangeError above 2^53 - 1. */
  getNumber(index: number): number {
    return toNumber(this.get(index));
  }
  setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, false);
  }
  override elements(): IterableIterator<bigint> {
    return new U64Iterator(this);
  }
}

export class S64Array extends ArrayView<bigint> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 8);
  }
  get(index: number): bigint {
    return this.view.getBigInt64(this.at(index, 8), true);
  }
  set(index: number, value: bigint): void {
    this.view.setBigInt64(this.at(index, 8), value, true);
  }
  /** Returns the element as a number. @throws RangeError outside of ±(2^53 - 1). */
  getNumber(index: number): number {
    return toNumber(this.get(index));
  }
  setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, true);
  }
  override elements(): IterableIterator<bigint> {
    return new S64Iterator(this);
  }
}

// Scalars that an ioctl points to

export class S32Value implements View {
  static readonly $size = 4;
  static readonly $align = 4;
  static readonly $layout: ScalarLayout<'s32'> = {
    name: 'int',
    size: 4,
    align: 4,
    byteOrder: 'little',
    members: { value: { offset: 0, size: 4, type: 'int', is: 's32' } },
  };
  declare readonly $$type: 'int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  declare readonly $$uncloneable: symbol;
  constructor(view: DataView, offset = 0) {
    try {
      view.getUint8(offset + 3);
    } catch (error) {
      throw outOfBounds(error, view, offset, S32Value);
    }
    this.$$view = view;
    this.$$offset = offset;
    this.$$uncloneable = uncloneable;
  }
  toJSON(): object {
    return toJson(this);
  }
  get $$layout(): ScalarLayout<'s32'> {
    return S32Value.$layout;
  }
  get value(): number {
    return this.$$view.getInt32(this.$$offset, true);
  }
  set value(value: number) {
    this.$$view.setInt32(this.$$offset, value, true);
  }
}

export class U32Value implements View {
  static readonly $size = 4;
  static readonly $align = 4;
  static readonly $layout: ScalarLayout<'u32'> = {
    name: 'unsigned int',
    size: 4,
    align: 4,
    byteOrder: 'little',
    members: { value: { offset: 0, size: 4, type: 'unsigned int', is: 'u32' } },
  };
  declare readonly $$type: 'unsigned int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  declare readonly $$uncloneable: symbol;
  constructor(view: DataView, offset = 0) {
    try {
      view.getUint8(offset + 3);
    } catch (error) {
      throw outOfBounds(error, view, offset, U32Value);
    }
    this.$$view = view;
    this.$$offset = offset;
    this.$$uncloneable = uncloneable;
  }
  toJSON(): object {
    return toJson(this);
  }
  get $$layout(): ScalarLayout<'u32'> {
    return U32Value.$layout;
  }
  get value(): number {
    return this.$$view.getUint32(this.$$offset, true);
  }
  set value(value: number) {
    this.$$view.setUint32(this.$$offset, value, true);
  }
}

export class S64Value implements View {
  static readonly $size = 8;
  static readonly $align = 8;
  static readonly $layout: ScalarLayout<'s64'> = {
    name: 'long long',
    size: 8,
    align: 8,
    byteOrder: 'little',
    members: { value: { offset: 0, size: 8, type: 'long long', is: 's64' } },
  };
  declare readonly $$type: 'long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  declare readonly $$uncloneable: symbol;
  constructor(view: DataView, offset = 0) {
    try {
      view.getUint8(offset + 7);
    } catch (error) {
      throw outOfBounds(error, view, offset, S64Value);
    }
    this.$$view = view;
    this.$$offset = offset;
    this.$$uncloneable = uncloneable;
  }
  toJSON(): object {
    return toJson(this);
  }
  get $$layout(): ScalarLayout<'s64'> {
    return S64Value.$layout;
  }
  get value(): bigint {
    return this.$$view.getBigInt64(this.$$offset, true);
  }
  set value(value: bigint) {
    this.$$view.setBigInt64(this.$$offset, value, true);
  }
}

export class U64Value implements View {
  static readonly $size = 8;
  static readonly $align = 8;
  static readonly $layout: ScalarLayout<'u64'> = {
    name: 'unsigned long long',
    size: 8,
    align: 8,
    byteOrder: 'little',
    members: { value: { offset: 0, size: 8, type: 'unsigned long long', is: 'u64' } },
  };
  declare readonly $$type: 'unsigned long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  declare readonly $$uncloneable: symbol;
  constructor(view: DataView, offset = 0) {
    try {
      view.getUint8(offset + 7);
    } catch (error) {
      throw outOfBounds(error, view, offset, U64Value);
    }
    this.$$view = view;
    this.$$offset = offset;
    this.$$uncloneable = uncloneable;
  }
  toJSON(): object {
    return toJson(this);
  }
  get $$layout(): ScalarLayout<'u64'> {
    return U64Value.$layout;
  }
  get value(): bigint {
    return this.$$view.getBigUint64(this.$$offset, true);
  }
  set value(value: bigint) {
    this.$$view.setBigUint64(this.$$offset, value, true);
  }
}
