/**
 * Compares views with typed arrays, which have the byte order of the processor. So a view of bindings for this machine and a typed array over
 * the same memory agree, and a view in the wrong byte order does not.
 */

import { type Atomic, atomic, type View, type ViewClass } from '../../support/index.js';
import type { MemberLayout } from '../../support/layout.js';

type Cell = ArrayLike<number | bigint>;

/** Typed arrays of one element, by the kind of an integer or a floating-point number. */
const cells: Readonly<Record<string, (buffer: ArrayBuffer, offset: number) => Cell>> = {
  u8: (buffer, offset) => new Uint8Array(buffer, offset, 1),
  s8: (buffer, offset) => new Int8Array(buffer, offset, 1),
  u16: (buffer, offset) => new Uint16Array(buffer, offset, 1),
  s16: (buffer, offset) => new Int16Array(buffer, offset, 1),
  u32: (buffer, offset) => new Uint32Array(buffer, offset, 1),
  s32: (buffer, offset) => new Int32Array(buffer, offset, 1),
  u64: (buffer, offset) => new BigUint64Array(buffer, offset, 1),
  s64: (buffer, offset) => new BigInt64Array(buffer, offset, 1),
  pointer: (buffer, offset) => new BigUint64Array(buffer, offset, 1),
  f32: (buffer, offset) => new Float32Array(buffer, offset, 1),
  f64: (buffer, offset) => new Float64Array(buffer, offset, 1),
};

export interface Compared {
  /** How many members were read and written. */
  readonly members: number;
  readonly differences: readonly string[];
}

/** Compares each member that is an aligned number in the byte order of the target. `exports` is a module of emitted bindings. */
export function compareWithTypedArrays(exports: Readonly<Record<string, unknown>>): Compared {
  const differences: string[] = [];
  let members = 0;
  for (const type of Object.values(exports)) {
    if (typeof type !== 'function' || !('$layout' in type)) continue;
    const { $layout } = type as unknown as ViewClass<View>;
    for (const [name, member] of Object.entries($layout.members)) {
      const cellAt = cells[member.is ?? ''];
      if (cellAt === undefined || !isComparable(member)) continue;
      members++;
      const bytes = Uint8Array.from({ length: $layout.size }, (_, index) => (index * 37 + 11) & 0x7f);
      const view = new (type as unknown as ViewClass<View>)(new DataView(bytes.buffer));
      const found = differencesOf(view, name, member, cellAt(bytes.buffer, member.offset));
      differences.push(...found.map((text) => `${$layout.name}.${name} ${text}`));
    }
  }
  return { members, differences };
}

/** `cell` is a typed array over the memory of the member. */
function differencesOf(view: View, name: string, { is, size }: MemberLayout, cell: Cell): string[] {
  const values = view as unknown as Record<string, number | bigint>;
  const differences: string[] = [];
  const compare = (what: string, value: unknown, expected: unknown): void => {
    if (value !== expected) differences.push(`${what} ${value}, expected ${expected}`);
  };
  compare('reads', values[name], cell[0]);
  const value = typeof cell[0] === 'bigint' ? 0x0102_0304_0506_0708n : (small[size] ?? 0x1234_5678);
  values[name] = value;
  compare('writes', cell[0], value);
  if (is !== 'f32' && is !== 'f64') compare('loads', loaded(view, name), value);
  return differences;
}

/** Returns the value that an atomic access finds, or the message of its error. */
function loaded(view: View, name: string): unknown {
  try {
    return (atomic(view as never, name as never) as unknown as Atomic<number>).load();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Values by their size in bytes. All fit into a signed integer, and into a floating-point number. */
const small: Readonly<Record<number, number>> = { 1: 0x12, 2: 0x1234, 4: 0x0034_5678 };

/** Whether a typed array can be over the member: it is one number, aligned, and in the byte order of the target. */
function isComparable({ offset, size, dims, bit, byteOrder }: MemberLayout): boolean {
  return dims === undefined && bit === undefined && byteOrder === undefined && size > 0 && offset % size === 0;
}
