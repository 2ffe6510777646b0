/** Model-specific registers (MSRs), as KVM_GET_MSRS and KVM_SET_MSRS take them. */

import type { KvmMsrEntry, KvmMsrs } from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { requireList, requireObject } from '../arguments.js';
import { KvmMsrError, type MsrRefusal } from '../errors.js';
import { setMember } from '../numbers.js';
import type { Bindings } from './bindings.js';

/** A model-specific register. */
export interface Msr {
  /** The index of the register, such as 0xc000_0080 for EFER. */
  readonly index: number;
  /** The value. */
  readonly data: bigint;
}

/** The kernel refuses 256 MSRs in one call. */
const mostPerCall = 255;

/**
 * Gets or sets MSRs, in as many calls as the kernel needs. `call` makes one ioctl, and returns how many MSRs the kernel
 * has read or written. `explain` says why the kernel has refused an MSR.
 *
 * @returns the MSRs with their values after the calls, in the order of `msrs`.
 * @throws KvmMsrError with the index of the first MSR that the kernel refuses.
 */
export function transferMsrs(
  { KvmMsrs }: Bindings,
  operation: 'KVM_GET_MSRS' | 'KVM_SET_MSRS',
  given: Iterable<Msr>,
  call: (msrs: KvmMsrs) => number,
  explain: (entry: KvmMsrEntry) => MsrRefusal | undefined = () => undefined,
): Msr[] {
  const msrs = requireList(operation, 'msrs', given);
  const done: Msr[] = [];
  for (let start = 0; start < msrs.length; start += mostPerCall) {
    const some = msrs.slice(start, start + mostPerCall);
    const view = allocate(KvmMsrs, some.length);
    for (const [at, msr] of some.entries()) {
      requireObject(operation, 'MSR', msr);
      const entry = view.entries.get(at);
      setMember(operation, entry, 'index', 'MSR', msr.index);
      setMember(operation, entry, 'data', 'data', msr.data);
    }
    const count = call(view);
    for (const { index, data } of [...view.entries].slice(0, count)) done.push({ index, data });
    if (count < some.length) {
      const entry = view.entries.get(count);
      throw new KvmMsrError(operation, entry.index, explain(entry));
    }
  }
  return done;
}
