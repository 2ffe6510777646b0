/** What a VM is set up with: addresses that the kernel needs, clocks, filters, private memory, devices, statistics. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import {
  EventFd,
  GuestMemory,
  KvmArgumentError,
  KvmBusyError,
  KvmClosedError,
  KvmError,
  KvmUnsupportedError,
  type MsrRange,
  Stats,
  type Vm,
} from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { realMode, userMode } from '../../tools/guests/index.js';
import { createVm, Helper, hasKvm, load, needsKvm, openFiles, run, untilCounting } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`the places that the kernel needs ${needsKvm}`, () => {
  it('are set before there is a vCPU', () => {
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

  it('are refused when they are none, or it is too late', () => {
    using vm = createVm();
    expect(() => vm.setTssAddr(0xffff_f000)).toThrow(/^KVM_SET_TSS_ADDR: EINVAL: /);
    using _ = vm.createVcpu();
    expect(() => vm.setIdentityMapAddr(0xfffb_c000)).toThrow(/^KVM_SET_IDENTITY_MAP_ADDR: EINVAL: /);
    expect(() => vm.setBootCpuId(1)).toThrow(/^KVM_SET_BOOT_CPU_ID: EBUSY: the VM has a vCPU already$/);
    expect(() => vm.setBootCpuId(1)).toThrow(KvmError);
  });
});

describe.skipIf(!hasKvm)(`the clocks of a VM ${needsKvm}`, () => {
  it('run, and can be set', () => {
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

  it('are as fast for vCPUs to come as is said', () => {
    using vm = createVm();
    const khz = vm.getTscKhz();
    expect(khz).toBeGreaterThan(100_000);
    vm.setTscKhz(khz);
    using vcpu = vm.createVcpu();
    expect(vcpu.ioctl(bindings.KVM_GET_TSC_KHZ)).toBe(khz);
    expect(() => vm.setTscKhz(khz)).toThrow(/^KVM_SET_TSC_KHZ: EINVAL: /);
  });
});

describe.skipIf(!hasKvm)(`what a guest may do ${needsKvm}`, () => {
  const IA32_SYSENTER_CS = 0x174;
  /** mov ecx, 0x174; rdmsr; hlt */
  const readsMsr = Uint8Array.of(0x66, 0xb9, 0x74, 0x01, 0x00, 0x00, 0x0f, 0x32, 0xf4);
  const range: MsrRange = { base: IA32_SYSENTER_CS, count: 3 };

  function reading(setUp: (vm: Vm) => void): string {
    using machine = load(realMode.halt);
    machine.memory.write(0x1000, readsMsr);
    machine.vm.enableCap('KVM_CAP_X86_USER_SPACE_MSR', bindings.KVM_MSR_EXIT_REASON_FILTER);
    setUp(machine.vm);
    return run(machine);
  }
  const filtered = `exit ${bindings.KVM_EXIT_X86_RDMSR}`;
  const allowed = `exit ${bindings.KVM_EXIT_HLT}`;

  it('is to read MSRs, as far as the filter allows it', () => {
    expect(reading(() => {})).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [range] }))).toBe(filtered);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, allowed: Uint8Array.of(0b001) }] }))).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, allowed: Uint8Array.of(0b110) }] }))).toBe(filtered);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, access: 'write' }] }))).toBe(allowed);
    const elsewhere: MsrRange = { base: 0x10, count: 65 };
    expect(reading((vm) => vm.setMsrFilter({ ranges: [elsewhere], others: 'deny' }))).toBe(filtered);
    const second = { ...range, allowed: Uint8Array.of(0xff) };
    expect(reading((vm) => vm.setMsrFilter({ ranges: [elsewhere, second], others: 'deny' }))).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [second, elsewhere] }))).toBe(allowed);
  });

  it.each<[string, readonly MsrRange[], RegExp]>([
    ['with too short a bitmap', [{ base: 0, count: 9, allowed: new Uint8Array(1) }], /a bitmap of 1 bytes for 9 MSRs$/],
    ['of no MSR', [{ base: 0, count: 0 }], /a range of 0 MSRs; it must have 1 to 12288$/],
    ['of too many MSRs', [{ base: 0, count: 12289 }], /a range of 12289 MSRs; it must have 1 to 12288$/],
    ['of part of an MSR', [{ base: 0, count: 1.5 }], /a range of 1\.5 MSRs/],
    [
      'of too many ranges',
      Array.from({ length: 17 }, () => ({ base: 0, count: 1 })),
      /17 ranges; there are at most 16$/,
    ],
  ])('is not said by a filter %s', (_, ranges, message) => {
    using vm = createVm();
    const set = (): void => vm.setMsrFilter({ ranges });
    expect(set).toThrow(KvmArgumentError);
    expect(set).toThrow(message);
  });

  it('is to count events, and to have its page tables shadowed, in the numbers that are given', () => {
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

describe.skipIf(!hasKvm)(`private memory ${needsKvm}`, () => {
  it('goes into a slot beside the shared memory', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    using memfd = vm.createGuestMemfd(0x8000);
    expect(memfd.size).toBe(0x8000);
    expect(vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd, offset: 0x4000 } })).toBe(0);
    // One place of it is in one slot.
    const again = (offset: number) => () =>
      vm.addMemory({ memory, guestAddress: 0x1_0000, guestMemfd: { memfd, offset } });
    expect(again(0x4000)).toThrow(/^KVM_SET_USER_MEMORY_REGION2: /);
    expect(again(0)()).toBe(1);
    expect(again(0x10_0000)).toThrow(KvmArgumentError);
    vm.removeMemory(0);
    memfd.close();
    expect(() => memfd.fd).toThrow(/^this GuestMemfd is closed$/);
  });

  it('has whole pages, and is of its VM', () => {
    using vm = createVm();
    expect(() => vm.createGuestMemfd(0x1001)).toThrow(/^KVM_CREATE_GUEST_MEMFD: EINVAL: /);
    using other = createVm();
    using memory = GuestMemory.create(0x1000);
    using memfd = other.createGuestMemfd(0x1000);
    expect(() => vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } })).toThrow(
      /^KVM_SET_USER_MEMORY_REGION2: EINVAL: /,
    );
  });

  it('cannot be encrypted here, which is said', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    expect(vm.hasEncryption()).toBe(false);
    expect(() => vm.registerEncrypted(memory)).toThrow(KvmUnsupportedError);
    expect(() => vm.registerEncrypted(memory)).toThrow(/^KVM_MEMORY_ENCRYPT_REG_REGION: ENOTTY: /);
    expect(() => vm.unregisterEncrypted(memory)).toThrow(/^KVM_MEMORY_ENCRYPT_UNREG_REGION: ENOTTY: /);
    expect(() => vm.registerEncrypted(memory, 0, 0x2000)).toThrow(KvmArgumentError);
  });
});

describe.skipIf(!hasKvm)(`devices in the kernel ${needsKvm}`, () => {
  it('have attributes, which can be asked for and set', () => {
    const before = openFiles();
    using vm = createVm();
    const device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const add = { group: bindings.KVM_DEV_VFIO_FILE, attribute: bindings.KVM_DEV_VFIO_FILE_ADD };
    expect(device.attributes.has(add)).toBe(true);
    expect(device.attributes.has({ ...add, attribute: 99 })).toBe(false);
    // It takes the number of a file, and looks whether there is one.
    expect(() => device.attributes.set(add, new Uint8Array(Int32Array.of(-1).buffer))).toThrow(
      /^KVM_SET_DEVICE_ATTR: EBADF: /,
    );
    expect(() => device.attributes.set({ ...add, attribute: 99 }, new Uint8Array(4))).toThrow(
      /^KVM_SET_DEVICE_ATTR: ENXIO: /,
    );
    expect(() => device.attributes.get(add, 4)).toThrow(/^KVM_GET_DEVICE_ATTR: EPERM: /);
    device.close();
    expect(() => device.attributes.has(add)).toThrow(KvmClosedError);
    expect(openFiles()).toBe(before + 1);
  });

  it('take their own ioctls, and of those none that carries an address', () => {
    using vm = createVm();
    using device = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
    const attr = allocate(bindings.KvmDeviceAttr);
    expect(() => device.ioctl(bindings.KVM_SET_DEVICE_ATTR, attr)).toThrow(/^KVM_SET_DEVICE_ATTR: not for the generic/);
    // @ts-expect-error of a VM
    expect(() => device.ioctl(bindings.KVM_CREATE_IRQCHIP)).toThrow(
      /^KVM_CREATE_IRQCHIP: is an ioctl of a VM, not of a device$/,
    );
  });

  it('that the kernel does not have are refused', () => {
    using vm = createVm();
    expect(() => vm.createDevice(99)).toThrow(
      /^KVM_CREATE_DEVICE: ENODEV: the kernel does not have this kind of device$/,
    );
    expect(() => vm.createDevice(bindings.KVM_DEV_TYPE_XICS)).toThrow(/^KVM_CREATE_DEVICE: ENODEV: /);
  });
});

describe.skipIf(!hasKvm)(`statistics ${needsKvm}`, () => {
  it('count what a vCPU does', () => {
    using machine = load(realMode.out);
    using stats = Stats.of(machine.vcpu);
    const exits = (): bigint | undefined => stats.read().find(({ name }) => name === 'exits')?.values[0];
    expect(exits()).toBe(0n);
    expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_IO}`);
    expect(exits()).toBeGreaterThan(0n);
  });

  it('say what each of them is', () => {
    using machine = load(realMode.out);
    using stats = Stats.of(machine.vcpu);
    const named = new Map(stats.read().map((statistic) => [statistic.name, statistic]));
    expect(named.size).toBeGreaterThan(20);
    expect(named.get('exits')).toMatchObject({ type: 'cumulative', unit: 'none', base: 10, exponent: 0 });
    expect(named.get('guest_mode')).toMatchObject({ type: 'instant', unit: 'boolean' });
    expect(named.get('halt_wait_ns')).toMatchObject({ type: 'cumulative', unit: 'seconds', exponent: -9 });
    expect(named.get('halt_wait_hist')).toMatchObject({ type: 'logarithmic histogram', unit: 'seconds' });
    expect(named.get('halt_wait_hist')?.values.length).toBe(32);
  });

  it('are there of a VM too, as long as they are open', () => {
    using vm = createVm();
    const before = openFiles();
    const stats = Stats.of(vm);
    expect(stats.read().map(({ name }) => name)).toContain('remote_tlb_flush');
    stats.close();
    expect(() => stats.read()).toThrow(/^this Stats is closed$/);
    expect(openFiles()).toBe(before);
    vm.close();
    expect(() => Stats.of(vm)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`a VM whose vCPU another thread runs ${needsKvm}`, () => {
  it('is set up meanwhile, and its vCPU is not', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { vm, vcpu } = machine;
    using stats = Stats.of(vcpu);
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    expect(() => Stats.of(vcpu)).toThrow(KvmBusyError);
    // What is open already does not go through the vCPU.
    expect(stats.read().length).toBeGreaterThan(0);
    expect(Stats.of(vm).read().length).toBeGreaterThan(0);
    expect(vm.getClock().clock).toBeGreaterThan(0n);
    vm.setMsrFilter({ ranges: [{ base: 0x174, count: 3 }] });
    expect(vm.checkExtension('KVM_CAP_USER_MEMORY')).toBe(1);
    using event = EventFd.create();
    vm.io.assignEvent(event, { address: 0x500, length: 1, port: true });
    expect(vm.io.ring(vcpu).drain(() => {})).toBe(0);
    vcpu.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
  });
});

describe.skipIf(!hasKvm)(`a VM that is closed ${needsKvm}`, () => {
  it('is not set up any more', () => {
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
      () => vm.registerEncrypted(memory),
      () => vm.hasEncryption(),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });
});
