/** The settings of a VM: addresses, clocks, the filter of events, the limit of MMU pages, and encryption. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory, KvmBusyError, KvmClosedError, KvmError } from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { userMode } from '../../tools/guests/index.js';
import { createVm, Helper, hasKvm, load, needsKvm, untilCounting } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`addresses and the boot vCPU ${needsKvm}`, () => {
  // Shows: KVM_SET_TSS_ADDR, KVM_SET_IDENTITY_MAP_ADDR, KVM_SET_BOOT_CPU_ID
  // Shows: kvm-ioctls vm::test_set_tss_address
  it('setTssAddr, setIdentityMapAddr and setBootCpuId set the VM up before the first vCPU', () => {
    using vm = createVm();
    vm.setTssAddr(0xfffb_d000);
    vm.setIdentityMapAddr(0xfffb_c000n);
    vm.setBootCpuId(1);
    using first = vm.createVcpu(0);
    using second = vm.createVcpu(1);
    const isBoot = (vcpu: typeof first): boolean => {
      const msrs = allocate(bindings.KvmMsrs, 1);
      msrs.entries.get(0).index = 0x1b; // IA32_APIC_BASE
      vcpu.ioctl(bindings.KVM_GET_MSRS, msrs);
      return (msrs.entries.get(0).data & 0x100n) !== 0n;
    };
    expect([isBoot(first), isBoot(second)]).toEqual([false, true]);
  });

  // Shows: kvm-ioctls vm::test_set_identity_map_address
  it('setTssAddr refuses an invalid address, and setIdentityMapAddr and setBootCpuId refuse a VM that has a vCPU', () => {
    using vm = createVm();
    expect(() => vm.setTssAddr(0xffff_f000)).toThrow(/^KVM_SET_TSS_ADDR: EINVAL: /);
    using _ = vm.createVcpu();
    expect(() => vm.setIdentityMapAddr(0xfffb_c000)).toThrow(/^KVM_SET_IDENTITY_MAP_ADDR: EINVAL: /);
    expect(() => vm.setBootCpuId(1)).toThrow(/^KVM_SET_BOOT_CPU_ID: EBUSY: boot vCPU 1: the VM has a vCPU already;/);
    expect(() => vm.setBootCpuId(1)).toThrow(KvmError);
  });
});

describe.skipIf(!hasKvm)(`clocks ${needsKvm}`, () => {
  // Shows: KVM_GET_CLOCK, KVM_SET_CLOCK
  // Shows: kvm-ioctls vm::test_clock
  it('getClock returns a time that advances, and setClock sets it', () => {
    using vm = createVm();
    const clock = vm.getClock();
    const before = clock.clock;
    expect(vm.getClock(clock)).toBe(clock);
    expect(clock.clock).toBeGreaterThan(before);
    const hour = 3_600_000_000_000n;
    clock.flags = 0;
    clock.clock = hour;
    vm.setClock(clock);
    expect(vm.getClock().clock).toBeGreaterThanOrEqual(hour);
    expect(vm.getClock().clock).toBeLessThan(2n * hour);
    clock.flags = 0x8000_0000;
    expect(() => vm.setClock(clock)).toThrow(/^KVM_SET_CLOCK: EINVAL: /);
  });

  // Shows: KVM_SET_TSC_KHZ, KVM_GET_TSC_KHZ
  it('setTscKhz sets the frequency of later vCPUs, and getTscKhz returns it', () => {
    using vm = createVm();
    const khz = vm.getTscKhz();
    expect(khz).toBeGreaterThan(100_000);
    vm.setTscKhz(khz);
    using vcpu = vm.createVcpu();
    expect(vcpu.ioctl(bindings.KVM_GET_TSC_KHZ)).toBe(khz);
    expect(() => vm.setTscKhz(khz)).toThrow(/^KVM_SET_TSC_KHZ: EINVAL: /);
  });
});

describe.skipIf(!hasKvm)(`the event filter and the page limit ${needsKvm}`, () => {
  // Shows: KVM_SET_PMU_EVENT_FILTER, KVM_SET_NR_MMU_PAGES
  it('setPmuEventFilter accepts a valid filter, and setNrMmuPages accepts a number that is large enough', () => {
    using vm = createVm();
    const filter = allocate(bindings.KvmPmuEventFilter, 2);
    filter.action = bindings.KVM_PMU_EVENT_ALLOW;
    filter.events.assign([0xc0n, 0xc4n]);
    vm.setPmuEventFilter(filter);
    filter.action = 99;
    expect(() => vm.setPmuEventFilter(filter)).toThrow(/^KVM_SET_PMU_EVENT_FILTER: EINVAL: /);
    vm.setNrMmuPages(256);
    expect(() => vm.setNrMmuPages(1)).toThrow(/^KVM_SET_NR_MMU_PAGES: EINVAL: /);
  });
});

describe.skipIf(!hasKvm)(`a running vCPU ${needsKvm}`, () => {
  it('the methods of a VM work while another thread runs its vCPU, and those of the vCPU are refused', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { vm, vcpu } = machine;
    using stats = vcpu.stats();
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    expect(() => vcpu.stats()).toThrow(KvmBusyError);
    // Statistics that are open already do not use the vCPU.
    expect(stats.read().length).toBeGreaterThan(0);
    expect(vm.stats().read().length).toBeGreaterThan(0);
    expect(vm.getClock().clock).toBeGreaterThan(0n);
    vm.setMsrFilter({ ranges: [{ base: 0x174, count: 3 }] });
    expect(vm.checkExtension('KVM_CAP_USER_MEMORY')).toBe(1);
    using event = EventFd.create();
    vm.registerIoeventfd(event, { address: 0x500, length: 1, port: true });
    expect(vm.coalescedMmioRing(vcpu).drain(() => {})).toBe(0);
    vcpu.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
  });
});

describe.skipIf(!hasKvm)(`a closed VM ${needsKvm}`, () => {
  // Shows: kvm-ioctls vm::test_faulty_vm_fd
  it('every method refuses a closed VM', () => {
    const vm = createVm();
    using memory = GuestMemory.create(0x1000);
    vm.close();
    for (const use of [
      () => vm.setTssAddr(0xfffb_d000),
      () => vm.setIdentityMapAddr(0xfffb_c000),
      () => vm.setBootCpuId(0),
      () => vm.getClock(),
      () => vm.setClock(allocate(bindings.KvmClockData)),
      () => vm.getTscKhz(),
      () => vm.setTscKhz(1),
      () => vm.setMsrFilter({ ranges: [] }),
      () => vm.setPmuEventFilter(allocate(bindings.KvmPmuEventFilter, 0)),
      () => vm.setNrMmuPages(256),
      () => vm.createGuestMemfd(0x1000),
      () => vm.createDevice(bindings.KVM_DEV_TYPE_VFIO),
      () => vm.registerEncryptedRegion(memory),
      () => vm.memoryEncryptOp(),
      () => vm.memoryEncryptOp('KVM_SEV_INIT'),
      () => vm.getNrMmuPages(),
      () => vm.xenHvmConfig(allocate(bindings.KvmXenHvmConfig)),
      () => vm.xenHvmGetAttr(0),
      () => vm.xenHvmSetAttr(allocate(bindings.KvmXenHvmAttr)),
      () => vm.xenHvmEvtchnSend({ port: 1, vcpu: 0 }),
      () => vm.unregisterHypervEventfd(1),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });
});
