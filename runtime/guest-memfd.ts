/** Memory for the private pages of a guest. */

import { addon, type FileRecord } from './addon.js';
import { type Creator, creator } from './construction.js';
import { adopted, requireFd } from './descriptors.js';
import { type KvmError, syscallError } from './errors.js';
import { fileRecord, KernelFile } from './kernel-file.js';
import { type GuestMemory, makeGuestMemory } from './memory.js';
import { requireKnownKeys } from './options.js';
import { type PageOwner, type Pages, requirePages, requirePagesOrRest } from './page-ranges.js';

/** The part of a guest memfd that `GuestMemfd.map` maps. */
export interface GuestMemfdMapOptions {
  /** Where the memory begins in the guest memfd, in bytes: a multiple of the page size, by default 0. */
  readonly offset?: number;
  /** The size of the memory in bytes: a multiple of the page size. By default the memory reaches to the end. */
  readonly length?: number;
}

let make: (record: FileRecord, size: number) => GuestMemfd;

/**
 * The memory that `Vm.createGuestMemfd` creates. A process can map it only if it was created with the flag
 * `GUEST_MEMFD_FLAG_MMAP`. A VM uses it while it is in a memory slot and open.
 */
export class GuestMemfd extends KernelFile {
  /** The size in bytes. */
  readonly size: number;
  /** The size. JavaScript can redefine the property `size`. */
  readonly #size: number;

  private constructor(given: Creator, record: FileRecord, size: number) {
    super(given, 'Vm.createGuestMemfd or GuestMemfd.fromFd', record);
    this.#size = size;
    this.size = size;
  }

  /**
   * Makes a `GuestMemfd` of a file descriptor of KVM_CREATE_GUEST_MEMFD. The file descriptor stays that of the caller. The
   * `GuestMemfd` has a duplicate of it.
   *
   * @param fd the number of the file descriptor.
   * @throws KvmArgumentError for a number that is not open, and for a file descriptor of anything else.
   * @example
   * using memfd = GuestMemfd.fromFd(fd);
   */
  static fromFd(fd: number): GuestMemfd {
    const operation = 'GuestMemfd.fromFd';
    const number = requireFd(operation, fd);
    const record = adopted(operation, 'KVM_CREATE_GUEST_MEMFD', number, addon().guestMemfdFromFd(number));
    const size = addon().fileSize(record);
    if (size < 0) throw syscallError('fstat', operation, size);
    return make(record, size);
  }

  /**
   * Maps the guest memfd, so that the host reads and writes what the guest does (KVM_CAP_GUEST_MEMFD_FLAGS). Create the guest memfd
   * with the flags `GUEST_MEMFD_FLAG_MMAP` and `GUEST_MEMFD_FLAG_INIT_SHARED`. A page that is private is a page of zeros here, and
   * `lostPages` of the memory counts it.
   *
   * @param options the part to map.
   * @throws KvmArgumentError when the part is not inside the guest memfd or not whole pages, KvmError with code `ENODEV` when the
   * guest memfd does not have the flag, KvmClosedError after `close`.
   * @example
   * const memfd = vm.createGuestMemfd(0x10_0000, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
   * const memory = memfd.map();
   * vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } });
   */
  map(options: GuestMemfdMapOptions = {}): GuestMemory {
    const operation = 'GuestMemfd.map';
    requireKnownKeys<GuestMemfdMapOptions>(operation, options, { offset: true, length: true });
    const { offset: start = 0, length: bytes } = options;
    const { offset, length } = requirePagesOrRest(operation, this.#pages, { offset: start, length: bytes });
    const fd = addon().fileFd(fileRecord(this));
    const record = addon().memoryOfFile({ fd, offset, length, isPrivate: false, populate: false });
    if (typeof record === 'number') throw mapError(operation, record);
    return makeGuestMemory(record);
  }

  /**
   * Allocates pages now, and not when the guest accesses them first: fallocate(2).
   *
   * @param offset in bytes, a multiple of the page size, by default 0.
   * @param length in bytes, a multiple of the page size, by default up to the end.
   * @throws KvmArgumentError unless the bytes are whole pages inside the guest memfd, KvmError when the kernel does not have enough
   * memory, KvmClosedError after `close`.
   */
  allocate(offset: number = 0, length?: number): void {
    const operation = 'GuestMemfd.allocate';
    this.#allocate(operation, false, requirePagesOrRest(operation, this.#pages, { offset, length }));
  }

  /**
   * Gives pages back to the host: fallocate(2) with FALLOC_FL_PUNCH_HOLE. The guest finds zeros there. Memory that `map` has
   * returned has zeros, too.
   *
   * @param offset in bytes, a multiple of the page size.
   * @param length in bytes, a multiple of the page size.
   * @throws KvmArgumentError unless the bytes are whole pages inside the guest memfd, KvmError when the kernel refuses,
   * KvmClosedError after `close`.
   */
  discard(offset: number, length: number): void {
    const operation = 'GuestMemfd.discard';
    this.#allocate(operation, true, requirePages(operation, this.#pages, { offset, length }));
  }

  #allocate(operation: string, discard: boolean, { offset, length }: Pages): void {
    const result = addon().fileAllocate(fileRecord(this), discard, offset, length);
    if (result < 0) throw syscallError('fallocate', operation, result);
  }

  get #pages(): PageOwner {
    return { size: this.#size, pageSize: addon().PAGE_SIZE };
  }

  static {
    make = (record, size) => new GuestMemfd(creator, record, size);
  }
}

/** The error of a mapping. `result` is -errno. */
function mapError(operation: string, result: number): KvmError {
  const error = syscallError('mmap', operation, result);
  if (error.code !== 'ENODEV') return error;
  const problem =
    'this guest memfd cannot be mapped; create it with the flags GUEST_MEMFD_FLAG_MMAP and GUEST_MEMFD_FLAG_INIT_SHARED';
  return syscallError('mmap', operation, result, problem);
}

/** Makes the object of a file of KVM_CREATE_GUEST_MEMFD. */
export function makeGuestMemfd(record: FileRecord, size: number): GuestMemfd {
  return make(record, size);
}
