/** What the native layer refuses, whatever its caller passes. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { native } from '../../runtime/addon.js';
import { createVm, hasKvm, needsKvm, openFiles } from '../helpers/vcpus.js';

const EINVAL = -22;

describe.skipIf(!hasKvm)(`the native layer ${needsKvm}`, () => {
  it('makes no vCPU with a signal that nobody has claimed, and closes the file that it took over', () => {
    using vm = createVm();
    const before = openFiles();
    const { request } = kvm.KVM_RUN;
    const { offset } = kvm.KvmRun.$layout.members.immediate_exit;
    const unclaimed = 51;
    expect(native().vcpuCreate(vm.handle, native().eventFd(), 4096, request, offset, unclaimed)).toBe(EINVAL);
    expect(openFiles()).toBe(before);
  });
});
