/** File descriptors that come from elsewhere and go elsewhere, as programs with kvm-ioctls use them. */

import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { Kvm, Vcpu, Vm, VmDevice } from '../../../runtime/x86_64.js';
import { allocate, bytesOf } from '../../../support/index.js';
import { realMode } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';

const { KVM_CREATE_DEVICE_TEST, KVM_DEV_TYPE_ARM_VGIC_V3, KVM_DEV_TYPE_VFIO } = bindings;

const fileOf = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

/** The flag of an open file that the kernel closes when the process starts another program. */
const closeOnExec = 0o200_0000;

function isClosedOnExec(fd: number): boolean {
  const [, flags = ''] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return (Number.parseInt(flags, 8) & closeOnExec) !== 0;
}

/** Calls a function with a duplicate of a file descriptor, and closes the duplicate. */
function withDuplicate<T>(object: { duplicateFd(): number }, use: (fd: number) => T): T {
  const fd = object.duplicateFd();
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

describe.skipIf(!hasKvm)(`file descriptors ${needsKvm}`, () => {
  // Shows: kvm-ioctls Kvm::as_raw_fd, kvm-ioctls VmFd::as_raw_fd, kvm-ioctls VcpuFd::as_raw_fd
  // Shows: kvm-ioctls DeviceFd::as_raw_fd, kvm-ioctls kvm_ioctls::create_vm_fd
  it('each object has the number of its file descriptor', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu(3);
    using device = vm.createDevice(KVM_DEV_TYPE_VFIO);
    expect(fileOf(kvm.fd)).toBe('/dev/kvm');
    expect(fileOf(vm.fd)).toBe('anon_inode:kvm-vm');
    expect(fileOf(vcpu.fd)).toBe('anon_inode:kvm-vcpu:3');
    expect(fileOf(device.fd)).toBe('anon_inode:kvm-vfio');
  });

  // Shows: kvm-ioctls Kvm::open_with_cloexec, kvm-ioctls Kvm::open_with_cloexec_at
  // Shows: kvm-ioctls system::test_open_with_cloexec, kvm-ioctls system::test_open_with_cloexec_at
  it('the option cloexec of open says whether other programs inherit the file descriptor', () => {
    for (const path of [{}, { path: '/dev/kvm' }]) {
      for (const cloexec of [true, false]) {
        using kvm = Kvm.open({ ...path, cloexec });
        expect(isClosedOnExec(kvm.fd)).toBe(cloexec);
      }
      using kvm = Kvm.open(path);
      expect(isClosedOnExec(kvm.fd)).toBe(true);
    }
  });

  // Shows: kvm-ioctls Kvm::from_raw_fd, kvm-ioctls system::test_cpuid_clone
  it('a Kvm of a duplicate works after the first Kvm is closed', () => {
    const first = Kvm.open();
    const cpuid = first.getSupportedCpuid();
    using kvm = withDuplicate(first, (fd) => Kvm.fromFd(fd));
    first.close();
    expect(kvm.getApiVersion()).toBe(12);
    expect(kvm.getSupportedCpuid().nent).toBe(cpuid.nent);
  });

  // Shows: kvm-ioctls Kvm::create_vmfd_from_rawfd, kvm-ioctls system::test_create_vm
  // Shows: kvm-ioctls system::test_create_vm_with_type
  it.each([undefined, 0])('a Vm of a duplicate runs a guest after the first Vm is closed: type %s', (type) => {
    using kvm = Kvm.open();
    const first = kvm.createVm(type);
    using vm = withDuplicate(first, (fd) => Vm.fromFd(fd, kvm));
    first.close();
    using loaded = realMode.halt.load(vm);
    expect(loaded.vcpu.shared.byteLength).toBe(kvm.getVcpuMmapSize());
    expect(loaded.vcpu.run({ timeout: 60_000 }).reason).toBe(bindings.KVM_EXIT_HLT);
  });

  // Shows: kvm-ioctls VmFd::create_vcpu_from_rawfd
  it('a Vcpu of a duplicate continues the guest', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using loaded = realMode.out.load(vm);
    expect(loaded.vcpu.run({ timeout: 60_000 }).reason).toBe(bindings.KVM_EXIT_IO);
    const regs = loaded.vcpu.getRegs();
    using vcpu = withDuplicate(loaded.vcpu, (fd) => Vcpu.fromFd(fd, vm));
    loaded.vcpu.close();
    expect(bytesOf(vcpu.getRegs())).toEqual(bytesOf(regs));
    expect(vcpu.run({ timeout: 60_000 }).reason).toBe(bindings.KVM_EXIT_HLT);
  });

  // Shows: kvm-ioctls DeviceFd::from_raw_fd, kvm-ioctls device::test_create_device
  it('a VmDevice of a duplicate has the attributes of the device, and the kernel refuses the devices of other architectures', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    const asks = (type: number): unknown => {
      const create = allocate(bindings.KvmCreateDevice);
      Object.assign(create, { type, flags: KVM_CREATE_DEVICE_TEST });
      return thrownBy(() => vm.ioctl(bindings.KVM_CREATE_DEVICE, create));
    };
    expect(asks(KVM_DEV_TYPE_ARM_VGIC_V3)).toMatchObject({ code: 'ENODEV' });
    expect(asks(KVM_DEV_TYPE_VFIO)).toBeUndefined();
    expect(thrownBy(() => vm.createDevice(KVM_DEV_TYPE_ARM_VGIC_V3))).toMatchObject({ code: 'ENODEV' });
    const first = vm.createDevice(KVM_DEV_TYPE_VFIO);
    using device = withDuplicate(first, (fd) => VmDevice.fromFd(fd, vm));
    first.close();
    const add = { group: bindings.KVM_DEV_VFIO_FILE, attr: bindings.KVM_DEV_VFIO_FILE_ADD };
    expect([device.hasDeviceAttr(add), device.hasDeviceAttr({ ...add, attr: 99 })]).toEqual([true, false]);
    expect(thrownBy(() => device.getDeviceAttr(add, 4))).toMatchObject({ code: 'EPERM' });
    const none = new Uint8Array(Int32Array.of(-1).buffer);
    expect(thrownBy(() => device.setDeviceAttr(add, none))).toMatchObject({ code: 'EBADF' });
  });
});
