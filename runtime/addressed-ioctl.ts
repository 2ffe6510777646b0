/**
 * Ioctls whose argument has addresses of this process. The caller passes the data at the addresses. The native layer writes
 * the addresses, just before the ioctl, so the kernel never follows an address that a caller has written.
 */

import type { IoctlByPointer, View, ViewClass } from '../support/index.js';
import type { MemberLayout, TypeLayout } from '../support/layout.js';
import { type AddonTail, addon, type MemoryRecord } from './addon.js';
import { describe, isBytes } from './arguments.js';
import type { AddressTarget } from './context.js';
import { KvmArgumentError } from './errors.js';
import { refused } from './ioctl.js';
import { type GuestMemory, isGuestMemory, memoryRecord } from './memory.js';
import { requireInteger } from './numbers.js';
import { type KnownKeys, requireKnownKeys } from './options.js';

/** A part of a guest memory, in place. */
export interface MemoryRange {
  /** The memory. */
  readonly memory: GuestMemory;
  /** Where the part begins, in bytes, by default 0. */
  readonly offset?: number;
  /** The length of the part in bytes, by default all of the rest. */
  readonly length?: number;
}

/** The data at an address: bytes, which are copied for the ioctl, or a part of a guest memory in place. */
export type AddressedData = Uint8Array | MemoryRange;

const rangeKeys: KnownKeys<MemoryRange> = { memory: true, offset: true, length: true };

/** The bytes at an address. */
interface Part {
  readonly block: DataView | MemoryRecord;
  readonly offset: number;
  readonly length: number;
}

/** An integer member of a struct: its offset and its size. */
export type Place = Pick<MemberLayout, 'offset' | 'size'>;

/** An address in a struct. */
export interface AddressPlace {
  /** The place of the address. */
  readonly at: Place;
  /** The member that states how many units are at the address. Absent if one unit is there. */
  readonly count?: Place | undefined;
  /** The size of a unit in bytes. */
  readonly unit: number;
  /** The value that another member must have. With another value the kernel does not follow the address. */
  readonly only?: { readonly member: Place; readonly value: number };
}

/** The place of a member in a struct. */
export function placeIn(layout: TypeLayout, member: string): Place {
  const found = layout.members[member];
  if (found === undefined) throw new Error(`${layout.name} has no member ${member}`);
  return found;
}

/**
 * The argument of an ioctl, the structs and the data at its addresses. The blocks are numbered in the order in which they are
 * added, and 0 is the argument.
 */
export class AddressedArgument {
  readonly #operation: string;
  readonly #blocks: (DataView | MemoryRecord)[] = [];
  readonly #parts: number[] = [];
  readonly #links: number[] = [];
  readonly #tails: number[] = [];

  constructor(operation: string, argument: View, type: ViewClass<View>) {
    this.#operation = operation;
    this.struct(argument, type);
  }

  /**
   * Adds a struct, whose changes are copied back to the view. `tail` describes its elements, if it counts some. Returns its
   * number.
   *
   * @throws KvmArgumentError when the view does not have all bytes of the struct.
   */
  struct(view: View, type: ViewClass<View>, tail?: AddonTail): number {
    const { $$view, $$offset } = view;
    const length = tail === undefined ? type.$size : lengthWith(tail, $$view, $$offset, type.$layout.byteOrder);
    if (length > $$view.byteLength - $$offset) {
      const has = `its view has ${$$view.byteLength - $$offset}`;
      throw new KvmArgumentError(this.#operation, `the ${type.$layout.name} has ${length} bytes, and ${has}`);
    }
    const number = this.#add({ block: $$view, offset: $$offset, length }, true);
    if (tail !== undefined) this.#tails.push(number, ...tail);
    return number;
  }

  /** Adds data. With `back`, the kernel's changes to bytes are copied back. Returns its number. */
  data(what: string, data: AddressedData, back: boolean): { readonly number: number; readonly length: number } {
    const part = partOf(this.#operation, what, data);
    return { number: this.#add(part, back), length: part.length };
  }

  #add({ block, offset, length }: Part, back: boolean): number {
    this.#parts.push(offset, length, back ? 1 : 0);
    return this.#blocks.push(block) - 1;
  }

  /** Makes an address in the block `from` point to the block `to`. A `to` of 0 makes a null pointer and a count of 0. */
  link(from: number, { at, count, unit, only }: AddressPlace, to: number): void {
    const counted = count === undefined ? [0, 0] : [count.offset, count.size];
    const conditional = only === undefined ? [0, 0, 0] : [only.member.offset, only.member.size, only.value];
    this.#links.push(from, at.offset, to, ...counted, unit, ...conditional);
  }

  /**
   * Makes the ioctl. With `keeps`, the VM keeps the guest memories until it is closed. Returns the result of the system call,
   * which is below zero if the kernel refuses.
   *
   * @throws KvmArgumentError when a struct has fewer elements than it counts.
   */
  call(on: AddressTarget, request: number, keeps = false): number {
    const result = on.addressed({
      request,
      blocks: this.#blocks,
      parts: this.#parts,
      links: this.#links,
      tails: this.#tails,
      keeps,
    });
    if (result !== addon().TOO_SHORT) return result;
    throw new KvmArgumentError(this.#operation, 'a struct counts more elements than it has; allocate it with more');
  }

  /** Makes an ioctl like `call`. @throws KvmError, or KvmUnsupportedError, when the kernel refuses. */
  invoke(on: AddressTarget, ioctl: IoctlByPointer<View>, keeps = false): void {
    const result = this.call(on, ioctl.request, keeps);
    if (result < 0) throw refused(on.target, ioctl, result, undefined);
  }
}

/** Returns the bytes of data. @throws KvmArgumentError for anything else, and for no bytes. */
function partOf(operation: string, what: string, data: AddressedData): Part {
  if (isBytes(data)) {
    const { buffer, byteOffset, byteLength } = data;
    if (byteLength === 0) throw new KvmArgumentError(operation, `${what} has 0 bytes; leave it out instead`);
    return { block: new DataView(buffer, byteOffset, byteLength), offset: 0, length: byteLength };
  }
  if (typeof data !== 'object' || data === null || !('memory' in data)) {
    const rule = 'it must be a Uint8Array or { memory, offset?, length? }';
    throw new KvmArgumentError(operation, `${what} ${describe(data)}; ${rule}`);
  }
  return rangeOf(operation, what, data);
}

function rangeOf(operation: string, what: string, range: MemoryRange): Part {
  requireKnownKeys<MemoryRange>(operation, range, rangeKeys);
  const { memory, offset = 0, length } = range;
  if (!isGuestMemory(memory)) {
    throw new KvmArgumentError(operation, `the memory of ${what} is ${describe(memory)}; it must be a GuestMemory`);
  }
  const block = memoryRecord(memory);
  const whole = addon().memoryLength(block);
  const start = requireInteger(operation, `the offset of ${what}`, offset, whole);
  const bytes = requireInteger(operation, `the length of ${what}`, length ?? whole - start, whole - start);
  if (bytes === 0) throw new KvmArgumentError(operation, `${what} has 0 bytes; leave it out instead`);
  return { block, offset: start, length: bytes };
}

/** The number of bytes of a struct with the elements that it counts. */
function lengthWith(tail: AddonTail, view: DataView, offset: number, byteOrder: string): number {
  const [start, elementSize, countOffset, countSize] = tail;
  if (countSize !== 4 || offset + countOffset + countSize > view.byteLength) return start;
  return start + elementSize * view.getUint32(offset + countOffset, byteOrder === 'little');
}
