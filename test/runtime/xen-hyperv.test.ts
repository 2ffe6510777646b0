/** The ioctls of Xen and Hyper-V guests. `recorded-ioctls.test.ts` compares the bytes that the kernel gets. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory, KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import type { Capability, Vcpu, Vm } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { createVm, hasKvm, needsKvm, thrownBy } from '../helpers/vcpus.js';

interface Objects {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  readonly event: EventFd;
}

/** Right calls of the methods, each with the capability that announces its ioctl. */
const calls: readonly (readonly [name: string, capability: Capability & string, (on: Objects) => unknown])[] = [
  ['xenHvmConfig', 'KVM_CAP_XEN_HVM', ({ vm }) => vm.xenHvmConfig(allocate(kvm.KvmXenHvmConfig))],
  ['xenHvmGetAttr', 'KVM_CAP_XEN_HVM', ({ vm }) => vm.xenHvmGetAttr(kvm.KVM_XEN_ATTR_TYPE_LONG_MODE)],
  ['xenHvmSetAttr', 'KVM_CAP_XEN_HVM', ({ vm }) => vm.xenHvmSetAttr(allocate(kvm.KvmXenHvmAttr))],
  ['xenHvmEvtchnSend', 'KVM_CAP_XEN_HVM', ({ vm }) => vm.xenHvmEvtchnSend({ port: 1, vcpu: 0 })],
  ['xenVcpuGetAttr', 'KVM_CAP_XEN_HVM', ({ vcpu }) => vcpu.xenVcpuGetAttr(kvm.KVM_XEN_VCPU_ATTR_TYPE_VCPU_ID)],
  ['xenVcpuSetAttr', 'KVM_CAP_XEN_HVM', ({ vcpu }) => vcpu.xenVcpuSetAttr(allocate(kvm.KvmXenVcpuAttr))],
  ['registerHypervEventfd', 'KVM_CAP_HYPERV_EVENTFD', ({ vm, event }) => vm.registerHypervEventfd(event, 1)],
  ['unregisterHypervEventfd', 'KVM_CAP_HYPERV_EVENTFD', ({ vm }) => vm.unregisterHypervEventfd(1)],
  ['enableCap', 'KVM_CAP_HYPERV_SYNIC', ({ vcpu }) => vcpu.enableCap('KVM_CAP_HYPERV_SYNIC')],
  ['enableCap', 'KVM_CAP_HYPERV_SYNIC2', ({ vcpu }) => vcpu.enableCap('KVM_CAP_HYPERV_SYNIC2')],
];

describe.skipIf(!hasKvm)(`the ioctls of Xen and Hyper-V ${needsKvm}`, () => {
  // Shows: KVM_XEN_HVM_CONFIG, KVM_XEN_HVM_GET_ATTR, KVM_XEN_HVM_SET_ATTR, KVM_XEN_HVM_EVTCHN_SEND
  // Shows: KVM_XEN_VCPU_GET_ATTR, KVM_XEN_VCPU_SET_ATTR, KVM_HYPERV_EVENTFD
  it.each(calls)('%s is unsupported if the kernel does not have %s', (_, capability, call) => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    using event = EventFd.create();
    const error = thrownBy(() => call({ vm, vcpu, event }));
    if (vm.checkExtension(capability) > 0) expect(error).not.toBeInstanceOf(KvmUnsupportedError);
    else expect(error).toMatchObject({ name: 'KvmUnsupportedError', capability });
  });

  it('the methods refuse wrong arguments before the kernel gets them', () => {
    using vm = createVm();
    const config = allocate(kvm.KvmXenHvmConfig);
    const refused = (call: () => unknown, message: string): void => {
      const error = thrownBy(call);
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toBe(message);
    };
    const rule = 'it must have 1 to 255 pages of 4096 bytes';
    refused(
      () => vm.xenHvmConfig(config, { blob_addr_32: new Uint8Array(4095) }),
      `KVM_XEN_HVM_CONFIG: blob_addr_32 has 4095 bytes; ${rule}`,
    );
    using memory = GuestMemory.create(0x10_0000);
    refused(
      () => vm.xenHvmConfig(config, { blob_addr_64: { memory } }),
      `KVM_XEN_HVM_CONFIG: blob_addr_64 has 1048576 bytes; ${rule}`,
    );
    const attr = allocate(kvm.KvmXenHvmAttr);
    attr.type = kvm.KVM_XEN_ATTR_TYPE_SHARED_INFO;
    refused(
      () => vm.xenHvmSetAttr(attr, { memory }),
      'KVM_XEN_HVM_SET_ATTR: memory for an attribute of type 1; only KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA has an address',
    );
    attr.type = kvm.KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA;
    refused(
      () => vm.xenHvmSetAttr(attr, { memory, offset: 0xf_f001 }),
      'KVM_XEN_HVM_SET_ATTR: memory of 4095 bytes; it must be 4096 bytes of a GuestMemory',
    );
    const bytes = new Uint8Array(4096) as never;
    refused(
      () => vm.xenHvmSetAttr(attr, bytes),
      'KVM_XEN_HVM_SET_ATTR: memory of 4096 bytes; it must be 4096 bytes of a GuestMemory',
    );
    using event = EventFd.create();
    refused(
      () => vm.registerHypervEventfd(event, 0x100_0000),
      'KVM_HYPERV_EVENTFD: connId 16777216; it must be an integer from 0 to 16777215',
    );
    const other = {} as EventFd;
    refused(
      () => vm.registerHypervEventfd(other, 1),
      'KVM_HYPERV_EVENTFD: event an object of Object; it must be an EventFd',
    );
  });

  it('the bindings of an older header have no attribute with an address', () => {
    using vm = createVm({ ...kvm, KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA: undefined as never });
    using memory = GuestMemory.create(0x1000);
    const attr = allocate(kvm.KvmXenHvmAttr);
    expect(() => vm.xenHvmSetAttr(attr, { memory })).toThrow(/; no attribute of these bindings has an address$/);
    if (vm.checkExtension('KVM_CAP_XEN_HVM') === 0) expect(() => vm.xenHvmSetAttr(attr)).toThrow(KvmUnsupportedError);
  });
});
