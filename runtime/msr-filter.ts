/** KVM_X86_SET_MSR_FILTER: the MSRs that a guest may access. */

import { allocate } from '../support/index.js';
import type { Bindings, IoctlTarget } from './context.js';
import { KvmArgumentError } from './errors.js';
import { ioctlOfBytes } from './ioctl.js';
import { scratch } from './scratch-memory.js';

/** A range of consecutive MSRs. */
export interface MsrRange {
  /** The first MSR. */
  readonly base: number;
  readonly count: number;
  /** The accesses that the range is about. By default both. */
  readonly access?: 'read' | 'write' | 'both';
  /** One bit for each MSR, which is set if the access is allowed. By default no access is allowed. */
  readonly allowed?: Uint8Array;
}

export interface MsrFilter {
  /** Whether accesses to all other MSRs are allowed. By default they are. */
  readonly others?: 'allow' | 'deny';
  readonly ranges: readonly MsrRange[];
}

export function setMsrFilter(target: IoctlTarget, bindings: Bindings, { others = 'allow', ranges }: MsrFilter): void {
  const { KvmMsrFilter, KVM_X86_SET_MSR_FILTER: request, KVM_MSR_FILTER_MAX_RANGES: most } = bindings;
  if (ranges.length > most) {
    throw new KvmArgumentError(`${request.name}: ${ranges.length} ranges; there are at most ${most}`);
  }
  const filter = allocate(KvmMsrFilter);
  filter.flags = others === 'deny' ? bindings.KVM_MSR_FILTER_DEFAULT_DENY : bindings.KVM_MSR_FILTER_DEFAULT_ALLOW;
  const accesses = {
    read: bindings.KVM_MSR_FILTER_READ,
    write: bindings.KVM_MSR_FILTER_WRITE,
    both: bindings.KVM_MSR_FILTER_READ | bindings.KVM_MSR_FILTER_WRITE,
  };
  // The kernel reads bitmaps in 64-bit words.
  const lengths = ranges.map(({ count }) => Math.ceil(count / 64) * 8);
  const memory = scratch(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [
    index,
    { base, count, access = 'both', allowed = new Uint8Array(Math.ceil(count / 8)) },
  ] of ranges.entries()) {
    if (!(Number.isInteger(count) && count > 0 && Math.ceil(count / 8) <= bindings.KVM_MSR_FILTER_MAX_BITMAP_SIZE)) {
      const limit = bindings.KVM_MSR_FILTER_MAX_BITMAP_SIZE * 8;
      throw new KvmArgumentError(`${request.name}: a range of ${count} MSRs; it must have 1 to ${limit}`);
    }
    if (allowed.length * 8 < count) {
      throw new KvmArgumentError(`${request.name}: a bitmap of ${allowed.length} bytes for ${count} MSRs`);
    }
    const length = lengths[index] as number;
    memory.bytes(at, length).fill(0).set(allowed.subarray(0, length));
    const range = filter.ranges.get(index);
    range.flags = accesses[access];
    range.base = base;
    range.nmsrs = count;
    range.bitmap = memory.address + BigInt(at);
    at += length;
  }
  ioctlOfBytes(target, request, filter, request.size);
}
