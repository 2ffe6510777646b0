/** Where guest memory comes from: the options of `GuestMemory.create` and `GuestMemory.fromFile`, and their errors. */

import { fstatSync } from 'node:fs';
import { type AddonFileMapping, type AddonMemoryCreation, addon } from './addon.js';
import { describe } from './arguments.js';
import { KvmArgumentError, type KvmError, syscallError } from './errors.js';
import { requireInteger } from './numbers.js';
import { requireKnownKeys } from './options.js';

/** The options of `GuestMemory.create`. */
export interface GuestMemoryOptions {
  /** The name of a memfd, so that another process can map the memory too. Without it the memory is anonymous. */
  readonly memfd?: string;
  /**
   * The size of huge pages in bytes, such as `2 ** 21`, that the administrator has reserved (hugetlb). Without it the memory has
   * pages of the page size of the machine. For transparent huge pages call `advise('MADV_HUGEPAGE')`.
   */
  readonly hugePageSize?: number;
  /** Whether the kernel allocates all pages now, and not at the first access. By default false. */
  readonly populate?: boolean;
}

/** The options of `GuestMemory.fromFile`. */
export interface GuestMemoryFileOptions {
  /** Where the memory begins in the file, in bytes: a multiple of the page size, by default 0. */
  readonly offset?: number;
  /** The size of the memory in bytes: a multiple of the page size. By default the memory reaches to the end of the file. */
  readonly length?: number;
  /**
   * Whether writes are kept from the file: the first write to a page copies the page (copy on write). By default false, and writes
   * change the file.
   */
  readonly private?: boolean;
  /** Whether the kernel reads all pages now, and not at the first access. By default false. */
  readonly populate?: boolean;
}

/** The kernel's limit for the name of a memfd, in bytes. */
const longestName = 249;
const largest = Number.MAX_SAFE_INTEGER;

function requireFlag(operation: string, name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw new KvmArgumentError(operation, `${name} ${describe(value)}; it must be a boolean`);
}

/** Checks the arguments of `GuestMemory.create`. */
export function memoryCreation(operation: string, size: number, options: GuestMemoryOptions): AddonMemoryCreation {
  requireKnownKeys<GuestMemoryOptions>(operation, options, { memfd: true, hugePageSize: true, populate: true });
  const { memfd, hugePageSize, populate } = options;
  if (hugePageSize !== undefined && !isHugePageSize(hugePageSize)) {
    const rule = `it must be a power of two, and more than the page size ${addon().PAGE_SIZE}`;
    throw new KvmArgumentError(operation, `hugePageSize ${describe(hugePageSize)}; ${rule}`);
  }
  const pageSize = hugePageSize ?? addon().PAGE_SIZE;
  if (!Number.isSafeInteger(size) || size <= 0 || size % pageSize !== 0) {
    throw new KvmArgumentError(operation, `size ${describe(size)}; it must be a positive multiple of ${pageSize}`);
  }
  if (memfd !== undefined && !(typeof memfd === 'string' && memfd.length <= longestName && !memfd.includes('\0'))) {
    const rule = `it must be a string of at most ${longestName} characters, without '\\0'`;
    throw new KvmArgumentError(operation, `memfd ${describe(memfd)}; ${rule}`);
  }
  return {
    length: size,
    name: memfd ?? null,
    hugePageSize: hugePageSize ?? null,
    populate: requireFlag(operation, 'populate', populate),
  };
}

function isHugePageSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > addon().PAGE_SIZE && Number.isInteger(Math.log2(Number(value)));
}

/** The error of `GuestMemory.create`. `result` is -errno. */
export function creationError(operation: string, creation: AddonMemoryCreation, result: number): KvmError {
  const syscall = creation.name === null ? 'mmap' : 'memfd_create';
  const { hugePageSize } = creation;
  const error = syscallError(syscall, operation, result);
  if (hugePageSize === null) return error;
  const folder = '/sys/kernel/mm/hugepages';
  if (['ENOMEM', 'ENOSPC'].includes(error.code)) {
    const pool = `${folder}/hugepages-${hugePageSize / 1024}kB/nr_hugepages`;
    const problem = `too few free huge pages of ${hugePageSize} bytes; write more to ${pool}, or for the default size to /proc/sys/vm/nr_hugepages`;
    return syscallError(syscall, operation, result, problem);
  }
  const problem = `the kernel has no huge pages of ${hugePageSize} bytes; ${folder} has its sizes`;
  return ['EINVAL', 'ENODEV', 'ENOSYS'].includes(error.code)
    ? syscallError(syscall, operation, result, problem)
    : error;
}

/** Checks the arguments of `GuestMemory.fromFile`. */
export function fileMapping(operation: string, fd: number, options: GuestMemoryFileOptions): AddonFileMapping {
  requireKnownKeys<GuestMemoryFileOptions>(operation, options, {
    offset: true,
    length: true,
    private: true,
    populate: true,
  });
  const { offset = 0, length, private: isPrivate, populate } = options;
  return {
    fd: requireInteger(operation, 'fd', fd, 0x7fff_ffff),
    offset: requireInteger(operation, 'offset', offset, largest),
    length: length === undefined ? null : requireInteger(operation, 'length', length, largest),
    isPrivate: requireFlag(operation, 'private', isPrivate),
    populate: requireFlag(operation, 'populate', populate),
  };
}

/** The error of `GuestMemory.fromFile`. `result` is -errno. */
export function fileMappingError(operation: string, mapping: AddonFileMapping, result: number): KvmError {
  const { fd, offset, length, isPrivate } = mapping;
  const error = syscallError('mmap', operation, result);
  switch (error.code) {
    case 'EINVAL': {
      const part = length === null ? `offset ${offset}` : `offset ${offset} and length ${length}`;
      const rule = `they must be multiples of its page size, which is ${addon().PAGE_SIZE} except for huge pages, and inside the file; the memory must have at least one page${isPrivate ? '; a guest memfd cannot be private' : ''}`;
      return new KvmArgumentError(operation, `${part} of a file of ${fstatSync(fd).size} bytes; ${rule}`);
    }
    case 'EACCES': {
      const problem = isPrivate
        ? 'the file is not open for reading'
        : 'the file is not open for reading and writing; for writes that do not change the file pass private: true';
      return syscallError('mmap', operation, result, problem);
    }
    case 'ENODEV':
      return syscallError('mmap', operation, result, 'only regular files and memfds can be guest memory');
    case 'EBADF':
      return syscallError('mmap', operation, result, `the file descriptor ${fd} is not open, or only with O_PATH`);
    default:
      return error;
  }
}
