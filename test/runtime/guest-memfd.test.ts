/** Memory for the guest's private pages. */

import { describe, expect, it } from 'vitest';
import { GuestMemory, KvmArgumentError } from '../../runtime/index.js';
import { createVm, hasKvm, needsKvm } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`private memory ${needsKvm}`, () => {
  // Shows: KVM_CREATE_GUEST_MEMFD, KVM_SET_USER_MEMORY_REGION2
  it('createGuestMemfd creates private memory, and addMemory adds it to a slot', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    using memfd = vm.createGuestMemfd(0x8000);
    expect(memfd.size).toBe(0x8000);
    expect(vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd, offset: 0x4000 } })).toBe(0);
    // A part of the memfd can be in one slot only.
    const again = (offset: number) => () =>
      vm.addMemory({ memory, guestAddress: 0x1_0000, guestMemfd: { memfd, offset } });
    expect(again(0x4000)).toThrow(/^KVM_SET_USER_MEMORY_REGION2: /);
    expect(again(0)()).toBe(1);
    expect(again(0x10_0000)).toThrow(KvmArgumentError);
    vm.removeMemory(0);
    memfd.close();
    expect(() => memfd.fd).toThrow(/^GuestMemfd: this object is closed$/);
  });

  it('createGuestMemfd refuses a part of a page, and addMemory refuses the memfd of another VM', () => {
    using vm = createVm();
    expect(() => vm.createGuestMemfd(0x1001)).toThrow(/^KVM_CREATE_GUEST_MEMFD: EINVAL: /);
    using other = createVm();
    using memory = GuestMemory.create(0x1000);
    using memfd = other.createGuestMemfd(0x1000);
    expect(() => vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } })).toThrow(
      /^KVM_SET_USER_MEMORY_REGION2: EINVAL: /,
    );
  });
});
