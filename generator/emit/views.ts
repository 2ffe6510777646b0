/**
 * What the generated bindings are made of: views of C memory, and ioctls as typed values. This file stands beside the
 * generated modules and needs nothing, neither Node nor a browser.
 *
 * A view owns no bytes. It reads and writes the DataView it was made over, so what one side writes the other sees, and
 * once the buffer is detached every access throws a TypeError. Assignment converts as C does: modulo the width.
 */

/** Where a member lies in its type. */
export interface MemberLayout {
  /** In bytes from the start of the type; of a bit-field, that of its storage unit. */
  readonly offset: number;
  /** In bytes; of a bit-field, that of its storage unit; 0 for a flexible array. */
  readonly size: number;
  /** The C type, without dimensions. */
  readonly type: string;
  /** Array dimensions, outermost first; null for a flexible one. */
  readonly dims?: readonly (number | null)[];
  /** First bit, counted from bit 0 of the byte at `offset` in the order C allocates them, and width. */
  readonly bit?: readonly [offset: number, width: number];
}

/** Size, alignment and every offset of a type, as data. Members of anonymous members are listed as their parent's. */
export interface TypeLayout {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly members: Readonly<Record<string, MemberLayout>>;
}

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
  static readonly $layout: TypeLayout = scalarLayout('int', 4);
  declare readonly $$type: 'int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 3);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: TypeLayout = scalarLayout('unsigned int', 4);
  declare readonly $$type: 'unsigned int';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 3);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: TypeLayout = scalarLayout('long long', 8);
  declare readonly $$type: 'long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 7);
    this.$$view = view;
    this.$$offset = offset;
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
  static readonly $layout: TypeLayout = scalarLayout('unsigned long long', 8);
  declare readonly $$type: 'unsigned long long';
  declare readonly $$view: DataView;
  declare readonly $$offset: number;
  constructor(view: DataView, offset = 0) {
    view.getUint8(offset + 7);
    this.$$view = view;
    this.$$offset = offset;
  }
  get value(): bigint {
    return this.$$view.getBigUint64(this.$$offset, true);
  }
  set value(value: bigint) {
    this.$$view.setBigUint64(this.$$offset, value, true);
  }
}

function scalarLayout(name: string, size: number): TypeLayout {
  return { name, size, align: size, members: { value: { offset: 0, size, type: name } } };
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
