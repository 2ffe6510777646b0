/** Atomic access to integers that another thread or the kernel can write at the same time. */

import type { ByteOrder, IntegerKind, TypeLayout } from './layout.js';
import type { ViewWithLayout } from './view.js';

/** The names of a view's members that support atomic access. */
export type AtomicMember<T extends ViewWithLayout> = AtomicIn<T['$$layout']> & keyof T;

type AtomicIn<L extends TypeLayout> = {
  [K in keyof L['members']]: L['members'][K] extends AtomicLayout<L['byteOrder']> ? K : never;
}[keyof L['members']];

/** An integer in the target's byte order that is not a bit-field and not an array. */
interface AtomicLayout<O extends ByteOrder> {
  readonly is: IntegerKind;
  readonly byteOrder?: O;
  readonly bit?: never;
  readonly dims?: never;
}

/** An integer of 64 bits. `Atomics` uses a bigint for it, even if the number form has the C name. */
type WideLayout = { readonly is: 'u64' | 's64' } | { readonly is: 'pointer'; readonly size: 8 };

type Cell<V> = V extends bigint
  ? BigInt64Array | BigUint64Array
  : Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** The functions of `Atomics` for one cell, for both kinds of integers. */
interface CellAtomics {
  load<V>(cell: Cell<V>, index: 0): V;
  store<V>(cell: Cell<V>, index: 0, value: V): V;
  exchange<V>(cell: Cell<V>, index: 0, value: V): V;
  compareExchange<V>(cell: Cell<V>, index: 0, expected: V, replacement: V): V;
  add<V>(cell: Cell<V>, index: 0, value: V): V;
  sub<V>(cell: Cell<V>, index: 0, value: V): V;
  and<V>(cell: Cell<V>, index: 0, value: V): V;
  or<V>(cell: Cell<V>, index: 0, value: V): V;
  xor<V>(cell: Cell<V>, index: 0, value: V): V;
}

function cellAtomics(): CellAtomics {
  return Atomics as unknown as CellAtomics;
}

/**
 * One integer in memory that another thread or the kernel can write at the same time. Every operation is one
 * indivisible access. It is sequentially consistent (`memory_order_seq_cst` in C). An operation that writes and has a
 * result returns the previous value. Values convert as in C: modulo 2 to the power of the width.
 */
export class Atomic<V extends number | bigint> {
  /** A typed array with one element over the integer, as `Atomics` requires. */
  declare readonly cell: Cell<V>;

  constructor(cell: Cell<V>) {
    this.cell = cell;
  }

  load(): V {
    return cellAtomics().load(this.cell, 0);
  }
  store(value: V): void {
    cellAtomics().store(this.cell, 0, value);
  }
  exchange(value: V): V {
    return cellAtomics().exchange(this.cell, 0, value);
  }
  /** Writes `replacement` if the value is `expected`. Returns the previous value. */
  compareExchange(expected: V, replacement: V): V {
    return cellAtomics().compareExchange(this.cell, 0, expected, replacement);
  }
  add(value: V): V {
    return cellAtomics().add(this.cell, 0, value);
  }
  sub(value: V): V {
    return cellAtomics().sub(this.cell, 0, value);
  }
  and(value: V): V {
    return cellAtomics().and(this.cell, 0, value);
  }
  or(value: V): V {
    return cellAtomics().or(this.cell, 0, value);
  }
  xor(value: V): V {
    return cellAtomics().xor(this.cell, 0, value);
  }
}

/**
 * Returns atomic access to an integer member. Call it once and keep the result, because each call allocates. The
 * operations of the result allocate only the bigints of 64-bit integers.
 * @throws TypeError if the member is not an integer, is a bit-field, or does not have this machine's byte order.
 * @throws RangeError if the address of the member is not a multiple of its size.
 */
export function atomic<T extends ViewWithLayout, K extends AtomicMember<T>>(
  view: T,
  member: K,
): Atomic<T['$$layout']['members'][K] extends WideLayout ? bigint : number>;
export function atomic(view: ViewWithLayout, member: string): Atomic<number> | Atomic<bigint> {
  const { name, byteOrder, members } = view.$$layout;
  const place = Object.hasOwn(members, member) ? members[member] : undefined;
  const refuse = (problem: string): TypeError => new TypeError(`atomic: ${name}.${member} ${problem}`);
  if (!place) throw refuse('does not exist');
  const { offset, size, is, bit, dims } = place;
  if (bit) throw refuse('is a bit-field');
  if (dims) throw refuse('is an array');
  const machine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';
  const order = place.byteOrder ?? byteOrder;
  if (size > 1 && order !== machine) throw refuse(`is ${order}-endian, but this machine is not`);
  const { buffer, byteOffset } = view.$$view;
  const address = byteOffset + view.$$offset + offset;
  if (address % size !== 0) {
    throw new RangeError(
      `atomic: ${name}.${member} is at byte ${address} of its buffer, but its address must be a multiple of ${size}`,
    );
  }
  switch (is === 'pointer' ? (size === 4 ? 'u32' : 'u64') : is) {
    case 'u8':
      return new Atomic<number>(new Uint8Array(buffer, address, 1));
    case 's8':
      return new Atomic<number>(new Int8Array(buffer, address, 1));
    case 'u16':
      return new Atomic<number>(new Uint16Array(buffer, address, 1));
    case 's16':
      return new Atomic<number>(new Int16Array(buffer, address, 1));
    case 'u32':
      return new Atomic<number>(new Uint32Array(buffer, address, 1));
    case 's32':
      return new Atomic<number>(new Int32Array(buffer, address, 1));
    case 'u64':
      return new Atomic<bigint>(new BigUint64Array(buffer, address, 1));
    case 's64':
      return new Atomic<bigint>(new BigInt64Array(buffer, address, 1));
    default:
      throw refuse('is not an integer');
  }
}
