/** The filter of KVM_X86_SET_MSR_FILTER: the MSRs that a guest may access. */

import { allocate } from '../../support/index.js';
import { requireBytes, requireList, requireOneOf } from '../arguments.js';
import type { IoctlTarget } from '../context.js';
import { KvmArgumentError } from '../errors.js';
import { ioctlOfValue } from '../ioctl.js';
import { requireInteger, setMember } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Bindings } from './bindings.js';

/** A range of consecutive MSRs. */
export interface MsrRange {
  /** The index of the first MSR. */
  readonly base: number;
  /** The number of MSRs. */
  readonly count: number;
  /** The accesses that the range applies to. By default both. */
  readonly access?: 'read' | 'write' | 'both';
  /** One bit for each MSR, which is set if the access is allowed. By default no access is allowed. */
  readonly allowed?: Uint8Array;
}

/** The accesses to MSRs that a guest may make. */
export interface MsrFilter {
  /** Whether accesses to all other MSRs are allowed. By default they are. */
  readonly others?: 'allow' | 'deny';
  /** The ranges, at most 16. */
  readonly ranges: readonly MsrRange[];
}

/** KVM_X86_SET_MSR_FILTER. */
export function setMsrFilter(target: IoctlTarget, bindings: Bindings, given: MsrFilter): void {
  const { KvmMsrFilter, KVM_X86_SET_MSR_FILTER: request, KVM_MSR_FILTER_MAX_RANGES: most } = bindings;
  requireKnownKeys<MsrFilter>(request.name, given, { others: true, ranges: true });
  const { others = 'allow' } = given;
  requireOneOf(request.name, 'others', others, ['allow', 'deny']);
  const ranges = requireList(request.name, 'ranges', given.ranges);
  if (ranges.length > most) {
    throw new KvmArgumentError(request.name, `${ranges.length} ranges; there may be at most ${most}`);
  }
  for (const range of ranges) {
    requireKnownKeys<MsrRange>(request.name, range, { base: true, count: true, access: true, allowed: true });
  }
  const filter = allocate(KvmMsrFilter);
  filter.flags = others === 'deny' ? bindings.KVM_MSR_FILTER_DEFAULT_DENY : bindings.KVM_MSR_FILTER_DEFAULT_ALLOW;
  const accesses = {
    read: bindings.KVM_MSR_FILTER_READ,
    write: bindings.KVM_MSR_FILTER_WRITE,
    both: bindings.KVM_MSR_FILTER_READ | bindings.KVM_MSR_FILTER_WRITE,
  };
  // The kernel reads bitmaps in 64-bit words.
  const limit = bindings.KVM_MSR_FILTER_MAX_BITMAP_SIZE * 8;
  const lengths = ranges.map(({ count }) => {
    const msrs = requireInteger(request.name, 'count', count, limit);
    if (msrs === 0) throw new KvmArgumentError(request.name, `a range of 0 MSRs; it must have 1 to ${limit}`);
    return Math.ceil(msrs / 64) * 8;
  });
  // Each range has as many bytes of this value as the longest bitmap.
  const longest = Math.max(0, ...lengths);
  const bitmaps = new Uint8Array(ranges.length * longest);
  for (const [
    index,
    { base, count, access = 'both', allowed = new Uint8Array(Math.ceil(count / 8)) },
  ] of ranges.entries()) {
    requireBytes(request.name, allowed, 'allowed');
    if (allowed.length * 8 < count) {
      throw new KvmArgumentError(
        request.name,
        `a bitmap of ${allowed.length} bytes; ${count} MSRs need ${Math.ceil(count / 8)} bytes`,
      );
    }
    requireOneOf(request.name, 'access', access, Object.keys(accesses));
    const length = lengths[index] as number;
    bitmaps.set(allowed.subarray(0, length), index * longest);
    const range = filter.ranges.get(index);
    range.flags = accesses[access];
    setMember(request.name, range, 'base', 'base', base);
    setMember(request.name, range, 'nmsrs', 'count', count);
  }
  const { $size: step, $layout } = bindings.KvmMsrFilterRange;
  const at = KvmMsrFilter.$layout.members.ranges.offset + $layout.members.bitmap.offset;
  ioctlOfValue(target, request, filter, { at, step, count: ranges.length }, new DataView(bitmaps.buffer));
}
