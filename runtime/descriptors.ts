/** File descriptors that come from the caller, and that the caller gets. */

import { constants } from 'node:os';
import { addon } from './addon.js';
import { describe } from './arguments.js';
import { KvmArgumentError, KvmError, KvmUnsupportedError, syscallError, type UapiError } from './errors.js';
import { requireInteger } from './numbers.js';
import { requireKnownKeys } from './options.js';

/** The options of `duplicateFd`. */
export interface DuplicateFdOptions {
  /** Whether the file descriptor is closed in programs that this process starts. The default is true. */
  readonly cloexec?: boolean;
}

/** @throws KvmArgumentError unless `value` is a boolean. */
export function requireCloexec(operation: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return;
  throw new KvmArgumentError(operation, `cloexec ${describe(value)}; it must be true or false`);
}

/** Implements `duplicateFd`. `duplicate` makes the system call, and `Failure` is the class of the error for wrong options. */
export function duplicatedFd(
  operation: string,
  options: DuplicateFdOptions,
  duplicate: (cloexec: boolean) => number,
): number {
  requireKnownKeys<DuplicateFdOptions>(operation, options, { cloexec: true });
  const { cloexec = true } = options;
  requireCloexec(operation, cloexec);
  const fd = duplicate(cloexec);
  if (fd < 0) throw syscallError('fcntl', operation, fd);
  return fd;
}

/** Returns `fd` if it can be the number of a file. @throws KvmArgumentError for anything else. */
export function requireFd(operation: string, fd: number): number {
  return requireInteger(operation, 'fd', fd, 0x7fff_ffff);
}

const { errno } = constants;

/**
 * Returns the record of a file descriptor that the native layer has adopted.
 *
 * @param kind what the file has to be: `a VM`.
 * @throws KvmArgumentError, KvmError with code `EIO` for a VM of another process, or KvmUnsupportedError when `result` is -errno.
 */
export function adopted<T extends object>(operation: string, kind: string, fd: number, result: T | number): T {
  if (typeof result !== 'number') return result;
  throw adoptionError(operation, kind, fd, result);
}

function adoptionError(operation: string, kind: string, fd: number, result: number): UapiError {
  switch (-result) {
    case errno.EBADF:
      return new KvmArgumentError(operation, `fd ${fd}; this process has no open file with this number`);
    case errno.EPROTOTYPE:
      return new KvmArgumentError(operation, `fd ${fd} is ${nameOfFd(fd)}; it must be the file descriptor of ${kind}`);
    case errno.EXDEV:
      return new KvmArgumentError(operation, `fd ${fd} belongs to another VM; pass the VM that it was created with`);
    case errno.EIO:
      return new KvmError(
        operation,
        `fd ${fd} belongs to a VM of another process, or of one that has ended; only the process that created a VM can use it`,
        { code: 'EIO', errno: result, syscall: 'ioctl' },
      );
    case errno.ENOTSUP:
      return new KvmUnsupportedError(
        operation,
        'the kind of the file cannot be checked; fromFd needs /proc, and fcntl(F_DUPFD_QUERY) of Linux 6.10 or kcmp(2)',
      );
    default:
      return syscallError('fcntl', operation, result);
  }
}

function nameOfFd(fd: number): string {
  const name = addon().fdName(fd);
  return name === '' ? 'of an unknown kind' : name;
}
