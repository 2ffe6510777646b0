/** How each kind of scalar is read and written through a DataView, and what views there are for it. */

import type { ScalarKind, ScalarShape } from '../model/model.js';

export interface ScalarAccess {
  /** The TypeScript type of its value. */
  readonly type: 'number' | 'bigint' | 'boolean';
  /** The DataView method without `get` or `set`. */
  readonly method: string;
  /** In bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** The class of an array of them. */
  readonly array: string;
  /** The class of a single one that an ioctl points to; null where no ioctl does. */
  readonly value: string | null;
}

const accesses: Readonly<Record<Exclude<ScalarKind, 'pointer' | 'opaque'>, ScalarAccess>> = {
  u8: { type: 'number', method: 'Uint8', size: 1, signed: false, array: 'U8Array', value: null },
  s8: { type: 'number', method: 'Int8', size: 1, signed: true, array: 'S8Array', value: null },
  u16: { type: 'number', method: 'Uint16', size: 2, signed: false, array: 'U16Array', value: null },
  s16: { type: 'number', method: 'Int16', size: 2, signed: true, array: 'S16Array', value: null },
  u32: { type: 'number', method: 'Uint32', size: 4, signed: false, array: 'U32Array', value: 'U32Value' },
  s32: { type: 'number', method: 'Int32', size: 4, signed: true, array: 'S32Array', value: 'S32Value' },
  u64: { type: 'bigint', method: 'BigUint64', size: 8, signed: false, array: 'U64Array', value: 'U64Value' },
  s64: { type: 'bigint', method: 'BigInt64', size: 8, signed: true, array: 'S64Array', value: 'S64Value' },
  f32: { type: 'number', method: 'Float32', size: 4, signed: true, array: 'F32Array', value: null },
  f64: { type: 'number', method: 'Float64', size: 8, signed: true, array: 'F64Array', value: null },
  bool: { type: 'boolean', method: 'Uint8', size: 1, signed: false, array: 'BoolArray', value: null },
};

/** The access for a scalar of a size; undefined for bytes that JavaScript has no value for. */
export function accessOf({ is, character }: ScalarShape, size: number): ScalarAccess | undefined {
  if (is === 'opaque') return undefined;
  const access = is === 'pointer' ? accesses[size === 4 ? 'u32' : 'u64'] : accesses[is];
  return character ? { ...access, array: access.signed ? 'CharArray' : 'UnsignedCharArray' } : access;
}
