/** Lists that grow until all elements fit. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { grown } from '../../runtime/growing-views.js';
import { KvmError } from '../../runtime/index.js';
import { Kvm } from '../../runtime/x86_64.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`a growing list ${needsKvm}`, () => {
  it('grown calls the ioctl with more elements until all of them fit', () => {
    using kvm = Kvm.open();
    const rooms: number[] = [];
    const list = grown(bindings.KvmMsrList, 1, (view) => {
      rooms.push(view.nmsrs);
      kvm.ioctl(bindings.KVM_GET_MSR_INDEX_LIST, view);
    });
    expect(rooms).toEqual([1, list.nmsrs]);
    expect([...list.indices]).toEqual(kvm.getMsrIndexList());
    const cpuid = grown(bindings.KvmCpuid2, 1, (view) => {
      rooms.push(view.nent);
      kvm.ioctl(bindings.KVM_GET_SUPPORTED_CPUID, view);
    });
    expect(cpuid.nent).toBe(kvm.getSupportedCpuid().nent);
    // For CPUID the kernel does not say how many elements it has.
    expect(rooms.slice(2, 6)).toEqual([1, 2, 4, 8]);
  });

  it('grown stops at a limit, and at once for any other error', () => {
    const rooms: number[] = [];
    const never = (code: string) => (): unknown =>
      grown(bindings.KvmCpuid2, 100, (view) => {
        rooms.push(view.nent);
        throw new KvmError('KVM_GET_SUPPORTED_CPUID', 'more', { code, errno: -1 });
      });
    expect(never('E2BIG')).toThrow(/^KVM_GET_SUPPORTED_CPUID: E2BIG/);
    expect(rooms.length).toBeLessThan(20);
    expect(rooms.at(-1)).toBeLessThanOrEqual(0x1_0000);
    rooms.length = 0;
    expect(never('EINVAL')).toThrow(/^KVM_GET_SUPPORTED_CPUID: EINVAL/);
    expect(rooms).toEqual([100]);
  });
});
