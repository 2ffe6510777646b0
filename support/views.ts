/**
 * What the generated bindings are made of: views of C memory, and ioctls as typed values. This file stands beside the
 * generated modules and needs nothing, neither Node nor a browser.
 *
 * A view owns no bytes. It reads and writes the DataView it was made over, so what one side writes the other sees, and
 * once the buffer is detached every access throws a TypeError. Assignment converts as C does: modulo the width.
 */

export type ByteOrder = 'little' | 'big';

/** Where a member lies in its type. */
export interface MemberLayout {
  /** In bytes from the start of the type; of a bit-field, that of its storage unit. */
  readonly offset: number;
  /** In bytes; of a bit-field, that of its storage unit; 0 for a flexible array. */
  readonly size: number;
  /** The C type, without dimensions. */
  readonly type: string;
  /** How the value is read, by sign and bits; absent for structs and unions. */
  readonly is?: IntegerKind | 'f32' | 'f64' | 'bool' | 'opaque';
  /** Where the C type says it for every target, as `__be32` does. */
  readonly byteOrder?: ByteOrder;
  /** Array dimensions, outermost first; null for a flexible one. */
  readonly dims?: readonly (number | null)[];
  /** First bit, counted from bit 0 of the byte at `offset` in the order C allocates them, and width. */
  readonly bit?: readonly [offset: number, width: number];
  /** The constants that begin so are the names of its values. */
  readonly names?: string;
  /** The same, where a value is some of them. */
  readonly flags?: string;
}

/** Size, alignment and every offset of a type, as data. Members of anonymous members are listed as their parent's. */
export interface TypeLayout {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly byteOrder: ByteOrder;
  readonly members: Readonly<Record<string, MemberLayout>>;
}

/** The integers, by sign and bits; a pointer is one without a sign. */
export type IntegerKind = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'u64' | 's64' | 'pointer';

/** The flexible array at the end of a type. */
export interface FlexibleTail {
  readonly member: string;
  readonly offset: number;
  /** Size of one element in bytes. */
  readonly elementSize: number;
  /** The member that holds the number of elements; null when C code has to know it otherwise. */
  readonly countedBy: string | null;
}

/** A view of one C struct, union or scalar in memory. Making one throws a RangeError when it ends behind the memory. */
export interface View {
  readonly $$view: DataView;
  /** Where it begins in `$$view`, in bytes. */
  readonly $$offset: number;
}

/** A view that knows its layout: that of its class. */
export interface ViewWithLayout extends View {
  readonly $$layout: TypeLayout;
}

/** The class of a view. */
export interface ViewClass<T extends View> {
  new (view: DataView, offset?: number): T;
  readonly $size: number;
  readonly $align: number;
  readonly $layout: TypeLayout;
}

/** The class of a view that ends in a flexible array. */
export interface FlexibleViewClass<T extends View> extends ViewClass<T> {
  readonly $flexible: FlexibleTail;
}

/** A new view over zeroed memory of its own. */
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: never }): T;
/** A new view over zeroed memory of its own, with room for `count` elements at its end; the member that counts them is set. */
export function allocate<T extends View>(type: FlexibleViewClass<T>, count: number): T;
export function allocate<T extends View>(type: ViewClass<T> & { readonly $flexible?: FlexibleTail }, count = 0): T {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${type.name}: ${count} elements`);
  const tail = type.$flexible;
  const size = tail ? Math.max(type.$size, tail.offset + count * tail.elementSize) : type.$size;
  const view = new type(new DataView(new ArrayBuffer(size)));
  if (tail?.countedBy) {
    const members = view as unknown as Record<string, number | bigint>;
    members[tail.countedBy] = typeof members[tail.countedBy] === 'bigint' ? BigInt(count) : count;
    if (Number(members[tail.countedBy]) !== count) {
      throw new RangeError(`${type.name}: ${tail.countedBy} cannot count ${count} elements`);
    }
  }
  return view;
}

/** The bytes that a view shows, without those of a flexible array; shared, not copied. */
export function bytesOf(view: View): Uint8Array {
  const { $size } = view.constructor as unknown as ViewClass<View>;
  return new Uint8Array(view.$$view.buffer, view.$$view.byteOffset + view.$$offset, $size);
}

/** Copies the bytes of one view to another of the same type, as assigning a struct does in C. */
export function copy<T extends View>(to: T, from: T): void {
  bytesOf(to).set(bytesOf(from));
}

function outside(offset: number, size: number, view: DataView): RangeError {
  return new RangeError(
    `array: ${size} bytes at offset ${offset} are not within the ${view.byteLength} bytes of the view`,
  );
}

// 64-bit integers as numbers

function unsafeInteger(value: bigint | number): RangeError {
  return new RangeError(`${value} is not a safe integer; use the bigint accessor`);
}

function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unsafeInteger(value);
  return number;
}

/** @throws RangeError unless a number is a safe integer of its sign. */
export function checkNumber64(value: number, signed: boolean): void {
  if (!Number.isSafeInteger(value) || (!signed && value < 0)) throw unsafeInteger(value);
}

/** Writes a number as a little-endian 64-bit integer. @throws RangeError unless it is a safe integer of its sign. */
export function setNumber64(view: DataView, offset: number, value: number, signed: boolean): void {
  checkNumber64(value, signed);
  view.setUint32(offset, value >>> 0, true);
  view.setInt32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

// Bit-fields that no load of 8, 16 or 32 bits holds; little-endian, from the least significant bit

/** Reads `width` bits at `bit` bits behind `offset`. */
export function getBits(view: DataView, offset: number, bit: number, width: number): bigint {
  let value = 0n;
  for (let index = (bit + width - 1) >> 3; index >= bit >> 3; index--) {
    value = (value << 8n) | BigInt(view.getUint8(offset + index));
  }
  return BigInt.asUintN(width, value >> BigInt(bit & 7));
}

/** Writes `width` bits at `bit` bits behind `offset`, and leaves those around them. */
export function setBits(view: DataView, offset: number, bit: number, width: number, value: bigint): void {
  const first = bit >> 3;
  const last = (bit + width - 1) >> 3;
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(bit & 7);
  const around = getBits(view, offset, first * 8, (last - first + 1) * 8) & ~mask;
  let rest = around | (BigInt.asUintN(width, value) << BigInt(bit & 7));
  for (let index = first; index <= last; index++, rest >>= 8n) view.setUint8(offset + index, Number(rest & 0xffn));
}

// Arrays

/** How many elements of a flexible array there is room for in a view. */
export function elementsWithin(view: DataView, offset: number, elementSize: number): number {
  return elementSize === 0 ? 0 : Math.max(0, Math.floor((view.byteLength - offset) / elementSize));
}

/** An array in C memory: as many elements as C says, each read when asked for. */
export abstract class ArrayView<T> implements Iterable<T> {
  declare readonly view: DataView;
  /** Of the first element, in bytes. */
  declare readonly offset: number;
  declare readonly length: number;
  /** Distance from one element to the next, in bytes. */
  declare readonly stride: number;

  /** @throws RangeError when not all elements are inside of `view`. */
  constructor(view: DataView, offset: number, length: number, stride: number) {
    const size = length * stride;
    if (!(offset >= 0 && length >= 0 && offset + size <= view.byteLength)) throw outside(offset, size, view);
    this.view = view;
    this.offset = offset;
    this.length = length;
    this.stride = stride;
  }

  /** The element at an index. @throws RangeError outside of 0 to `length - 1`. */
  abstract get(index: number): T;
  /** Writes the element at an index. @throws RangeError outside of 0 to `length - 1`. */
  abstract set(index: number, value: T): void;

  /** Writes elements from the first on. @throws RangeError when there are more values than elements. */
  assign(values: Iterable<T>): void {
    let index = 0;
    for (const value of values) this.set(index++, value);
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let index = 0; index < this.length; index++) yield this.get(index);
  }

  /** The bytes of all elements; shared, not copied. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.offset, this.length * this.stride);
  }

  /** Offset of an element in the view. The stride is handed in so that it is a literal. */
  at(index: number, stride: number): number {
    if (index >>> 0 !== index || index >= this.length)
      throw new RangeError(`index ${index} of ${this.length} elements`);
    return this.offset + index * stride;
  }
}

export class U8Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 1);
  }
  get(index: number): number {
    return this.view.getUint8(this.at(index, 1));
  }
  set(index: number, value: number): void {
    this.view.setUint8(this.at(index, 1), value);
  }
}

export class S8Array extends ArrayView<number> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 1);
  }
  get(index: number): number {
    return this.view.getInt8(this.at(index, 1));
  }
  set(index: number, value: number): void {
    this.view.setInt8(this.at(index, 1), value);
  }
}

/** An array of `char`, which has a sign on x86. */
export class CharArray extends S8Array {
  /**
   * The bytes before the first NUL as UTF-8, or, where they are not UTF-8, one character per byte. Writing fills what is
   * left of the array with NULs; a text of exactly as many bytes as the array has stands without one, as `strncpy` does it.
   * @throws RangeError when a text to write is too long, holds a NUL or a lone surrogate; then nothing is written.
   */
  get text(): string {
    return textIn(this.bytes());
  }
  set text(value: string) {
    putText(this.bytes(), value);
  }
}

/** An array of `char` where it has no sign, as on ARM. */
export class UnsignedCharArray extends U8Array {
  /** As that of `CharArray`. */
  get text(): string {
    return textIn(this.bytes());
  }
  set text(value: string) {
    putText(this.bytes(), value);
  }
}

// By way of percent-encoding, the one codec of UTF-8 that the language itself has.

function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const before = Array.from(end === -1 ? bytes : bytes.subarray(0, end));
  try {
    return decodeURIComponent(before.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return before.map((byte) => String.fromCharCode(byte)).join('');
  }
}

function putText(bytes: Uint8Array, text: string): void {
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new RangeError('a NUL or a lone surrogate cannot be part of a text in C memory');
  }
  const units = encodeURIComponent(text).match(/%..|./g) ?? [];
  if (units.length > bytes.length) {
    throw new RangeError(`a text of ${units.length} bytes for an array of ${bytes.length}`);
  }
  bytes.fill(0);
  bytes.set(units.map((unit) => (unit.length === 1 ? unit.charCodeAt(0) : Number(`0x${unit.slice(1)}`))));
}

export class BoolArray extends ArrayView<boolean> {
  constructor(view: DataView, offset: number, length: number) {
    super(view, offset, length, 1);
  }
  get(index: number): boolean {
    return this.view.getUint8(this.at(index, 1)) !== 0;
  }
  set(index: number, value: boolean): void {
    this.view.setUint8(this.at(index, 1), value ? 1 : 0);
  }
}

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
  /** The element as a number. @throws RangeError above 2^53 - 1. */
  getNumber(index: number): number {
    return toNumber(this.get(index));
  }
  setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, false);
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
  /** The element as a number. @throws RangeError outside of ±(2^53 - 1). */
  getNumber(index: number): number {
    return toNumber(this.get(index));
  }
  setNumber(index: number, value: number): void {
    setNumber64(this.view, this.at(index, 8), value, true);
  }
}

/** An array of structs or unions. Its elements are views: writing to one writes to the array. */
export class ViewArray<T extends View> extends ArrayView<T> {
  declare readonly type: ViewClass<T>;

  constructor(type: ViewClass<T>, view: DataView, offset: number, length: number) {
    super(view, offset, length, type.$size);
    this.type = type;
  }
  get(index: number): T {
    return new this.type(this.view, this.at(index, this.type.$size));
  }
  set(index: number, value: T): void {
    copy(this.get(index), value);
  }
}

/** An array of arrays. */
export class NestedArray<T extends ArrayView<unknown>> extends ArrayView<T> {
  /** Makes the view of a row. */
  declare readonly row: (view: DataView, offset: number) => T;

  constructor(
    view: DataView,
    offset: number,
    length: number,
    stride: number,
    row: (view: DataView, offset: number) => T,
  ) {
    super(view, offset, length, stride);
    this.row = row;
  }
  get(index: number): T {
    return this.row(this.view, this.at(index, this.stride));
  }
  set(index: number, value: T): void {
    this.get(index).bytes().set(value.bytes());
  }
}

// Scalars that an ioctl points to

export class S32Value implements View {
  static readonly $size = 4;
  static readonly $align = 4;
  static readonly $layout: ScalarLayout<'s32'> = scalarLayout('int', 's32', 4, 'little');
  declare readonly $$type: 'int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 3);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: ScalarLayout<'u32'> = scalarLayout('unsigned int', 'u32', 4, 'little');
  declare readonly $$type: 'unsigned int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 3);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: ScalarLayout<'s64'> = scalarLayout('long long', 's64', 8, 'little');
  declare readonly $$type: 'long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 7);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: ScalarLayout<'u64'> = scalarLayout('unsigned long long', 'u64', 8, 'little');
  declare readonly $$type: 'unsigned long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 7);
    this.$$view = view;
    this.$$offset = offset;
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

/** That of a scalar alone: its one member is called `value`. */
export interface ScalarLayout<K extends IntegerKind> extends TypeLayout {
  readonly members: {
    readonly value: { readonly offset: 0; readonly size: number; readonly type: string; readonly is: K };
  };
}

export function scalarLayout<K extends IntegerKind>(
  name: string,
  is: K,
  size: number,
  byteOrder: ByteOrder,
): ScalarLayout<K> {
  return { name, size, align: size, byteOrder, members: { value: { offset: 0, size, type: name, is } } };
}

// Atomic access

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

// Ioctls

/** Which way the bytes of an argument go, seen from user space. */
export type Direction = 'none' | 'read' | 'write' | 'readwrite';

/** `Fd` names the kinds of file descriptor that it is made on; who asks for one kind is also given what takes more. */
export interface IoctlRequest<Fd extends string = never> {
  readonly name: string;
  /** What `ioctl(2)` takes as its second argument. */
  readonly request: number;
  /** As encoded in the request. */
  readonly direction: Direction;
  readonly type: number;
  readonly nr: number;
  /** Size of the argument in bytes, as encoded in the request. */
  readonly size: number;
  /** The argument has pointers in it that the kernel follows. */
  readonly pointers?: true;
  /** The kinds of file descriptor; absent where nothing is known of them. */
  readonly fds?: { readonly [Kind in Fd]: true };
}

/** An ioctl without an argument. */
export interface IoctlAlone<Fd extends string = never> extends IoctlRequest<Fd> {
  readonly passes: 'nothing';
}

/** An ioctl whose argument is an integer. */
export interface IoctlByValue<Fd extends string = never> extends IoctlRequest<Fd> {
  readonly passes: 'value';
  /** Its C type. */
  readonly argument: string;
}

/** An ioctl that points to a `T`. `Way` is what the kernel really does, which is not always what the request says. */
export interface IoctlByPointer<T extends View, Fd extends string = never, Way extends Direction = Direction>
  extends IoctlRequest<Fd> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: ViewClass<T>;
}

/** An ioctl that points to `size` bytes for which there is no view. */
export interface IoctlToBytes<Fd extends string = never, Way extends Direction = Direction> extends IoctlRequest<Fd> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: null;
}

export type Ioctl = IoctlAlone | IoctlByValue | IoctlByPointer<View> | IoctlToBytes;
