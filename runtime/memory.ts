/** Guest memory: mapped once in this process, seen through windows, shared between Workers by handle. */

import { constants } from 'node:buffer';
import type { View, ViewClass } from '../generated/views.js';
import { type MemoryHandle, native } from './addon.js';
import { KvmArgumentError, KvmClosedError, kernelError } from './errors.js';

/** What a Worker needs to see the same memory; it can be posted. It holds nothing: keep the memory open meanwhile. */
export interface GuestMemoryHandle {
  readonly kind: 'guest memory';
  readonly id: number;
}

export interface GuestMemoryOptions {
  /** Back it by a memfd of this name, so that another process may map it too. Anonymous memory otherwise. */
  readonly memfd?: string;
}

/** One ArrayBuffer cannot show more than about 4 GiB on Node 20. Windows begin at multiples of a step and are two steps
 * long, so that whatever is at most a step long lies in one of them. */
const windowStep = 2 ** 30;

export class GuestMemory implements Disposable {
  /** In bytes. */
  readonly size: number;
  #handle: MemoryHandle | undefined;
  /** By offset and length. */
  readonly #windows = new Map<string, ArrayBuffer>();
  #id: number | undefined;

  private constructor(handle: MemoryHandle) {
    this.#handle = handle;
    this.size = native().memoryLength(handle);
  }

  /** Zeroed memory of `size` bytes, a multiple of the page size. @throws KvmError when the kernel has none. */
  static create(size: number, options: GuestMemoryOptions = {}): GuestMemory {
    if (!Number.isSafeInteger(size) || size <= 0 || size % 4096 !== 0) {
      throw new KvmArgumentError(`guest memory of ${size} bytes; the size must be a positive multiple of 4096`);
    }
    const handle = native().memoryCreate(size, options.memfd ?? null);
    if (typeof handle === 'number') throw kernelError(options.memfd === undefined ? 'mmap' : 'memfd_create', handle);
    return new GuestMemory(handle);
  }

  /** The memory behind a handle that was posted here. @throws KvmClosedError when nobody holds it any more. */
  static attach(handle: GuestMemoryHandle): GuestMemory {
    const found = native().memoryFind(handle.id);
    if (!found) throw new KvmClosedError('the guest memory of this handle is closed');
    return new GuestMemory(found);
  }

  /** The handle to post to a Worker, for `GuestMemory.attach` there. */
  share(): GuestMemoryHandle {
    this.#id ??= native().memoryId(this.handle);
    return { kind: 'guest memory', id: this.#id };
  }

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): MemoryHandle {
    if (!this.#handle) throw new KvmClosedError('the guest memory is closed');
    return this.#handle;
  }

  /** The memfd, or null for anonymous memory. It is closed with the memory. */
  get fd(): number | null {
    const fd = native().memoryFd(this.handle);
    return fd < 0 ? null : fd;
  }

  /** Where it is mapped in this process. */
  get address(): bigint {
    return native().memoryAddress(this.handle);
  }

  /** The `length` bytes at `offset`, shared with the guest. @throws KvmArgumentError when they are not all inside. */
  bytes(offset: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.dataView(offset, length);
    return new Uint8Array(buffer, byteOffset, length);
  }

  /** The same as a DataView. */
  dataView(offset: number, length: number): DataView {
    if (
      !(
        Number.isSafeInteger(offset) &&
        Number.isSafeInteger(length) &&
        offset >= 0 &&
        length >= 0 &&
        offset + length <= this.size
      )
    ) {
      throw new KvmArgumentError(
        `${length} bytes at ${offset} are not within the ${this.size} bytes of the guest memory`,
      );
    }
    if (length > constants.MAX_LENGTH) {
      throw new KvmArgumentError(
        `${length} bytes of guest memory in one view; this Node shows at most ${constants.MAX_LENGTH}, look at them in parts`,
      );
    }
    if (length > windowStep) return new DataView(this.#window(offset, length));
    const start = Math.floor(Math.min(offset, this.size - 1) / windowStep) * windowStep;
    return new DataView(this.#window(start, Math.min(2 * windowStep, this.size - start)), offset - start, length);
  }

  #window(offset: number, length: number): ArrayBuffer {
    const key = `${offset}+${length}`;
    let buffer = this.#windows.get(key);
    if (!buffer) {
      const made = native().memoryWindow(this.handle, offset, length);
      if (typeof made === 'number') throw kernelError('window of guest memory', made);
      buffer = made;
      this.#windows.set(key, buffer);
    }
    return buffer;
  }

  /** A generated view of what is at an offset. */
  view<T extends View>(type: ViewClass<T>, offset: number): T {
    return new type(this.dataView(offset, type.$size));
  }

  /** Copies bytes to an offset. */
  write(offset: number, bytes: Uint8Array): void {
    this.bytes(offset, bytes.length).set(bytes);
  }

  /**
   * Detaches all windows of this isolate. The memory is given back unless a VM has it or another isolate sees it. Its
   * addresses stay taken until the windows are collected, so that an asynchronous read or write that is still at work on
   * one fails, instead of reaching what is there next.
   */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = undefined;
    const windows = [...this.#windows.values()];
    this.#windows.clear();
    // Whoever has moved a window's bytes to another buffer keeps the memory with it.
    const moved = windows.some(({ byteLength }) => byteLength === 0);
    for (const window of windows) native().detach(window);
    if (!moved) native().memoryRelease(handle);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
