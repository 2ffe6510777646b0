/**
 * The views of big-endian memory, and the views that do not depend on the byte order. Each class extends the class with
 * the same name in `little-endian.ts`, so that a function for one class accepts both.
 */

import type { ScalarLayout } from './layout.js';
import * as little from './little-endian.js';
import { checkNumber64 } from './safe-integers.js';

export * from './arrays.js';
export { ViewIterator } from './elements.js';
export * from './ioctl.js';
export * from './json.js';
export * from './text.js';
export * from './view.js';

/**
 * Writes a number as a big-endian 64-bit integer. @throws RangeError if it is not a safe integer, or if it is negative
 * and `signed` is false.
 */
export function setNumber64(view: DataView, offset: number, value: number, signed: boolean): void {
  checkNumber64(value, signed);
  view.setInt32(offset, Math.floor(value / 0x1_0000_0000), false);
  view.setUint32(offset + 4, value, false);
}

// Bit-fields that a load of 8, 16 or 32 bits cannot hold. Bits count from the most significant bit of the first byte.

/** Reads `width` bits at `bit` bits after `offset`. */
export function getBits(view: DataView, offset: number, bit: number, width: number): bigint {
  const end = bit + width;
  let value = 0n;
  for (let index = bit >> 3; index <= (end - 1) >> 3; index++) {
    value = (value << 8n) | BigInt(view.getUint8(offset + index));
  }
  return BigInt.asUintN(width, value >> BigInt(-end & 7));
}

/** Writes `width` bits at `bit` bits after `offset`. The other bits do not change. */
export function setBits(view: DataView, offset: number, bit: number, width: number, value: bigint): void {
  const first = bit >> 3;
  const last = (bit + width - 1) >> 3;
  const after = BigInt(-(bit + width) & 7);
  const mask = ((1n << BigInt(width)) - 1n) << after;
  const around = getBits(view, offset, first * 8, (last - first + 1) * 8) & ~mask;
  let rest = around | (BigInt.asUintN(width, value) << after);
  for (let index = last; index >= first; index--, rest >>= 8n) view.setUint8(offset + index, Number(rest & 0xffn));
}

// Arrays

export class U16Array extends little.U16Array {
  override get(index: number): number {
    return this.view.getUint16(this.at(index, 2), false);
  }
  override set(index: number, value: number): void {
    this.view.setUint16(this.at(index, 2), value, false);
  }
}

export class S16Array extends little.S16Array {
  override get(index: number): number {
    return this.view.getInt16(this.at(index, 2), false);
  }
  override set(index: number, value: number): void {
    this.view.setInt16(this.at(index, 2), value, false);
  }
}

export class U32Array extends little.U32Array {
  override get(index: number): number {
    return this.view.getUint32(this.at(index, 4), false);
  }
  override set(index: number, value: number): void {
    this.view.setUint32(this.at(index, 4), value, false);
  }
}

export class S32Array extends little.S32Array {
  override get(index: number): number {
    return this.view.getInt32(this.at(index, 4), false);
  }
  override set(index: number, value: number): void {
    this.view.setInt32(this.at(index, 4), value, false);
  }
}

export class F32Array extends little.F32Array {
  override get(index: number): number {
    return this.view.getFloat32(this.at(index, 4), false);
  }
  override set(index: number, value: number): void {
    this.view.setFloat32(this.at(index, 4), value, false);
  }
}

export class F64Array extends little.F64Array {
  override get(index: number): number {
    return this.view.getFloat64(this.at(index, 8), false);
  }
  override set(index: number, value: number): void {
    this.view.setFloat64(this.at(index, 8), value, false);
  }
}

export class U64Array extends little.U64Array {
  override get(index: number): bigint {
    return this.view.getBigUint64(this.at(index, 8), false);
  }
  override set(index: number, value: bigint): void {
    this.view.setBigUint64(this.at(index, 8), value, false);
  }
  override setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, false);
  }
}

export class S64Array extends little.S64Array {
  override get(index: number): bigint {
    return this.view.getBigInt64(this.at(index, 8), false);
  }
  override set(index: number, value: bigint): void {
    this.view.setBigInt64(this.at(index, 8), value, false);
  }
  override setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, true);
  }
}

// Scalars that an ioctl points to

export class S32Value extends little.S32Value {
  static override readonly $layout: ScalarLayout<'s32'> = {
    name: 'int',
    size: 4,
    align: 4,
    byteOrder: 'big',
    members: { value: { offset: 0, size: 4, type: 'int', is: 's32' } },
  };
  override get $$layout(): ScalarLayout<'s32'> {
    return S32Value.$layout;
  }
  override get value(): number {
    return this.$$view.getInt32(this.$$offset, false);
  }
  override set value(value: number) {
    this.$$view.setInt32(this.$$offset, value, false);
  }
}

export class U32Value extends little.U32Value {
  static override readonly $layout: ScalarLayout<'u32'> = {
    name: 'unsigned int',
    size: 4,
    align: 4,
    byteOrder: 'big',
    members: { value: { offset: 0, size: 4, type: 'unsigned int', is: 'u32' } },
  };
  override get $$layout(): ScalarLayout<'u32'> {
    return U32Value.$layout;
  }
  override get value(): number {
    return this.$$view.getUint32(this.$$offset, false);
  }
  override set value(value: number) {
    this.$$view.setUint32(this.$$offset, value, false);
  }
}

export class S64Value extends little.S64Value {
  static override readonly $layout: ScalarLayout<'s64'> = {
    name: 'long long',
    size: 8,
    align: 8,
    byteOrder: 'big',
    members: { value: { offset: 0, size: 8, type: 'long long', is: 's64' } },
  };
  override get $$layout(): ScalarLayout<'s64'> {
    return S64Value.$layout;
  }
  override get value(): bigint {
    return this.$$view.getBigInt64(this.$$offset, false);
  }
  override set value(value: bigint) {
    this.$$view.setBigInt64(this.$$offset, value, false);
  }
}

export class U64Value extends little.U64Value {
  static override readonly $layout: ScalarLayout<'u64'> = {
    name: 'unsigned long long',
    size: 8,
    align: 8,
    byteOrder: 'big',
    members: { value: { offset: 0, size: 8, type: 'unsigned long long', is: 'u64' } },
  };
  override get $$layout(): ScalarLayout<'u64'> {
    return U64Value.$layout;
  }
  override get value(): bigint {
    return this.$$view.getBigUint64(this.$$offset, false);
  }
  override set value(value: bigint) {
    this.$$view.setBigUint64(this.$$offset, value, false);
  }
}
