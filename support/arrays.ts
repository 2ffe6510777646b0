/** Arrays in C memory whose elements do not depend on the byte order. */

import { BoolIterator, NestedIterator, S8Iterator, U8Iterator, ViewIterator } from './elements.js';
import { jsonValue } from './json.js';
import { copy, uncloneable, type View, type ViewClass } from './view.js';

/** Returns the number of elements of a flexible array that fit into a view. */
export function elementsWithin(view: DataView, offset: number, elementSize: number): number {
  return elementSize === 0 ? 0 : Math.max(0, Math.floor((view.byteLength - offset) / elementSize));
}

/** An array in C memory with the number of elements that C declares. An element is read when it is requested. */
export abstract class ArrayView<T> implements Iterable<T> {
  declare readonly view: DataView;
  /** The offset of the first element in `view`, in bytes. */
  declare readonly offset: number;
  declare readonly length: number;
  /** The distance from one element to the next, in bytes. */
  declare readonly stride: number;
  /** Makes `structuredClone` and `postMessage` refuse the array, as they refuse a view. */
  declare readonly $$uncloneable: symbol;

  /** @throws RangeError if an element is outside of `view`. */
  constructor(view: DataView, offset: number, length: number, stride: number) {
    const size = length * stride;
    if (!(offset >= 0 && length >= 0 && offset + size <= view.byteLength)) throw outside(this, offset, size, view);
    this.view = view;
    this.offset = offset;
    this.length = length;
    this.stride = stride;
    this.$$uncloneable = uncloneable;
  }

  /** Returns the element at an index. @throws RangeError if the index is not from 0 to `length - 1`. */
  abstract get(index: number): T;
  /** Writes the element at an index. @throws RangeError if the index is not from 0 to `length - 1`. */
  abstract set(index: number, value: T): void;

  /** Writes elements, starting at the first one. @throws RangeError if there are more values than elements. */
  assign(values: Iterable<T>): void {
    let index = 0;
    for (const value of values) this.set(index++, value);
  }

  /** Returns the elements in order. An element is read when it is requested. */
  abstract elements(): IterableIterator<T>;

  [Symbol.iterator](): IterableIterator<T> {
    return this.elements();
  }

  /** Returns the elements for `JSON.stringify`, with bigints as decimal strings. */
  toJSON(): unknown[] {
    return Array.from({ length: this.length }, (_, index) => jsonValue(this.get(index)));
  }

  /** Returns the bytes of all elements. The bytes are shared, not copied. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.offset, this.length * this.stride);
  }

  /** Returns the offset of an element in the view. The stride is a parameter so that each call passes a literal. */
  at(index: number, stride: number): number {
    if (index >>> 0 !== index || index >= this.length)
      throw new RangeError(`index ${index} is out of range; the array has ${this.length} elements`);
    return this.offset + index * stride;
  }
}

/**
 * Whether a value is an array in C memory, of this copy of the support library or of another one. Bindings can have a copy of
 * their own.
 */
export function isArrayView(value: unknown): value is ArrayView<unknown> {
  return typeof value === 'object' && value !== null && !('$$layout' in value) && 'stride' in value && 'view' in value;
}

/** The name of the class of an array for messages. The classes of emitted modules are all called `ViewArray`. */
export function nameOfArray(array: ArrayView<unknown>): string {
  return 'type' in array ? 'ViewArray' : array.constructor.name;
}

function outside(array: ArrayView<unknown>, offset: number, size: number, view: DataView): RangeError {
  return new RangeError(
    `${array instanceof ViewArray ? 'ViewArray' : array.constructor.name}: ${size} bytes at offset ${offset} do not fit into the view of ${view.byteLength} bytes`,
  );
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
  override elements(): IterableIterator<number> {
    return new U8Iterator(this);
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
  override elements(): IterableIterator<number> {
    return new S8Iterator(this);
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
  override elements(): IterableIterator<boolean> {
    return new BoolIterator(this);
  }
}

/**
 * An array of structs or unions. Its elements are views, so a write to an element writes to the array. Emitted modules have a class
 * for each struct, which V8 compiles to faster code.
 */
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
  override elements(): IterableIterator<T> {
    return new ViewIterator<T>(this);
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
  override elements(): IterableIterator<T> {
    return new NestedIterator(this);
  }
}
