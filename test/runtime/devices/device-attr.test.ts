/** The attributes of the system, of a VM, of a vCPU and of a device. */

import { describe, expect, it } from 'vitest';
import type * as s390x from '../../../generated/s390x/linux/kvm.js';
import * as s390xBindings from '../../../generated/s390x/linux/kvm.js';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { addon } from '../../../runtime/addon.js';
import type { IoctlTarget } from '../../../runtime/context.js';
import { type AttributeTarget, getDeviceAttr, setDeviceAttr } from '../../../runtime/devices/device-attr.js';
import { GuestMemory, KvmArgumentError, KvmUnsupportedError } from '../../../runtime/index.js';
import { memoryRecord } from '../../../runtime/memory.js';
import { vmContext } from '../../../runtime/vm.js';
import { Kvm, type Vm } from '../../../runtime/x86_64.js';
import { createVm, hasKvm, needsKvm } from '../../helpers/vcpus.js';

const xcomp = { group: bindings.KVM_X86_GRP_SYSTEM, attr: bindings.KVM_X86_XCOMP_GUEST_SUPP };
const tscOffset = { group: bindings.KVM_VCPU_TSC_CTRL, attr: bindings.KVM_VCPU_TSC_OFFSET };
const addFile = { group: bindings.KVM_DEV_VFIO_FILE, attr: bindings.KVM_DEV_VFIO_FILE_ADD };

/** A byte that no value here has. */
const untouched = 0xa5;

describe.skipIf(!hasKvm)(`attributes ${needsKvm}`, () => {
  // Shows: KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR
  it('a known attribute has the length of the value that the kernel writes', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    expect(kvm.getDeviceAttr(xcomp)).toEqual(kvm.getDeviceAttr(xcomp, 8));
    expect(vcpu.getDeviceAttr(tscOffset)).toEqual(vcpu.getDeviceAttr(tscOffset, 8));
    expect(vcpu.getDeviceAttr(tscOffset, 2)).toEqual(vcpu.getDeviceAttr(tscOffset).subarray(0, 2));
    vcpu.setDeviceAttr(tscOffset, new Uint8Array(8));
    // The kernel writes this many bytes of a longer buffer.
    const { KVM_GET_DEVICE_ATTR: request, KvmDeviceAttr } = bindings;
    const value = new Uint8Array(64).fill(untouched);
    const view = new DataView(new ArrayBuffer(KvmDeviceAttr.$size));
    const result = addon().vcpuAttribute({
      target: addon().vcpuFind(vcpu.share().id) as never,
      request: request.request,
      view,
      offset: 0,
      needed: request.size,
      addressAt: KvmDeviceAttr.$layout.members.addr.offset,
      value: new DataView(value.buffer),
    });
    expect(result).toBe(0);
    expect(value.indexOf(untouched)).toBe(vcpu.getDeviceAttr(tscOffset).length);
    // The address is not in the bytes of JavaScript.
    expect(new Uint8Array(view.buffer)).toEqual(new Uint8Array(KvmDeviceAttr.$size));
  });

  it('a length that is larger than the attribute, and a value of another length, are refused with the right length', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    expect(() => vcpu.getDeviceAttr(tscOffset, 9)).toThrow(
      /^KVM_GET_DEVICE_ATTR: length 9; the value of KVM_VCPU_TSC_OFFSET has 8 bytes$/,
    );
    for (const length of [0, 7, 9]) {
      expect(() => vcpu.setDeviceAttr(tscOffset, new Uint8Array(length))).toThrow(
        new RegExp(`^KVM_SET_DEVICE_ATTR: ${length} bytes; the value of KVM_VCPU_TSC_OFFSET has 8 bytes`),
      );
    }
    expect(() => device.setDeviceAttr(addFile, new Uint8Array(8))).toThrow(/KVM_DEV_VFIO_FILE_ADD has 4 bytes/);
    expect(() => device.setDeviceAttr(addFile)).toThrow(KvmArgumentError);
  });

  it('an attribute that the bindings do not know needs a length', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    using vcpu = vm.createVcpu();
    const unknown = { group: 99, attr: 7n };
    for (const object of [kvm, vcpu]) {
      expect(() => object.getDeviceAttr(unknown)).toThrow(
        /^KVM_GET_DEVICE_ATTR: the length of attribute 7 of group 99 is not known; pass the length/,
      );
      expect(() => object.getDeviceAttr(unknown, 8)).toThrow(/^KVM_GET_DEVICE_ATTR: ENXIO: /);
    }
    const older = { ...bindings, KVM_GET_DEVICE_ATTR: { ...bindings.KVM_GET_DEVICE_ATTR, attributes: undefined } };
    using other = Kvm.open({ bindings: older as unknown as typeof bindings });
    expect(() => other.getDeviceAttr(xcomp)).toThrow(/is not known/);
    expect(other.getDeviceAttr(xcomp, 8)).toEqual(kvm.getDeviceAttr(xcomp));
  });

  it('the type of a device is known in every thread', () => {
    using vm = createVm();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    using other = (device.constructor as typeof import('../../../runtime/x86_64.js').VmDevice).attach(device.share());
    expect(() => other.setDeviceAttr(addFile, new Uint8Array(8))).toThrow(/KVM_DEV_VFIO_FILE_ADD has 4 bytes/);
  });

  it('a VM of x86 has no attributes, and no attribute of the system can be set', () => {
    using kvm = Kvm.open();
    using vm = kvm.createVm();
    const uses = [
      () => vm.hasDeviceAttr(tscOffset),
      () => vm.getDeviceAttr(tscOffset, 8),
      () => vm.setDeviceAttr(tscOffset, new Uint8Array(8)),
    ];
    for (const use of uses) {
      expect(use).toThrow(KvmUnsupportedError);
      expect(use).toThrow(/ does not have KVM_CAP_VM_ATTRIBUTES$/);
    }
    const set = (): void => kvm.setDeviceAttr(xcomp, new Uint8Array(8));
    expect(set).toThrow(KvmUnsupportedError);
    expect(set).toThrow(/^KVM_SET_DEVICE_ATTR: .*no attribute of the system that can be set/);
  });

  // Shows: security 30
  it('a kernel that writes more bytes than the value has writes to no other memory', () => {
    using vm = createVm();
    const written = (megabytes: number, length: number): [result: number, value: Uint8Array] => {
      using memory = GuestMemory.create(megabytes * 2 ** 20);
      const slot = vm.addMemory({ memory, guestAddress: 2 ** 32, flags: bindings.KVM_MEM_LOG_DIRTY_PAGES });
      memoryRecord(memory);
      const got = dirtyLogAsAttribute(vm, slot, length);
      vm.removeMemory(slot);
      return got;
    };
    // The kernel writes 8 KiB, and the value has 8 bytes.
    expect(written(256, 8)).toEqual([0, new Uint8Array(8)]);
    // The kernel would write 128 KiB, and finds a page that it cannot write.
    const EFAULT = 14;
    expect(written(4096, 8)[0]).toBe(-EFAULT);
    expect(written(4096, 0x2_0000)).toEqual([0, new Uint8Array(0x2_0000)]);
  });
});

/** KVM_GET_DIRTY_LOG as if it were an ioctl of an attribute: the kernel writes one bit for each page to the address. */
function dirtyLogAsAttribute(vm: Vm, slot: number, length: number): [result: number, value: Uint8Array] {
  const { KVM_GET_DIRTY_LOG: request, KvmDirtyLog } = bindings;
  const { slot: slotMember, dirty_bitmap } = KvmDirtyLog.$layout.members;
  const view = new DataView(new ArrayBuffer(KvmDirtyLog.$size));
  view.setUint32(slotMember.offset, slot, true);
  const value = new Uint8Array(length).fill(untouched);
  const result = addon().vmAttribute({
    target: vmContext(vm).record,
    request: request.request,
    view,
    offset: 0,
    needed: request.size,
    addressAt: dirty_bitmap.offset,
    value: new DataView(value.buffer),
  });
  return [result, value];
}

describe('attributes of other architectures', () => {
  /** A device or a VM that records what it is asked, and answers with 1, 2, 3 ... */
  const recorder = (kind: IoctlTarget['kind'], type: number): AttributeTarget & { readonly lengths: number[] } => {
    const lengths: number[] = [];
    return {
      kind,
      lengths,
      deviceType: () => type,
      capabilities: { bindings: s390xBindings as unknown as typeof bindings, checkExtension: () => 1 },
      value: () => 0,
      view: () => 0,
      attribute: ({ value }) => {
        lengths.push(value.byteLength);
        return 0;
      },
    };
  };
  const s390: typeof s390x = s390xBindings;

  it('the list of all interrupts of s390 has as many bytes as the number of the attribute says', () => {
    const flic = recorder('device', s390.KVM_DEV_TYPE_FLIC);
    getDeviceAttr(flic, { group: s390.KVM_DEV_FLIC_GET_ALL_IRQS, attr: 0x2_4000 });
    setDeviceAttr(flic, { group: s390.KVM_DEV_FLIC_ENQUEUE, attr: 72 }, new Uint8Array(72));
    setDeviceAttr(flic, { group: s390.KVM_DEV_FLIC_CLEAR_IRQS, attr: 0 });
    expect(flic.lengths).toEqual([0x2_4000, 72, 0]);
    const all = { group: s390.KVM_DEV_FLIC_GET_ALL_IRQS, attr: 2n ** 40n };
    expect(() => getDeviceAttr(flic, all)).toThrow(KvmArgumentError);
    expect(() => setDeviceAttr(flic, { group: s390.KVM_DEV_FLIC_ENQUEUE, attr: 72 }, new Uint8Array(71))).toThrow(
      /KVM_DEV_FLIC_ENQUEUE has 72 bytes/,
    );
  });

  it('a VM of s390 has attributes with the sizes of the structs of its header', () => {
    const vm = recorder('vm', -1);
    const group = s390.KVM_S390_VM_CPU_MODEL;
    getDeviceAttr(vm, { group, attr: s390.KVM_S390_VM_CPU_MACHINE });
    getDeviceAttr(vm, { group, attr: s390.KVM_S390_VM_CPU_MACHINE_FEAT });
    getDeviceAttr(vm, { group: s390.KVM_S390_VM_TOD, attr: s390.KVM_S390_VM_TOD_HIGH });
    expect(vm.lengths).toEqual([s390.KvmS390VmCpuMachine.$size, s390.KvmS390VmCpuFeat.$size, 1]);
  });
});
