/** The devices that the kernel emulates for a VM. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { KvmClosedError } from '../../../runtime/index.js';
import { allocate } from '../../../support/index.js';
import { createVm, hasKvm, needsKvm, openFiles } from '../../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`devices of a VM ${needsKvm}`, () => {
  // Shows: KVM_CREATE_DEVICE, KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR
  it('createDevice creates a device, and its methods access the attributes of the device', () => {
    const before = openFiles();
    using vm = createVm();
    const device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const add = { group: bindings.KVM_DEV_VFIO_FILE, attr: bindings.KVM_DEV_VFIO_FILE_ADD };
    expect(device.hasDeviceAttr(add)).toBe(true);
    expect(device.hasDeviceAttr({ ...add, attr: 99 })).toBe(false);
    // The attribute is a file descriptor, and the kernel checks it.
    expect(() => device.setDeviceAttr(add, new Uint8Array(Int32Array.of(-1).buffer))).toThrow(
      /^KVM_SET_DEVICE_ATTR: EBADF: /,
    );
    expect(() => device.setDeviceAttr({ ...add, attr: 99 }, new Uint8Array(4))).toThrow(
      /^KVM_SET_DEVICE_ATTR: ENXIO: /,
    );
    expect(() => device.getDeviceAttr(add, 4)).toThrow(/^KVM_GET_DEVICE_ATTR: EPERM: /);
    device.close();
    expect(() => device.hasDeviceAttr(add)).toThrow(KvmClosedError);
    expect(openFiles()).toBe(before + 1);
  });

  it('the generic ioctl refuses an ioctl with an address, and an ioctl of a VM', () => {
    using vm = createVm();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const attr = allocate(bindings.KvmDeviceAttr);
    // @ts-expect-error the ioctl has an address
    expect(() => device.ioctl(bindings.KVM_SET_DEVICE_ATTR, attr)).toThrow(
      /^KVM_SET_DEVICE_ATTR: the generic ioctl does not accept/,
    );
    // @ts-expect-error this is an ioctl of a VM
    expect(() => device.ioctl(bindings.KVM_CREATE_IRQCHIP)).toThrow(
      /^KVM_CREATE_IRQCHIP: this is an ioctl of a VM, not of a device$/,
    );
  });

  it('createDevice refuses a type of device that the kernel does not have', () => {
    using vm = createVm();
    expect(() => vm.createDevice(99)).toThrow(
      /^KVM_CREATE_DEVICE: ENODEV: device type 99; the kernel must have the type of the device/,
    );
    expect(() => vm.createDevice(bindings.KVM_DEV_TYPE_XICS)).toThrow(/^KVM_CREATE_DEVICE: ENODEV: /);
  });
});
