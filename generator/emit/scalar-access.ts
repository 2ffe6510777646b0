/** How a DataView reads and writes each kind of scalar, and the views for each kind. */

import type { ScalarKind, ScalarShape } from '../model/model.js';

export interface ScalarAccess {
  /** The TypeScript type of the value. */
  readonly type: 'number' | 'bigint' | 'boolean';
  /** The name of the DataView method without `get` or `set`. */
  readonly method: string;
  /** The size in bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** The class for an array of such scalars. */
  readonly array: string;
  /** The class for a single scalar that an ioctl points to. Null if no ioctl points to this kind. */
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

/** Returns the access for a scalar of a size. Returns undefined for bytes without a JavaScript value. */
export function accessOf({ is, character }: ScalarShape, size: number): ScalarAccess | undefined {
  if (is === 'opaque') return undefined;
  const access = is === 'pointer' ? accesses[size === 4 ? 'u32' : 'u64'] : accesses[is];
  return character ? { ...access, array: access.signed ? 'CharArray' : 'UnsignedCharArray' } : access;
}
