/** The data of an exit, in the memory that the kernel shares. How much there is, the kernel says: it is held against that memory. */

import type { KvmRun } from '../../generated/x86_64/linux/kvm.js';
import { U8Array, U16Array, U32Array } from '../../support/index.js';
import { checkNumber64 } from '../../support/safe-integers.js';
import { KvmArgumentError } from '../errors.js';

/** What goes to a port or comes from it: `count` elements of `size` bytes. */
export type PortData = U8Array | U16Array | U32Array;

/** Those by the bytes of an element. */
const portArrays = [undefined, U8Array, U16Array, undefined, U32Array] as const;

export class PortWindow {
  readonly #io: KvmRun['io'];
  readonly #view: DataView;
  /** Where the data may begin: behind `struct kvm_run`. */
  readonly #start: number;
  /** The last array of each size of an element, which is right as long as the kernel says the same. */
  readonly #made: PortData[] = [];

  constructor(run: KvmRun) {
    this.#io = run.io;
    this.#view = run.$$view;
    this.#start = run.$$offset + run.$$layout.size;
  }

  /** @throws KvmArgumentError when the exit says that there is data outside of the memory. */
  get data(): PortData {
    const { size, count } = this.#io;
    const offset = this.#offset();
    const made = this.#made[size];
    if (made !== undefined && made.offset === offset && made.length === count) return made;
    return this.#make(offset, size, count);
  }

  #offset(): number {
    try {
      return this.#io.$data_offset;
    } catch (error) {
      if (error instanceof RangeError) throw outside('io.data_offset', this.#io.data_offset, 'no offset in its memory');
      throw error;
    }
  }

  #make(offset: number, size: number, count: number): PortData {
    const type = portArrays[size];
    if (type === undefined) throw outside('io.size', size, 'no size of a port');
    const end = this.#view.byteLength;
    if (offset < this.#start || offset > end) {
      throw outside('io.data_offset', offset, `not between struct kvm_run and the end of its memory, ${end}`);
    }
    if (count > Math.floor((end - offset) / size)) {
      throw outside(
        'io.count',
        count,
        `elements of ${size} bytes are more than the ${end - offset} bytes that are left`,
      );
    }
    const data = new type(this.#view, offset, count);
    this.#made[size] = data;
    return data;
  }
}

/** The part of an array that holds, as a count beside it says. One view for each count, made when it first comes. */
export class CountedPart<T> {
  readonly #name: string;
  readonly #length: number;
  readonly #count: () => number;
  readonly #part: (count: number) => T;
  readonly #made: T[] = [];

  /** `name` is that of the count; `length` is how many there can be. */
  constructor(name: string, length: number, count: () => number, part: (count: number) => T) {
    this.#name = name;
    this.#length = length;
    this.#count = count;
    this.#part = part;
  }

  /** @throws KvmArgumentError when the count is greater than the array. */
  get data(): T {
    const count = this.#count();
    return this.#made[count] ?? this.#make(count);
  }

  #make(count: number): T {
    if (count > this.#length) throw outside(this.#name, count, `more than the ${this.#length} elements that there are`);
    const part = this.#part(count);
    this.#made[count] = part;
    return part;
  }
}

/** What is written to a device, or read from it: some bytes, which are one value in the byte order of the target. */
export class DeviceData extends U8Array {
  declare readonly littleEndian: boolean;

  constructor(view: DataView, offset: number, length: number, littleEndian: boolean) {
    super(view, offset, length);
    this.littleEndian = littleEndian;
  }

  /** All bytes as an integer without a sign. Writing converts as C does: modulo the width. */
  get value(): bigint {
    let value = 0n;
    for (let byte = this.length - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(this.get(this.#place(byte)));
    return value;
  }
  set value(value: bigint) {
    let rest = value;
    for (let byte = 0; byte < this.length; byte++, rest >>= 8n) this.set(this.#place(byte), Number(rest & 0xffn));
  }

  /** The same as a number. @throws RangeError for what is no safe integer. */
  get $value(): number {
    let value = 0;
    for (let byte = this.length - 1; byte >= 0; byte--) value = value * 0x100 + this.get(this.#place(byte));
    checkNumber64(value, false);
    return value;
  }
  set $value(value: number) {
    checkNumber64(value, true);
    let rest = value;
    for (let byte = 0; byte < this.length; byte++) {
      this.set(this.#place(byte), rest % 0x100);
      rest = Math.floor(rest / 0x100);
    }
  }

  /** The index of a byte, counted from the least significant one. */
  #place(byte: number): number {
    return this.littleEndian ? byte : this.length - 1 - byte;
  }
}

function outside(member: string, value: number | bigint, problem: string): KvmArgumentError {
  return new KvmArgumentError(`kvm_run: ${member} is ${value}: ${problem}; this exit cannot be served`);
}
