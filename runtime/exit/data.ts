/** The data of an exit, in the shared memory. The runtime checks the length that the kernel gives against the memory. */

import { U8Array, U16Array, U32Array } from '../../support/index.js';
import { checkNumber64 } from '../../support/safe-integers.js';
import type { KvmRun } from '../context.js';
import { KvmError } from '../errors.js';

/** The data of a port access: `count` elements of `size` bytes. */
export type PortData = U8Array | U16Array | U32Array;

/** The arrays, by the number of bytes of an element. */
const portArrays = [undefined, U8Array, U16Array, undefined, U32Array] as const;

export class PortWindow {
  readonly #io: KvmRun['io'];
  readonly #view: DataView;
  /** The first offset that the data may have: after `struct kvm_run`. */
  readonly #start: number;
  /** The last array for each element size. It is valid as long as the offset and the count are the same. */
  readonly #made: PortData[] = [];

  constructor(run: KvmRun) {
    this.#io = run.io;
    this.#view = run.$$view;
    this.#start = run.$$offset + run.$$layout.size;
  }

  /** @throws KvmError with code `ERR_KVM_INVALID_DATA` when the data would be outside of the memory. */
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
      if (error instanceof RangeError) throw invalid('io.data_offset', this.#io.data_offset, 'it must be below 2^53');
      throw error;
    }
  }

  #make(offset: number, size: number, count: number): PortData {
    const type = portArrays[size];
    if (type === undefined) throw invalid('io.size', size, 'it must be 1, 2 or 4');
    const end = this.#view.byteLength;
    if (offset < this.#start || offset > end) {
      throw invalid('io.data_offset', offset, `it must be from ${this.#start} to ${end}`);
    }
    if (count > Math.floor((end - offset) / size)) {
      throw invalid('io.count', count, `${end - offset} bytes are left for elements of ${size} bytes`);
    }
    const data = new type(this.#view, offset, count);
    this.#made[size] = data;
    return data;
  }
}

/** The valid part of an array, whose count is in another member. There is one view for each count, made when it is needed. */
export class CountedPart<T> {
  readonly #name: string;
  readonly #length: number;
  readonly #count: () => number;
  readonly #part: (count: number) => T;
  readonly #made: T[] = [];

  /** `name` is the name of the count, and `length` is the length of the whole array. */
  constructor(name: string, length: number, count: () => number, part: (count: number) => T) {
    this.#name = name;
    this.#length = length;
    this.#count = count;
    this.#part = part;
  }

  /** @throws KvmError with code `ERR_KVM_INVALID_DATA` when the count is greater than the length of the array. */
  get data(): T {
    const count = this.#count();
    return this.#made[count] ?? this.#make(count);
  }

  #make(count: number): T {
    if (count > this.#length) throw invalid(this.#name, count, `it must be at most ${this.#length}`);
    const part = this.#part(count);
    this.#made[count] = part;
    return part;
  }
}

/** The data of a device access: bytes that are one value in the byte order of the target. */
export class DeviceData extends U8Array {
  /** Whether the first byte is the least significant one. */
  declare readonly littleEndian: boolean;

  constructor(view: DataView, offset: number, length: number, littleEndian: boolean) {
    super(view, offset, length);
    this.littleEndian = littleEndian;
  }

  /** All bytes as an unsigned integer. A write converts as C does: modulo the width. */
  get value(): bigint {
    let value = 0n;
    for (let byte = this.length - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(this.get(this.#place(byte)));
    return value;
  }
  set value(value: bigint) {
    let rest = value;
    for (let byte = 0; byte < this.length; byte++, rest >>= 8n) this.set(this.#place(byte), Number(rest & 0xffn));
  }

  /** All bytes as a number. @throws RangeError for a value that is not a safe integer. */
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

  /** The index of a byte, which is counted from the least significant one. */
  #place(byte: number): number {
    return this.littleEndian ? byte : this.length - 1 - byte;
  }
}

function invalid(member: string, value: number | bigint, rule: string): KvmError {
  return new KvmError('data of the exit', `kvm_run.${member} is ${value}; ${rule}`, { code: 'ERR_KVM_INVALID_DATA' });
}
