/** Guest memory: mapped once in this process, visible through windows, and shared between Workers by handle. */

import { constants } from 'node:buffer';
import type { View, ViewClass } from '../support/index.js';
import { addon, type MemoryHandle } from './addon.js';
import { KvmArgumentError, KvmClosedError, kernelError } from './errors.js';

/**
 * The handle that a Worker needs to see the same memory. It can be posted. It does not keep the memory open: keep the memory
 * open until the Worker has attached.
 */
export interface GuestMemoryHandle {
  readonly kind: 'guest memory';
  readonly id: number;
}

export interface GuestMemoryOptions {
  /** The name of a memfd, so that another process can map the memory too. Without it the memory is anonymous. */
  readonly memfd?: string;
}

/**
 * One ArrayBuffer cannot have more than about 4 GiB on Node 20. Windows begin at multiples of a step and are two steps long,
 * so that every range of up to one step is inside one window.
 */
const windowStep = 2 ** 30;

export class GuestMemory implements Disposable {
  /** The size in bytes. */
  readonly size: number;
  #handle: MemoryHandle | undefined;
  /** The windows, by offset and length. */
  readonly #windows = new Map<string, ArrayBuffer>();
  #id: number | undefined;

  private constructor(handle: MemoryHandle) {
    this.#handle = handle;
    this.size = addon().memoryLength(handle);
  }

  /** Creates zeroed memory of `size` bytes, a multiple of the page size. @throws KvmError when the kernel has no memory. */
  static create(size: number, options: GuestMemoryOptions = {}): GuestMemory {
    if (!Number.isSafeInteger(size) || size <= 0 || size % 4096 !== 0) {
      throw new KvmArgumentError(`guest memory of ${size} bytes; the size must be a positive multiple of 4096`);
    }
    const handle = addon().memoryCreate(size, options.memfd ?? null);
    if (typeof handle === 'number') throw kernelError(options.memfd === undefined ? 'mmap' : 'memfd_create', handle);
    return new GuestMemory(handle);
  }

  /** Opens the memory of a handle that was posted here. @throws KvmClosedError when the memory is closed everywhere. */
  static attach(handle: GuestMemoryHandle): GuestMemory {
    const found = addon().memoryFind(handle.id);
    if (!found) throw new KvmClosedError('the guest memory of this handle is closed');
    return new GuestMemory(found);
  }

  /** The handle to post to a Worker, which passes it to `GuestMemory.attach`. */
  share(): GuestMemoryHandle {
    this.#id ??= addon().memoryId(this.handle);
    return { kind: 'guest memory', id: this.#id };
  }

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): MemoryHandle {
    if (!this.#handle) throw new KvmClosedError('the guest memory is closed');
    return this.#handle;
  }

  /** The file descriptor of the memfd, or null for anonymous memory. It is closed with the memory. */
  get fd(): number | null {
    const fd = addon().memoryFd(this.handle);
    return fd < 0 ? null : fd;
  }

  /** The address of the memory in this process. */
  get address(): bigint {
    return addon().memoryAddress(this.handle);
  }

  /** The `length` bytes at `offset`, in place. @throws KvmArgumentError when they are not all inside the memory. */
  bytes(offset: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.dataView(offset, length);
    return new Uint8Array(buffer, byteOffset, length);
  }

  /** The `length` bytes at `offset` as a DataView, in place. @throws KvmArgumentError when they are not all inside. */
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
      const made = addon().memoryWindow(this.handle, offset, length);
      if (typeof made === 'number') throw kernelError('window of guest memory', made);
      buffer = made;
      this.#windows.set(key, buffer);
    }
    return buffer;
  }

  /** A generated view of the struct at an offset, in place. */
  view<T extends View>(type: ViewClass<T>, offset: number): T {
    return new type(this.dataView(offset, type.$size));
  }

  /** Copies bytes into the memory at an offset. */
  write(offset: number, bytes: Uint8Array): void {
    this.bytes(offset, bytes.length).set(bytes);
  }

  /**
   * Detaches all windows of this isolate. The memory is freed, unless a VM or another isolate uses it. Its addresses stay
   * reserved until the windows are collected, so that an asynchronous read or write that is still in progress fails instead
   * of accessing other memory.
   */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = undefined;
    const windows = [...this.#windows.values()];
    this.#windows.clear();
    // If somebody has moved the bytes of a window to another buffer, that buffer keeps the memory.
    const moved = windows.some(({ byteLength }) => byteLength === 0);
    for (const window of windows) addon().detach(window);
    if (!moved) addon().memoryRelease(handle);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
