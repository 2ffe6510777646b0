/** Atomic access to integers that another thread, or the kernel, writes at the same time. */

import type { ByteOrder, IntegerKind, TypeLayout } from './layout.js';
import type { ViewWithLayout } from './view.js';

/** The names of a view's members that can be read and written atomically. */
export type AtomicMember<T extends ViewWithLayout> = AtomicIn<T['$$layout']> & keyof T;

type AtomicIn<L extends TypeLayout> = {
  [K in keyof L['members']]: L['members'][K] extends AtomicLayout<L['byteOrder']> ? K : never;
}[keyof L['members']];

/** An integer in the target's own byte order, no bit-field and no array. */
interface AtomicLayout<O extends ByteOrder> {
  readonly is: IntegerKind;
  readonly byteOrder?: O;
  readonly bit?: never;
  readonly dims?: never;
}

/** An integer of 64 bits: `Atomics` has a bigint of it, whichever form has the C name. */
type WideLayout = { readonly is: 'u64' | 's64' } | { readonly is: 'pointer'; readonly size: 8 };

type Cell<V> = V extends bigint
  ? BigInt64Array | BigUint64Array
  : Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** `Atomics` for one cell, of either kind of integer. */
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
 * One integer in memory that others write to at the same time: another thread, or the kernel. Every operation is one
 * indivisible access, sequentially consistent (`memory_order_seq_cst` in C), and those that write and are said to
 * return something return the value before. Values convert as C does: modulo the width.
 */
export class Atomic<V extends number | bigint> {
  /** A typed array of one element over the integer: what `Atomics` itself takes. */
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
  /** Writes `replacement` if the value is `expected`, and returns what it was. */
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
 * Atomic access to an integer member. Make it once and keep it: making one allocates, its operations do not but for
 * the bigints of 64-bit ones.
 * @throws TypeError for a member that is no integer, a bit-field, or not in this machine's byte order.
 * @throws RangeError for a member whose address is not a multiple of its size.
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
  if (size > 1 && order !== machine) throw refuse(`is ${order}-endian, and this machine is not`);
  const { buffer, byteOffset } = view.$$view;
  const address = byteOffset + view.$$offset + offset;
  if (address % size !== 0) {
    throw new RangeError(`atomic: ${name}.${member} is at byte ${address} of its buffer, no multiple of ${size}`);
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
      throw refuse('is no integer');
  }
}
