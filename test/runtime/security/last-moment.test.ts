/**
 * What memory safety depends on is checked in the native layer, just before it is used. So JavaScript may change anything
 * between the checks of the TypeScript layer and the system call.
 */

import { afterEach, describe, expect, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { type AddonAddressedIoctl, addon } from '../../../runtime/addon.js';
import { abort, GuestMemory, KvmArgumentError, KvmClosedError, KvmError, kick } from '../../../runtime/index.js';
import { memoryRecord } from '../../../runtime/memory.js';
import { vcpuContext } from '../../../runtime/vcpu.js';
import { vmContext } from '../../../runtime/vm.js';
import { Kvm, Vcpu, type Vm } from '../../../runtime/x86_64.js';
import { allocate } from '../../../support/index.js';
import { places, realMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run, thrownBy } from '../../helpers/vcpus.js';

const [EINVAL, EFAULT, ENODEV, EEXIST, ENOENT, E2BIG, ENOTTY, EBADF] = [-22, -14, -19, -17, -2, -7, -25, -9];
const ringBytes = 4096;

function ringed(bytes: number = ringBytes): Vm {
  const vm = createVm();
  vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes);
  return vm;
}

describe.skipIf(!hasKvm)(`dirty rings ${needsKvm}`, () => {
  // Shows: security 22
  it('dirtyRing refuses a vCPU of another VM, whichever of the two VMs has rings', () => {
    using vm = ringed();
    using own = vm.createVcpu();
    for (const other of [createVm(), ringed(), ringed(2 * ringBytes)]) {
      using vcpu = other.createVcpu();
      expect(() => vm.dirtyRing(vcpu)).toThrow(/^Vm.dirtyRing: the vCPU is of another VM; /);
      expect(() => other.dirtyRing(own)).toThrow(KvmArgumentError);
      expect(() => other.coalescedMmioRing(own)).toThrow(KvmArgumentError);
      other.close();
    }
    expect(vm.dirtyRing(own).harvest()).toEqual([]);
  });

  // Shows: security 22
  it('dirtyRing refuses a vCPU of a VM that has no rings', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    expect(() => vm.dirtyRing(vcpu)).toThrow(/^Vm.dirtyRing: the vCPUs of this VM have no dirty rings; /);
    expect(addon().vcpuDirtyRing(vcpuContext('test', vcpu).record, kvm.KVM_DIRTY_LOG_PAGE_OFFSET * 4096)).toBe(ENODEV);
  });

  // Shows: security 22
  it('a ring is as long as the number that the kernel got, and an object that returns numbers is refused', () => {
    using vm = createVm();
    let asked = 0;
    const bytes = { valueOf: () => (asked++ === 0 ? ringBytes : 2 ** 30) };
    const enable = (value: unknown): void => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', value as number);
    expect(() => enable(bytes)).toThrow(KvmArgumentError);
    enable(ringBytes);
    expect(addon().vmDirtyRing(vmContext(vm).record)).toBe(ringBytes);
    using vcpu = vm.createVcpu();
    expect(vm.dirtyRing(vcpu).harvest()).toEqual([]);
  });

  // Shows: security 22
  it('the native layer maps no page that the kernel does not back with memory', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    const { record } = vcpuContext('test', vcpu);
    expect(addon().vmSetDirtyRing(vmContext(vm).record, ringBytes)).toBe(0);
    for (const page of [kvm.KVM_DIRTY_LOG_PAGE_OFFSET, 3, 1000, 2 ** 30]) {
      expect(addon().vcpuDirtyRing(record, page * 4096), `page ${page}`).toBe(EINVAL);
    }
    using other = ringed();
    using second = other.createVcpu();
    const offset = kvm.KVM_DIRTY_LOG_PAGE_OFFSET * 4096;
    expect(addon().vcpuDirtyRing(vcpuContext('test', second).record, offset)).toBe(0);
    // A ring is mapped once.
    expect(addon().vcpuDirtyRing(vcpuContext('test', second).record, offset + 4096)).toBe(EINVAL);
    using third = other.createVcpu(1);
    // The ring ends after one page.
    expect(addon().vcpuDirtyRing(vcpuContext('test', third).record, offset + 4096)).toBe(EINVAL);
    expect(addon().vmSetDirtyRing(vmContext(other).record, 2 * ringBytes)).toBe(EINVAL);
  });

  it('a ring throws KvmClosedError after its vCPU is closed', () => {
    using vm = ringed();
    const vcpu = vm.createVcpu();
    const ring = vm.dirtyRing(vcpu);
    vcpu.close();
    expect(() => ring.harvest()).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`pages of memory ${needsKvm}`, () => {
  // Shows: security 35
  it('the native layer passes on only whole pages of the memory, and only advice that cannot make an access fail', () => {
    using memory = GuestMemory.create(0x4000);
    const record = memoryRecord(memory);
    memory.bytes(0, 0x4000).fill(1);
    const parts = [
      [1, 0x1000],
      [0, 0x1001],
      [0, 0],
      [0x4000, 0x1000],
      [0x1000, 0x4000],
      [2 ** 52, 0x1000],
      [0x1000, 2 ** 52],
    ] as const;
    const mask = new DataView(new ArrayBuffer(8));
    for (const [offset, length] of parts) {
      expect(addon().memoryDiscard(record, offset, length)).toBe(EINVAL);
      expect(addon().memoryAdvise(record, 'MADV_COLD', offset, length)).toBe(EINVAL);
      expect(addon().memoryBind(record, 'MPOL_DEFAULT', mask, 8, offset, length)).toBe(EINVAL);
    }
    for (const advice of ['MADV_DONTNEED', 'MADV_FREE', 'MADV_GUARD_INSTALL', 'MADV_HWPOISON', 'MADV_DOFORK', '']) {
      expect(addon().memoryAdvise(record, advice, 0, 0x4000)).toBe(EINVAL);
    }
    expect(addon().memoryBind(record, 'MPOL_DEFAULT', mask, 9, 0, 0x4000)).toBe(EFAULT);
    expect(addon().memoryBind(record, 'MPOL_DEFAULT', mask, 2 ** 40, 0, 0x4000)).toBe(EINVAL);
    expect(memory.bytes(0, 0x4000).every((byte) => byte === 1)).toBe(true);
  });

  // Shows: security 35
  it('the native layer maps only whole pages inside a regular file', () => {
    using memory = GuestMemory.create(0x4000, { memfd: 'mapped again' });
    const map = (fd: number, offset: number, length: number | null): unknown =>
      addon().memoryOfFile({ fd, offset, length, isPrivate: false, populate: false });
    const fd = memory.fd ?? -1;
    for (const part of [
      [1, null],
      [0, 1],
      [0, 0],
      [0x4000, null],
      [0, 0x5000],
      [2 ** 52, 0x1000],
    ] as const) {
      expect(map(fd, part[0], part[1])).toBe(EINVAL);
    }
    using system = Kvm.open();
    expect(map(system.fd, 0, 0x1000)).toBe(ENODEV);
    expect(map(0x7fff_ffff, 0, 0x1000)).toBe(EBADF);
    expect(map(fd, 0x3000, null)).toBeTypeOf('object');
  });
});

describe.skipIf(!hasKvm)(`memory slots ${needsKvm}`, () => {
  afterEach(() => {
    Number.isSafeInteger = isSafeInteger;
  });
  const { isSafeInteger } = Number;

  // Shows: security 5, security 18
  it('addMemory never gives the guest other memory than that of the GuestMemory', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x2000);
    const far = 0x10_0000;
    const changing = (first: number, later: number): number => {
      let asked = 0;
      return { valueOf: () => (asked++ < 3 ? first : later), toString: () => `${first}` } as unknown as number;
    };
    const wrong: Partial<Parameters<Vm['addMemory']>[0]>[] = [
      { offset: changing(0, far) },
      { length: changing(0x1000, far) },
      { offset: far },
      { offset: -0x1000 },
      { length: 0x3000 },
      { offset: 0x1000, length: 0x2000 },
    ];
    for (const part of wrong) {
      expect(() => vm.addMemory({ memory, guestAddress: 0x100_0000, ...part })).toThrow(KvmArgumentError);
    }
    // Even if all checks of the TypeScript layer are off, the native layer refuses the slot.
    Number.isSafeInteger = () => true;
    Object.defineProperty(memory, 'size', { value: far * 2 });
    for (const part of [{ offset: far, length: 0x1000 }, { length: far }]) {
      const error = thrownBy(() => vm.addMemory({ memory, guestAddress: 0x100_0000, ...part }));
      expect(error).toBeInstanceOf(KvmError);
    }
  });

  it('vmGetDirtyLog compares the memory with the length of the slot', () => {
    using vm = createVm();
    const pages = 0x9000;
    using memory = GuestMemory.create(pages * 4096);
    using bitmap = GuestMemory.create(0x1000);
    using longer = GuestMemory.create(0x2000);
    vm.addMemory({ memory, guestAddress: 0, flags: kvm.KVM_MEM_LOG_DIRTY_PAGES });
    const { request } = kvm.KVM_GET_DIRTY_LOG;
    const { slot, dirty_bitmap } = kvm.KvmDirtyLog.$layout.members;
    const call = (
      into: GuestMemory,
      number: number,
      size: number = kvm.KvmDirtyLog.$size,
      at: number = dirty_bitmap.offset,
    ): number =>
      addon().vmGetDirtyLog(vmContext(vm).record, request, number, memoryRecord(into), size, slot.offset, at);
    expect(call(longer, 0)).toBe(0);
    expect(call(bitmap, 0)).toBe(E2BIG);
    expect(call(longer, 1)).toBe(ENOENT);
    for (const size of [0, kvm.KvmDirtyLog.$size - 1, 2 ** 40]) expect(call(longer, 0, size)).toBe(EFAULT);
    expect(call(longer, 0, kvm.KvmDirtyLog.$size, kvm.KvmDirtyLog.$size - 7)).toBe(EFAULT);
  });

  // Shows: security 18
  it('vmSetMemory compares the slot with the record of the memory', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const { slot, memory_size, userspace_addr, guest_phys_addr } = kvm.KvmUserspaceMemoryRegion.$layout.members;
    const set = (given: object): number => {
      const region = allocate(kvm.KvmUserspaceMemoryRegion);
      // The native layer does not use these values.
      Object.assign(region, { slot: 5, userspace_addr: 0x1000n, memory_size: 2n ** 40n });
      return addon().vmSetMemory({
        vm: vmContext(vm).record,
        request: kvm.KVM_SET_USER_MEMORY_REGION.request,
        view: region.$$view,
        offset: 0,
        needed: kvm.KVM_SET_USER_MEMORY_REGION.size,
        slot: 0,
        memory: memoryRecord(memory),
        memoryOffset: 0,
        length: 0x1000,
        slotAt: slot.offset,
        lengthAt: memory_size.offset,
        addressAt: userspace_addr.offset,
        ...given,
      });
    };
    expect(guest_phys_addr.offset).toBe(8);
    for (const wrong of [
      { memoryOffset: 0x4000 },
      { memoryOffset: 0x1000, length: 0x4000 },
      { length: 0 },
      { length: 0x5000 },
      { memoryOffset: 2 ** 52, length: 2 ** 52 },
      { memory: true },
    ]) {
      expect(set(wrong), JSON.stringify(wrong)).toBe(EINVAL);
    }
    for (const wrong of [{ slotAt: 32 }, { lengthAt: 25 }, { addressAt: 2 ** 53 - 1 }]) {
      expect(set(wrong), JSON.stringify(wrong)).toBe(EFAULT);
    }
    expect(set({ memoryOffset: 0x3000 })).toBe(0);
    expect(set({})).toBe(EEXIST);
    expect(set({ memory: true })).toBe(0);
    expect(set({ memory: null })).toBe(0);
  });

  // Shows: security 18
  it('the guest runs in the memory of its slot although the struct of the slot names another address', () => {
    using machine = load(realMode.halt);
    const { vm, memory, vcpu } = machine;
    vm.removeMemory(0);
    using part = GuestMemory.create(memory.size + 0x1000);
    part.write(0x1000, memory.bytes(0, memory.size));
    vm.addMemory({ memory: part, guestAddress: 0, offset: 0x1000 });
    expect(run({ ...machine, vcpu })).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    expect(places.data).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasKvm)(`counts and buffers ${needsKvm}`, () => {
  const { getUint32 } = DataView.prototype;
  afterEach(() => {
    DataView.prototype.getUint32 = getUint32;
  });

  // Shows: security 16
  it('the kernel writes no element outside of the argument when getUint32 of DataView is patched', () => {
    using system = Kvm.open();
    const size = kvm.KvmCpuid2.$size + kvm.KvmCpuidEntry2.$size;
    const bytes = new Uint8Array(0x2000).fill(0xa5);
    const cpuid = new kvm.KvmCpuid2(new DataView(bytes.buffer, 0, size));
    cpuid.nent = 100;
    DataView.prototype.getUint32 = () => 1;
    const error = thrownBy(() => system.ioctl(kvm.KVM_GET_SUPPORTED_CPUID, cpuid));
    DataView.prototype.getUint32 = getUint32;
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toMatch(/more elements than the 48 bytes/);
    expect(bytes.subarray(size).every((byte) => byte === 0xa5)).toBe(true);
  });

  // Shows: security 16
  it('an ioctl refuses a view whose buffer was made smaller', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const resizable = new (
      ArrayBuffer as unknown as new (
        length: number,
        options: object,
      ) => ArrayBuffer & {
        resize(length: number): void;
      }
    )(0x8000, { maxByteLength: 0x8000 });
    const view = new DataView(resizable, 0x4000, 0x1000);
    const { request, size } = kvm.KVM_GET_REGS;
    const { record } = vcpuContext('test', vcpu);
    expect(addon().vcpuIoctlView(record, request, view, 0, size)).toBe(0);
    for (const length of [0x4fff, 0x4000, 0x1000, 0]) {
      resizable.resize(length);
      expect(addon().vcpuIoctlView(record, request, view, 0, size), `${length}`).toBe(EFAULT);
      expect(() => vcpu.getRegs(new kvm.KvmRegs(view))).toThrow(Error);
    }
  });
});

describe.skipIf(!hasKvm)(`addresses in arguments ${needsKvm}`, () => {
  /** Members that are addresses, and a value that is not mapped. */
  const members: readonly (readonly [type: { readonly prototype: object }, member: string])[] = [
    [kvm.KvmDeviceAttr, 'addr'],
    [kvm.KvmOneReg, 'addr'],
    [kvm.KvmClearDirtyLog, 'dirty_bitmap'],
    [kvm.KvmMsrFilterRange, 'bitmap'],
    [kvm.KvmEncRegion, 'addr'],
    [kvm.KvmUserspaceMemoryRegion, 'userspace_addr'],
    [kvm.KvmDirtyLog, 'dirty_bitmap'],
  ];
  const wrong = 0x1000n;

  /** Calls `call` while each setter of an address writes a wrong address, and while every struct begins with wrong addresses. */
  function withWrongAddresses<T>(call: () => T): T {
    const written: string[] = [];
    const before = members.map(([type, member]) => Object.getOwnPropertyDescriptor(type.prototype, member));
    for (const [type, member] of members) {
      Object.defineProperty(type.prototype, member, {
        configurable: true,
        get: () => wrong,
        set(this: kvm.KvmOneReg) {
          written.push(member);
          const { offset } = (this.$$layout.members as Record<string, { readonly offset: number }>)[member] ?? {
            offset: 0,
          };
          this.$$view.setBigUint64(this.$$offset + offset, wrong, true);
        },
      });
    }
    try {
      return call();
    } finally {
      for (const [index, [type, member]] of members.entries()) {
        Object.defineProperty(type.prototype, member, before[index] as PropertyDescriptor);
      }
      expect(written).toEqual([]);
    }
  }

  // Shows: security 16, security 19
  it('the kernel gets the right addresses when the setters of generated classes are replaced', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    const offset = { group: kvm.KVM_VCPU_TSC_CTRL, attr: kvm.KVM_VCPU_TSC_OFFSET };
    const expected = vcpu.getDeviceAttr(offset);
    expect(withWrongAddresses(() => vcpu.getDeviceAttr(offset))).toEqual(expected);
    withWrongAddresses(() => vcpu.setDeviceAttr(offset, expected));
    const range = { base: 0x174, count: 3, allowed: Uint8Array.of(0b110) };
    withWrongAddresses(() => vm.setMsrFilter({ ranges: [range, { base: 0x10, count: 65 }] }));
    vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', kvm.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE);
    using memory = GuestMemory.create(0x4000);
    const slot = withWrongAddresses(() =>
      vm.addMemory({ memory, guestAddress: 0, flags: kvm.KVM_MEM_LOG_DIRTY_PAGES }),
    );
    withWrongAddresses(() => vm.clearDirtyLog(slot, vm.getDirtyLog(slot), 0));
    // This kernel has no such register, so it does not read the address: it fails with EINVAL, not with EFAULT.
    const id = kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64;
    expect(thrownBy(() => withWrongAddresses(() => vcpu.getOneReg(id)))).toBeInstanceOf(KvmError);
  });

  // Shows: security 17
  it('the native layer writes addresses only into the argument, and as many as it has parts of the value', () => {
    using vm = createVm();
    const { request } = kvm.KVM_X86_SET_MSR_FILTER;
    const filter = allocate(kvm.KvmMsrFilter);
    const at = kvm.KvmMsrFilter.$layout.members.ranges.offset + kvm.KvmMsrFilterRange.$layout.members.bitmap.offset;
    const step = kvm.KvmMsrFilterRange.$size;
    for (const [index, range] of [...filter.ranges].entries()) {
      range.nmsrs = 64;
      range.base = 64 * index;
      range.flags = kvm.KVM_MSR_FILTER_READ;
      range.bitmap = wrong;
    }
    const set = (given: object): number =>
      addon().vmAttribute({
        target: vmContext(vm).record,
        request,
        view: filter.$$view,
        offset: 0,
        needed: kvm.KvmMsrFilter.$size,
        addressAt: at,
        addressStep: step,
        value: new DataView(new ArrayBuffer(16 * 8)),
        ...given,
      });
    expect(set({ parts: 16 })).toBe(0);
    // The last range has an address that is not mapped.
    expect(set({ parts: 15 })).toBe(EFAULT);
    for (const given of [
      { parts: 17 },
      { parts: 2 ** 53 - 1, addressStep: 8 },
      { parts: 16, addressStep: 7 },
      { parts: 16, addressStep: 2 ** 53 - 1 },
      { parts: 1, addressAt: kvm.KvmMsrFilter.$size - 7 },
    ]) {
      expect(set(given), JSON.stringify(given)).toBe(EFAULT);
    }
    for (const parts of [-1, 0.5, '1', null]) expect(() => set({ parts }), `${parts}`).toThrow(TypeError);
  });

  // Shows: security 18
  it('vmIoctlMemory compares the region with the record of the memory', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const { request } = kvm.KVM_MEMORY_ENCRYPT_REG_REGION;
    const { addr, size } = kvm.KvmEncRegion.$layout.members;
    const register = (
      offset: number,
      length: number,
      addressAt: number = addr.offset,
      lengthAt: number = size.offset,
    ) =>
      addon().vmIoctlMemory(vmContext(vm).record, request, memoryRecord(memory), offset, length, addressAt, lengthAt);
    for (const [offset, length] of [
      [0x4001, 0],
      [0x4000, 1],
      [0, 0x4001],
      [2 ** 53 - 1, 2 ** 53 - 1],
    ] as const) {
      expect(register(offset, length), `${offset}, ${length}`).toBe(EINVAL);
    }
    for (const wrongOffset of [kvm.KvmEncRegion.$size - 7, 2 ** 53 - 1]) {
      expect(register(0, 0x1000, wrongOffset)).toBe(EFAULT);
      expect(register(0, 0x1000, 0, wrongOffset)).toBe(EFAULT);
    }
    // A VM that is not encrypted has no such ioctl.
    expect(register(0, 0x4000)).toBe(ENOTTY);
  });
});

describe.skipIf(!hasKvm)(`windows ${needsKvm}`, () => {
  // Shows: security 23
  it('release detaches every window of the handle, those of all offsets', () => {
    using vm = ringed();
    const vcpu = vm.createVcpu();
    const memory = GuestMemory.create(0x4000);
    const record = memoryRecord(memory);
    const windows = [0, 0x1000, 0x3000].map((offset) => addon().memoryWindow(record, offset, 0x1000) as ArrayBuffer);
    const ofVcpu = vcpuContext('test', vcpu).record;
    windows.push(addon().vcpuBuffer(ofVcpu));
    expect(windows.every(({ byteLength }) => byteLength > 0)).toBe(true);
    memory.close();
    vcpu.close();
    expect(windows.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0]);
    expect(() => addon().memoryLength(record)).toThrow(TypeError);
  });

  it('another handle of the same memory keeps its windows', () => {
    const memory = GuestMemory.create(0x1000);
    using other = GuestMemory.attach(memory.share());
    const bytes = other.bytes(0, 4);
    memory.bytes(0, 4).set([1, 2, 3, 4]);
    memory.close();
    expect([...bytes]).toEqual([1, 2, 3, 4]);
  });
});

describe.skipIf(!hasKvm)(`ioctls with addresses ${needsKvm}`, () => {
  const { group, attr, addr } = kvm.KvmDeviceAttr.$layout.members;
  const bytes = kvm.KvmDeviceAttr.$size;

  /** The argument of KVM_GET_DEVICE_ATTR for the offset of the time stamp counter, and a page that it must not write to. */
  function readTscOffset() {
    const vm = createVm();
    const vcpu = vm.createVcpu();
    const guarded = GuestMemory.create(0x1000);
    guarded.bytes(0, 0x1000).fill(0xee);
    const struct = allocate(kvm.KvmDeviceAttr);
    Object.assign(struct, {
      group: kvm.KVM_VCPU_TSC_CTRL,
      attr: BigInt(kvm.KVM_VCPU_TSC_OFFSET),
      addr: guarded.address,
    });
    const isIntact = (): boolean => guarded.read(0, 0x1000).every((byte) => byte === 0xee);
    const call = (given: Partial<AddonAddressedIoctl>): number =>
      addon().vcpuIoctlAddressed({
        target: vcpuContext('test', vcpu).record,
        request: kvm.KVM_GET_DEVICE_ATTR.request,
        blocks: [struct.$$view],
        parts: [0, bytes, 1],
        links: [],
        tails: [],
        keeps: false,
        ...given,
      });
    const right = vcpu.getDeviceAttr({ group: kvm.KVM_VCPU_TSC_CTRL, attr: kvm.KVM_VCPU_TSC_OFFSET }, 8);
    const close = (): void => {
      vcpu.close();
      vm.close();
      guarded.close();
    };
    return { vm, struct, guarded, isIntact, call, right, [Symbol.dispose]: close };
  }
  const link = (at: number, to: number, rest: readonly number[] = [0, 0, 8, 0, 0, 0]): number[] => [0, at, to, ...rest];

  // Shows: security 19
  it('the kernel gets the address that the native layer writes, and the struct keeps what the caller has written', () => {
    using it = readTscOffset();
    const data = new DataView(new ArrayBuffer(8));
    data.setBigUint64(0, 0x1234n);
    const given = { blocks: [it.struct.$$view, data], parts: [0, bytes, 1, 0, 8, 1], links: link(addr.offset, 1) };
    expect(it.call(given)).toBe(0);
    expect(new Uint8Array(data.buffer)).toEqual(it.right);
    expect(it.struct.addr).toBe(it.guarded.address);
    expect(it.isIntact()).toBe(true);
    using memory = GuestMemory.create(0x1000);
    memory.bytes(0, 0x1000).fill(1);
    const inMemory = { ...given, blocks: [it.struct.$$view, memoryRecord(memory)], parts: [0, bytes, 1, 16, 8, 0] };
    expect(it.call(inMemory)).toBe(0);
    expect(memory.read(16, 8)).toEqual(it.right);
    expect(memory.read(0, 16).every((byte) => byte === 1) && memory.read(24, 100).every((byte) => byte === 1)).toBe(
      true,
    );
    expect(it.isIntact()).toBe(true);
    // A null pointer.
    expect(it.call({ links: link(addr.offset, 0) })).toBe(EFAULT);
    expect(it.isIntact()).toBe(true);
  });

  // Shows: security 19
  it('a link applies only if the other member has its value', () => {
    using it = readTscOffset();
    const data = new DataView(new ArrayBuffer(8));
    const only = (value: number, size = 4): number[] => [0, 0, 8, group.offset, size, value];
    const given = { blocks: [it.struct.$$view, data], parts: [0, bytes, 1, 0, 8, 1] };
    const always = link(addr.offset, 0);
    // The first link is ignored, so the second one makes a null pointer.
    const other = [...link(addr.offset, 1, only(kvm.KVM_VCPU_TSC_CTRL + 1)), ...always];
    expect(it.call({ ...given, links: other })).toBe(EFAULT);
    expect(it.call({ ...given, links: link(addr.offset, 1, only(kvm.KVM_VCPU_TSC_CTRL)) })).toBe(0);
    expect(new Uint8Array(data.buffer)).toEqual(it.right);
    for (const size of [3, 5, 9]) {
      expect(it.call({ ...given, links: link(addr.offset, 1, only(0, size)) })).toBe(EFAULT);
    }
    expect(it.isIntact()).toBe(true);
  });

  // Shows: security 17, security 19
  it('a wrong description of the addresses makes no ioctl', () => {
    using it = readTscOffset();
    using memory = GuestMemory.create(0x1000);
    const data = new DataView(new ArrayBuffer(16));
    const right = { blocks: [it.struct.$$view, data], parts: [0, bytes, 1, 0, 16, 1], links: link(addr.offset, 1) };
    expect(it.call(right)).toBe(0);
    const parts = (offset: number, length: number): object => ({ parts: [0, bytes, 1, offset, length, 1] });
    const inMemory = (offset: number, length: number): object => ({
      blocks: [it.struct.$$view, memoryRecord(memory)],
      parts: [0, bytes, 1, offset, length, 0],
    });
    const wrong: readonly object[] = [
      { parts: [0, bytes - 1, 1, 0, 16, 1] },
      ...[parts(0, 17), parts(16, 1), parts(0, 0), parts(2 ** 53 - 1, 1), parts(1, 2 ** 53 - 1), parts(0, 7)],
      ...[inMemory(0x1000, 8), inMemory(0, 0x1001), inMemory(2 ** 53 - 1, 8), inMemory(0, 0)],
      ...[bytes - 7, bytes, 2 ** 53 - 1].map((at) => ({ links: link(at, 1) })),
      { links: link(addr.offset, 2) },
      { links: [2, addr.offset, 1, 0, 0, 8, 0, 0, 0] },
      // The unit, the size of the count and its place.
      { links: link(addr.offset, 1, [0, 0, 0, 0, 0, 0]) },
      { links: link(addr.offset, 1, [0, 0, 17, 0, 0, 0]) },
      { links: link(addr.offset, 1, [0, 4, 5, 0, 0, 0]) },
      { links: link(addr.offset, 1, [0, 3, 1, 0, 0, 0]) },
      { links: link(addr.offset, 1, [bytes - 3, 4, 1, 0, 0, 0]) },
      // A count that is part of the address.
      { links: link(addr.offset, 1, [addr.offset, 4, 1, 0, 0, 0]) },
      // Two addresses with different lengths and one count.
      {
        blocks: [it.struct.$$view, data, new DataView(new ArrayBuffer(8))],
        parts: [0, bytes, 1, 0, 16, 1, 0, 8, 1],
        links: [...link(addr.offset, 1, [0, 4, 1, 0, 0, 0]), ...link(attr.offset, 2, [0, 4, 1, 0, 0, 0])],
      },
    ];
    for (const each of wrong) expect(it.call({ ...right, ...each }), JSON.stringify(each)).toBe(EFAULT);
    // The guest could change an address in its memory.
    const nested = { blocks: [it.struct.$$view, memoryRecord(memory), data], parts: [0, bytes, 1, 0, 64, 0, 0, 16, 1] };
    expect(it.call({ ...right, ...nested, links: [1, 0, 2, 0, 0, 8, 0, 0, 0] })).toBe(EFAULT);
    expect(it.isIntact()).toBe(true);
  });

  // Shows: security 17
  it('a block that counts more elements than it has makes no ioctl', () => {
    using it = readTscOffset();
    const data = new DataView(new ArrayBuffer(16));
    const given = { blocks: [it.struct.$$view, data], parts: [0, bytes, 1, 0, 16, 1], links: link(addr.offset, 1) };
    const tails = [1, 8, 4, 0, 4];
    data.setUint32(0, 2, true);
    expect(it.call({ ...given, tails })).toBe(0);
    data.setUint32(0, 3, true);
    expect(it.call({ ...given, tails })).toBe(addon().TOO_SHORT);
    data.setUint32(0, 0xffff_ffff, true);
    expect(it.call({ ...given, tails })).toBe(addon().TOO_SHORT);
    expect(it.call({ ...given, tails: [2, 8, 4, 0, 4] })).toBe(EFAULT);
  });

  it('values of a wrong type are refused', () => {
    using it = readTscOffset();
    const wrong: readonly object[] = [
      { blocks: [] },
      { blocks: [it.struct.$$view, it.struct.$$view] },
      { blocks: [{}] },
      { blocks: [null] },
      { blocks: 'blocks' },
      { blocks: [new Proxy(it.struct.$$view, {})] },
      { blocks: [memoryRecord(it.guarded)] },
      { parts: [0, bytes] },
      { parts: [0, bytes, -1] },
      { parts: [0, `${bytes}`, 1] },
      { links: [0, 0, 0, 0, 0, 8, 0, 0] },
      { links: Array.from({ length: 1025 }, () => 0) },
      { tails: [0, 0, 0, 0] },
      { keeps: 1 },
      { request: '1' },
    ];
    for (const each of wrong) expect(() => it.call(each)).toThrow(TypeError);
    const thrown = new Error('thrown by a getter');
    const links = Object.defineProperty([], 0, {
      get: () => {
        throw thrown;
      },
    });
    expect(() => it.call({ links })).toThrow(thrown);
    expect(it.isIntact()).toBe(true);
  });

  it('a call is refused if a getter closes the memory', () => {
    using it = readTscOffset();
    const memory = GuestMemory.create(0x1000);
    const blocks = [it.struct.$$view, memoryRecord(memory)];
    const parts: number[] = [0, bytes, 1, 0, 8];
    Object.defineProperty(parts, 5, {
      get: () => {
        memory.close();
        return 0;
      },
    });
    expect(() => it.call({ blocks, parts, links: link(addr.offset, 1) })).toThrow(TypeError);
  });

  // Shows: security 23
  it('a VM keeps memory whose address the kernel uses after the ioctl, until the VM is closed', () => {
    const found = (keeps: boolean): boolean => {
      using it = readTscOffset();
      const memory = GuestMemory.create(0x1000);
      const { id } = memory.share();
      const blocks = [it.struct.$$view, memoryRecord(memory)];
      expect(it.call({ blocks, parts: [0, bytes, 1, 0, 8, 0], links: link(addr.offset, 1), keeps })).toBe(0);
      memory.close();
      return addon().memoryFind(id) !== null;
    };
    expect([found(true), found(false)]).toEqual([true, false]);
  });
});

describe.skipIf(!hasKvm)(`handles ${needsKvm}`, () => {
  // Shows: security 24
  it('a handle is refused when its kind, its id or its process is another one', () => {
    using machine = load(realMode.halt);
    const { vcpu, memory } = machine;
    const handle = vcpu.share();
    expect(kick(structuredClone(handle))).toBe(true);
    const wrong = [
      memory.share(),
      { ...handle, generation: handle.generation + 1 },
      { ...handle, generation: undefined },
      { kind: handle.kind, id: handle.id },
      { ...handle, id: -1 },
      { ...handle, id: 0.5 },
      { ...handle, id: `${handle.id}` },
      { ...handle, id: BigInt(handle.id) },
      { ...handle, id: 2 ** 53 },
      { ...handle, kind: 'vm' },
      null,
      undefined,
      1,
    ] as never[];
    for (const given of wrong) {
      expect(() => kick(given)).toThrow(KvmArgumentError);
      expect(() => abort(given, 1)).toThrow(KvmArgumentError);
      expect(() => Vcpu.attach(given)).toThrow(KvmArgumentError);
    }
    expect(() => GuestMemory.attach(handle as never)).toThrow(KvmArgumentError);
    // The numbers of vCPUs and of memories are of one sequence, so no handle of one kind names an object of the other.
    expect(kick({ ...handle, id: memory.share().id })).toBe(false);
    // 32 bits of the id are not enough to find the vCPU.
    expect(kick({ ...handle, id: handle.id + 2 ** 32 })).toBe(false);
  });

  // Shows: security 24
  it('no handle has the id of an earlier one', () => {
    const ids = Array.from({ length: 50 }, () => {
      using memory = GuestMemory.create(0x1000);
      return memory.share().id;
    });
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
