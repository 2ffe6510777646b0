/** What can be asked of the pages of guest memory: advice of madvise, and the NUMA policies of mbind. */

import { addon, type MemoryRecord } from './addon.js';
import { requireList, requireOneOf } from './arguments.js';
import { type KvmError, syscallError } from './errors.js';
import { requireInteger } from './numbers.js';
import { type PageOwner, type Pages, type PagesOrRest, requirePages, requirePagesOrRest } from './page-ranges.js';

/** The advice of madvise(2) that changes no contents. The native layer refuses any other. */
const advice = [
  'MADV_NORMAL',
  'MADV_RANDOM',
  'MADV_SEQUENTIAL',
  'MADV_WILLNEED',
  'MADV_MERGEABLE',
  'MADV_UNMERGEABLE',
  'MADV_HUGEPAGE',
  'MADV_NOHUGEPAGE',
  'MADV_COLLAPSE',
  'MADV_DONTDUMP',
  'MADV_DODUMP',
  'MADV_COLD',
  'MADV_PAGEOUT',
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
] as const;

/** Advice of madvise(2), for `GuestMemory.advise`. */
export type MemoryAdvice = (typeof advice)[number];

const policies = [
  'MPOL_DEFAULT',
  'MPOL_PREFERRED',
  'MPOL_BIND',
  'MPOL_INTERLEAVE',
  'MPOL_LOCAL',
  'MPOL_PREFERRED_MANY',
  'MPOL_WEIGHTED_INTERLEAVE',
] as const;

/** A policy of mbind(2), for `GuestMemory.bindToNodes`. */
export type MemoryPolicy = (typeof policies)[number];

/** The most nodes of a kernel. */
const mostNodes = 1024;

function ownerOf(record: MemoryRecord): PageOwner {
  return { size: addon().memoryLength(record), pageSize: addon().memoryPageSize(record) };
}

/** Implements `GuestMemory.discard`. */
export function discardPages(record: MemoryRecord, given: Pages): void {
  const operation = 'GuestMemory.discard';
  const { offset, length } = requirePages(operation, ownerOf(record), given);
  const result = addon().memoryDiscard(record, offset, length);
  if (result === 0) return;
  const syscall = addon().memoryFd(record) < 0 ? 'madvise' : 'fallocate';
  throw discardError(syscall, operation, result);
}

/** The error of a system call that frees pages. `result` is -errno. */
function discardError(syscall: string, operation: string, result: number): KvmError {
  const error = syscallError(syscall, operation, result);
  if (error.code === 'EOPNOTSUPP') {
    return syscallError(syscall, operation, result, 'the file system cannot free parts of a file');
  }
  return error.code === 'EINVAL' ? syscallError(syscall, operation, result, 'pages of the range are locked') : error;
}

/** Implements `GuestMemory.advise`. */
export function advisePages(record: MemoryRecord, given: MemoryAdvice, pages: PagesOrRest): void {
  const operation = 'GuestMemory.advise';
  requireOneOf(operation, 'advice', given, advice);
  const { offset, length } = requirePagesOrRest(operation, ownerOf(record), pages);
  const result = addon().memoryAdvise(record, given, offset, length);
  if (result === 0) return;
  throw syscallError(
    'madvise',
    operation,
    result,
    adviceProblem(given, syscallError('madvise', operation, result).code),
  );
}

/** Why the kernel refuses an advice, or undefined if the error code says enough. */
function adviceProblem(given: MemoryAdvice, code: string): string | undefined {
  // The kernel populates pages as an access does.
  if (code === 'EFAULT') return 'the kernel cannot provide one of the pages; the file may be shorter than the memory';
  if (code !== 'EINVAL') return undefined;
  const why = `the kernel does not have ${given}, or does not accept it for this kind of memory`;
  return given === 'MADV_COLLAPSE' ? `${why}, or no whole huge page fits between the first and the last byte` : why;
}

/** Implements `GuestMemory.bindToNodes`. */
export function bindPages(
  record: MemoryRecord,
  policy: MemoryPolicy,
  nodes: readonly number[],
  pages: PagesOrRest,
): void {
  const operation = 'GuestMemory.bindToNodes';
  requireOneOf(operation, 'policy', policy, policies);
  const mask = new Uint8Array(mostNodes / 8);
  const numbers = requireList(operation, 'nodes', nodes).map((node) =>
    requireInteger(operation, 'node', node, mostNodes - 1),
  );
  for (const number of numbers) {
    mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
  }
  const { offset, length } = requirePagesOrRest(operation, ownerOf(record), pages);
  const view = new DataView(mask.buffer);
  const result = addon().memoryBind(record, policy, view, mask.length, offset, length);
  if (result === 0) return;
  const error = syscallError('mbind', operation, result);
  if (error.code !== 'EINVAL') throw error;
  const problem = `${policy} with ${numbers.length === 0 ? 'no nodes' : `the nodes ${numbers.join(', ')}`}; the kernel does not have the policy or one of the nodes, or the policy needs other nodes; /sys/devices/system/node has the nodes`;
  throw syscallError('mbind', operation, result, problem);
}
