/** Guest memory: mapped once in this process, visible through windows, and shared between Workers by handle. */

import { constants } from 'node:buffer';
import type { View, ViewClass } from '../support/index.js';
import { addon, type MemoryRecord } from './addon.js';
import {
  describe,
  lengthOf,
  newHandle,
  requireBytes,
  requireClass,
  requireFunction,
  requireHandle,
} from './arguments.js';
import { type Creator, creator, requireCreator } from './construction.js';
import { type DuplicateFdOptions, duplicatedFd } from './descriptors.js';
import { KvmArgumentError, KvmClosedError, syscallError } from './errors.js';
import { advisePages, bindPages, discardPages, type MemoryAdvice, type MemoryPolicy } from './memory-advice.js';
import {
  creationError,
  fileMapping,
  fileMappingError,
  type GuestMemoryFileOptions,
  type GuestMemoryOptions,
  memoryCreation,
} from './memory-options.js';

/**
 * What another thread needs to attach to the memory. `GuestMemory.share` returns the handle. A handle can be posted. A handle does
 * not keep the memory open: keep the memory open until the other thread has attached.
 */
export interface GuestMemoryHandle {
  /** Always `'guest memory'`. */
  readonly kind: 'guest memory';
  /** The number of the memory in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

/**
 * One ArrayBuffer cannot have more than about 4 GiB on Node 20. Windows begin at multiples of a step and are two steps long,
 * so that every range of up to one step is inside one window.
 */
const windowStep = 2 ** 30;

/** A window with its place in the memory. */
interface Window {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

let make: (record: MemoryRecord) => GuestMemory;
let recordOf: (memory: GuestMemory) => MemoryRecord;
let isMemory: (value: object) => boolean;
let sizeOf: (memory: GuestMemory) => number;

/** Memory for guests, which is mapped once in this process. Any thread can attach to the memory. */
export class GuestMemory implements Disposable {
  /** The size in bytes. */
  readonly size: number;
  #record: MemoryRecord | undefined;
  /** The size of the record. JavaScript can redefine the property `size`. */
  readonly #size: number;
  /** The windows, by offset and length. */
  readonly #windows = new Map<string, ArrayBuffer>();
  /** The window that was used last. Most accesses are in the same window, and they need no look-up. */
  #last: Window | undefined;
  #id: number | undefined;

  private constructor(given: Creator, record: MemoryRecord) {
    requireCreator(given, 'GuestMemory', 'GuestMemory.create or GuestMemory.attach');
    this.#record = record;
    this.#size = addon().memoryLength(record);
    this.size = this.#size;
  }

  /**
   * Creates memory that is filled with zeros.
   *
   * @param size in bytes, a multiple of the page size of the machine, or of `hugePageSize`.
   * @param options a memfd, huge pages, and whether all pages are allocated now.
   * @throws KvmArgumentError for a wrong size or option, KvmError when the kernel does not have enough memory or huge pages.
   * @example
   * const memory = GuestMemory.create(0x10_0000);
   * const huge = GuestMemory.create(2 ** 30, { hugePageSize: 2 ** 21, populate: true });
   */
  static create(size: number, options: GuestMemoryOptions = {}): GuestMemory {
    const operation = 'GuestMemory.create';
    const creation = memoryCreation(operation, size, options);
    const record = addon().memoryCreate(creation);
    if (typeof record === 'number') throw creationError(operation, creation, record);
    return new GuestMemory(creator, record);
  }

  /**
   * Maps a file: a regular file, a memfd of any process, or a file of hugetlbfs. If the file ends within a page, the bytes after
   * its end are zeros. The memory does not use the file descriptor afterwards, so the caller may close it.
   *
   * @param fd a file descriptor that is open for reading, and for writing unless the memory is private.
   * @param options the part of the file, and whether writes change the file.
   * @throws KvmArgumentError when the part is not inside the file or not whole pages, KvmError when the file cannot be mapped.
   * @example
   * import { closeSync, openSync } from 'node:fs';
   * import { GuestMemory } from 'kvm-uapi';
   *
   * const file = openSync('memory.snapshot', 'r');
   * const memory = GuestMemory.fromFile(file, { private: true }); // Copy on write: the snapshot stays as it is.
   * closeSync(file);
   */
  static fromFile(fd: number, options: GuestMemoryFileOptions = {}): GuestMemory {
    const operation = 'GuestMemory.fromFile';
    const mapping = fileMapping(operation, fd, options);
    const record = addon().memoryOfFile(mapping);
    if (typeof record === 'number') throw fileMappingError(operation, mapping, record);
    return new GuestMemory(creator, record);
  }

  /**
   * Attaches to memory of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @throws KvmClosedError when the memory is closed everywhere.
   */
  static attach(handle: GuestMemoryHandle): GuestMemory {
    const found = addon().memoryFind(requireHandle('GuestMemory.attach', handle, 'guest memory'));
    if (!found) throw new KvmClosedError('GuestMemory.attach', 'the memory of this handle is closed');
    return new GuestMemory(creator, found);
  }

  /**
   * Returns the handle to post to another thread, which passes it to `GuestMemory.attach`.
   *
   * @throws KvmClosedError after `close`.
   */
  share(): GuestMemoryHandle {
    this.#id ??= addon().memoryId(this.#openRecord());
    return newHandle('guest memory', this.#id);
  }

  #openRecord(): MemoryRecord {
    if (!this.#record) throw new KvmClosedError('GuestMemory', 'this memory is closed');
    return this.#record;
  }

  /**
   * The file descriptor of the memfd, or one of the file of `fromFile`. Null for anonymous memory and for private memory of a file.
   * `close` closes the file descriptor.
   */
  get fd(): number | null {
    const fd = addon().memoryFd(this.#openRecord());
    return fd < 0 ? null : fd;
  }

  /**
   * Returns a new file descriptor of the memfd. It stays open after `close`: the caller closes it.
   *
   * @param options whether programs that this process starts get the file descriptor.
   * @throws KvmArgumentError for anonymous memory and for wrong options, KvmClosedError after `close`, KvmError when the kernel refuses.
   */
  duplicateFd(options: DuplicateFdOptions = {}): number {
    const operation = 'GuestMemory.duplicateFd';
    const record = this.#openRecord();
    if (addon().memoryFd(record) < 0) {
      throw new KvmArgumentError(operation, "this memory has no file descriptor; create it with the option 'memfd'");
    }
    return duplicatedFd(operation, options, (cloexec) => addon().memoryDuplicate(record, cloexec));
  }

  /** The page size of the memory in bytes: that of the machine, or that of its huge pages. @throws KvmClosedError after `close`. */
  get pageSize(): number {
    return addon().memoryPageSize(this.#openRecord());
  }

  /**
   * The number of pages that the kernel could not provide when they were accessed: the file is shorter than the memory, its file
   * system is full, or huge pages have run out. Each of these pages has been replaced by a page of zeros, which is not connected to the
   * file. If it is not 0, the contents of the memory are not what they should be.
   *
   * @throws KvmClosedError after `close`.
   */
  get lostPages(): number {
    return addon().memoryLostPages(this.#openRecord());
  }

  /** The address of the memory in this process. @throws KvmClosedError after `close`. */
  get address(): bigint {
    return addon().memoryAddress(this.#openRecord());
  }

  /**
   * Returns the `length` bytes at `offset`, in place: the bytes are not copied.
   *
   * @param offset in bytes.
   * @param length in bytes.
   * @throws KvmArgumentError when the bytes are not all inside the memory, KvmClosedError after `close`.
   */
  bytes(offset: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.dataView(offset, length);
    return new Uint8Array(buffer, byteOffset, length);
  }

  /**
   * Returns the `length` bytes at `offset` as a DataView, in place.
   *
   * @param offset in bytes.
   * @param length in bytes.
   * @throws KvmArgumentError when the bytes are not all inside the memory, KvmClosedError after `close`.
   */
  dataView(offset: number, length: number): DataView {
    requireInside(this, offset, length);
    if (length > constants.MAX_LENGTH) {
      throw new KvmArgumentError(
        'GuestMemory.dataView',
        `${length} bytes in one view; a view of this version of Node has at most ${constants.MAX_LENGTH} bytes; use several views`,
      );
    }
    if (length > windowStep) return new DataView(this.#window(offset, length));
    const { bytes, start } = this.#windowWith(offset, length);
    return new DataView(bytes.buffer, offset - start, length);
  }

  /** Returns a window that has these bytes, of which there are not more than a step. They are inside the memory. */
  #windowWith(offset: number, length: number): Window {
    const last = this.#last;
    if (last !== undefined && offset >= last.start && offset + length <= last.end) return last;
    const start = Math.floor(Math.min(offset, this.#size - 1) / windowStep) * windowStep;
    const end = Math.min(start + 2 * windowStep, this.#size);
    const window = { start, end, bytes: new Uint8Array(this.#window(start, end - start)) };
    this.#last = window;
    return window;
  }

  #window(offset: number, length: number): ArrayBuffer {
    const key = `${offset}+${length}`;
    let buffer = this.#windows.get(key);
    if (!buffer) {
      const made = addon().memoryWindow(this.#openRecord(), offset, length);
      if (typeof made === 'number') throw syscallError('mmap', 'GuestMemory.dataView', made);
      buffer = made;
      this.#windows.set(key, buffer);
    }
    return buffer;
  }

  /**
   * Returns a view of a struct at an offset, in place.
   *
   * @param type the class of the struct, from the bindings.
   * @param offset in bytes.
   * @throws KvmArgumentError when the struct is not all inside the memory, KvmClosedError after `close`.
   * @example
   * const regs = memory.view(KvmRegs, 0x7000);
   */
  view<T extends View>(type: ViewClass<T>, offset: number): T {
    requireFunction('GuestMemory.view', 'type', type);
    return new type(this.dataView(offset, type.$size));
  }

  /**
   * Returns a copy of the `length` bytes at `offset`.
   *
   * @param offset in bytes.
   * @param length in bytes.
   * @throws KvmArgumentError when the bytes are not all inside the memory, KvmClosedError after `close`.
   */
  read(offset: number, length: number): Uint8Array {
    requireInside(this, offset, length);
    if (length > windowStep) return this.bytes(offset, length).slice();
    const { bytes, start } = this.#windowWith(offset, length);
    return bytes.slice(offset - start, offset - start + length);
  }

  /**
   * Copies bytes into the memory at an offset.
   *
   * @param offset in bytes.
   * @param bytes the bytes to copy.
   * @throws KvmArgumentError when the bytes do not all fit, KvmClosedError after `close`.
   */
  write(offset: number, bytes: Uint8Array): void {
    requireBytes('GuestMemory.write', bytes);
    const length = lengthOf(bytes);
    requireInside(this, offset, length);
    if (length > windowStep) {
      this.bytes(offset, length).set(bytes);
    } else {
      const window = this.#windowWith(offset, length);
      window.bytes.set(bytes, offset - window.start);
    }
  }

  /**
   * Gives pages back to the host, as a balloon does. The bytes are zeros afterwards. In private memory of a file they are the bytes
   * of the file. In a shared file the pages become a hole, for all processes. A guest may run meanwhile.
   *
   * @param offset in bytes, a multiple of `pageSize`.
   * @param length in bytes, a multiple of `pageSize`.
   * @throws KvmArgumentError unless the bytes are whole pages of the memory, KvmError when the kernel refuses, KvmClosedError after
   * `close`.
   */
  discard(offset: number, length: number): void {
    discardPages(this.#openRecord(), { offset, length });
  }

  /**
   * Gives the kernel advice about pages: madvise(2). Advice that changes contents, such as MADV_DONTNEED, is `discard`.
   *
   * @param advice the name of the advice, such as `'MADV_MERGEABLE'`, `'MADV_HUGEPAGE'` or `'MADV_DONTDUMP'`.
   * @param offset in bytes, a multiple of `pageSize`, by default 0.
   * @param length in bytes, a multiple of `pageSize`, by default up to the end.
   * @throws KvmArgumentError for unknown advice and unless the bytes are whole pages of the memory, KvmError when the kernel
   * refuses, KvmClosedError after `close`.
   * @example
   * memory.advise('MADV_HUGEPAGE'); // Transparent huge pages.
   */
  advise(advice: MemoryAdvice, offset: number = 0, length?: number): void {
    advisePages(this.#openRecord(), advice, { offset, length });
  }

  /**
   * Sets on which NUMA nodes the pages are: mbind(2). Pages that exist already move there.
   *
   * @param policy the name of the policy, such as `'MPOL_BIND'`.
   * @param nodes the numbers of the nodes. The policies `MPOL_DEFAULT` and `MPOL_LOCAL` have none.
   * @param offset in bytes, a multiple of `pageSize`, by default 0.
   * @param length in bytes, a multiple of `pageSize`, by default up to the end.
   * @throws KvmArgumentError for an unknown policy, for a wrong node, and unless the bytes are whole pages of the memory; KvmError
   * when the kernel refuses, KvmClosedError after `close`.
   * @example
   * memory.bindToNodes('MPOL_BIND', [0]);
   */
  bindToNodes(policy: MemoryPolicy, nodes: readonly number[], offset: number = 0, length?: number): void {
    bindPages(this.#openRecord(), policy, nodes, { offset, length });
  }

  /**
   * Detaches all windows of this thread. The memory is freed, unless a VM or another thread uses it. The addresses of the
   * memory stay reserved until the windows are collected. So an asynchronous read or write that is still in progress fails
   * instead of accessing other memory.
   */
  close(): void {
    const record = this.#record;
    if (!record) return;
    this.#record = undefined;
    this.#windows.clear();
    this.#last = undefined;
    addon().memoryRelease(record);
  }

  /** Calls `close` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    make = (record) => new GuestMemory(creator, record);
    recordOf = (memory) => memory.#openRecord();
    isMemory = (value) => #record in value;
    sizeOf = (memory) => memory.#size;
  }
}

/** Makes the object of a record of memory. */
export function makeGuestMemory(record: MemoryRecord): GuestMemory {
  return make(record);
}

/** Whether a value is a `GuestMemory`. An object that only looks like one is not. */
export function isGuestMemory(value: unknown): value is GuestMemory {
  return typeof value === 'object' && value !== null && isMemory(value);
}

/**
 * Returns the record of memory that a caller has passed.
 *
 * @throws KvmArgumentError for any other object, KvmClosedError after `close`.
 */
export function memoryRecord(memory: GuestMemory): MemoryRecord {
  requireMemory(memory);
  return recordOf(memory);
}

/** @throws KvmArgumentError for anything but a `GuestMemory`. */
export function requireMemory(memory: unknown): void {
  requireClass('GuestMemory', 'memory', memory, 'GuestMemory', isGuestMemory(memory));
}

/** @throws KvmArgumentError when the `length` bytes at `offset` are not all inside the memory. */
export function requireInside(memory: GuestMemory, offset: number, length: number): void {
  requireMemory(memory);
  requireRange(offset, length, sizeOf(memory));
}

function requireRange(offset: number, length: number, size: number): void {
  if (!Number.isSafeInteger(offset)) throw notAnInteger('offset', offset);
  if (!Number.isSafeInteger(length)) throw notAnInteger('length', length);
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new KvmArgumentError('GuestMemory', `${length} bytes at ${offset} are not all inside the ${size} bytes`);
}

function notAnInteger(name: string, value: unknown): KvmArgumentError {
  return new KvmArgumentError('GuestMemory', `${name} ${describe(value)}; it must be an integer below 2^53`);
}
