/** The file descriptors of the objects, as programs with kvm-ioctls use them. */

import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { Kvm } from '../../../runtime/x86_64.js';
import { hasKvm, needsKvm } from '../../helpers/vcpus.js';

const fileOf = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

describe.skipIf(!hasKvm)(`file descriptors ${needsKvm}`, () => {
  // Shows: kvm-ioctls Kvm::as_raw_fd, kvm-ioctls VmFd::as_raw_fd, kvm-ioctls VcpuFd::as_raw_fd
  // Shows: kvm-ioctls DeviceFd::as_raw_fd, kvm-ioctls kvm_ioctls::create_vm_fd
  it('each object has the number of its file descriptor', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu(3);
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    expect(fileOf(kvm.fd)).toBe('/dev/kvm');
    expect(fileOf(vm.fd)).toBe('anon_inode:kvm-vm');
    expect(fileOf(vcpu.fd)).toBe('anon_inode:kvm-vcpu:3');
    expect(fileOf(device.fd)).toBe('anon_inode:kvm-vfio');
  });
});
