/** The memory slots of a VM. */

import { describe, expect, it } from 'vitest';
import {
  KVM_CAP_MULTI_ADDRESS_SPACE,
  KVM_CAP_READONLY_MEM,
  KVM_EXIT_HLT,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_MEM_GUEST_MEMFD,
  KVM_MEM_LOG_DIRTY_PAGES,
  KVM_MEM_READONLY,
} from '../../generated/x86_64/linux/kvm.js';
import { conflictOf, missingSpace } from '../../runtime/address-ranges.js';
import {
  GuestMemory,
  KvmArgumentError,
  KvmClosedError,
  KvmError,
  KvmUnsupportedError,
  kick,
} from '../../runtime/index.js';
import { type MemorySlot, pagesOf, type Vcpu } from '../../runtime/x86_64.js';
import { type Guest, places, realMode } from '../../tools/guests/index.js';
import {
  createVm,
  Helper,
  hasKvm,
  isMemory,
  load,
  needsKvm,
  thrownBy,
  until,
  untilCounting,
  watchdogMs,
} from '../helpers/vcpus.js';

/** The address of the page that the device of the guests is in. */
const devicePage = places.device & ~0xfff;
const inDevicePage = places.device & 0xfff;

/** Runs the vCPU this many times, and returns the exit reasons. */
function reasonsOf(vcpu: Vcpu, runs: number): number[] {
  return Array.from({ length: runs }, () => {
    const { reason } = vcpu.run();
    if (typeof reason !== 'number') throw new Error(`the reason is ${reason}`);
    return reason;
  });
}

describe.skipIf(!hasKvm)(`memory slots ${needsKvm}`, () => {
  it('addMemory uses the lowest free slot', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    expect(vm.addMemory({ memory, guestAddress: 0 })).toBe(0);
    expect(vm.addMemory({ memory, guestAddress: 0x10000 })).toBe(1);
    expect(vm.addMemory({ memory, guestAddress: 0x20000, slot: 3 })).toBe(3);
    vm.removeMemory(0);
    expect(vm.addMemory({ memory, guestAddress: 0x30000n })).toBe(0);
    expect(vm.addMemory({ memory, guestAddress: 0x40000 })).toBe(2);
  });

  // Shows: KVM_SET_USER_MEMORY_REGION, security 5
  it('addMemory shows the guest the part of the memory that the slot has', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    using loaded = realMode.halt.load(vm);
    vm.removeMemory(0);
    memory.write(0x2000, loaded.memory.bytes(places.code, 1));
    vm.addMemory({ memory, guestAddress: places.code, offset: 0x2000, length: 0x1000 });
    expect(reasonsOf(loaded.vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(loaded.vcpu.getRegs().rip).toBe(BigInt(places.code + 1));
  });

  /** An object that is a right number when it is checked, and another number later. */
  const changing = (first: number): number => {
    let asked = 0;
    return { valueOf: () => (asked++ < 3 ? first : 2 ** 40) } as never;
  };

  it.each<[string, Partial<MemorySlot>, RegExp]>([
    ['a slot that is taken', { slot: 7 }, /: slot 7 is in use; remove its memory first$/],
    ['a part of the same addresses', { guestAddress: 0x13000 }, /0x13000 to 0x17000 overlap slot 7$/],
    ['addresses around them', { guestAddress: 0xf000n }, /0xf000 to 0x13000 overlap slot 7$/],
    ['a slot below 0', { slot: -1 }, /: slot -1; /],
    ['a slot that is not an integer', { slot: 1.5 }, /: slot 1\.5; /],
    ['a slot beyond 32 bits', { slot: 2 ** 32 }, /: slot 4294967296; /],
    ['an address within a page', { guestAddress: 0x20001 }, /multiples of 4096, /],
    ['an address below 0', { guestAddress: -0x1000 }, /: guestAddress -4096; /],
    ['an address of 65 bits', { guestAddress: 1n << 64n }, /: guestAddress 18446744073709551616; .* to 2\^64 - 1$/],
    ['an address that is not exact', { guestAddress: 2 ** 64 }, /: guestAddress 18446744073709552000; /],
    ['flags beyond 32 bits', { flags: 2 ** 32 }, /: flags 4294967296; /],
    ['an offset that changes', { offset: changing(0) }, /: offset an object of Object; it must be an integer/],
    ['a length that changes', { length: changing(0x1000) }, /: length an object of Object; it must be an integer/],
    [
      'a guest memfd that is not one',
      { guestMemfd: { memfd: { fd: 1 } as never } },
      /memfd an object of Object; it must be a GuestMemfd$/,
    ],
    ['a part that starts within a page', { offset: 8, length: 0x1000 }, /multiples of 4096, /],
    ['a part that ends within a page', { length: 8 }, /multiples of 4096, /],
    ['a part that is longer than the memory', { offset: 0x1000, length: 0x4000 }, /not all inside the 16384 bytes$/],
    ['a part before the memory', { offset: -0x1000, length: 0x1000 }, /not all inside the 16384 bytes$/],
    ['a length of 0', { length: 0 }, /the length more than 0$/],
    ['a length of NaN', { length: Number.NaN }, /: length NaN; it must be an integer below 2\^53$/],
  ])('addMemory refuses %s', (_, slot, message) => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0x10000, slot: 7 });
    const add = (): number => vm.addMemory({ memory, guestAddress: 0x20000, ...slot });
    expect(add).toThrow(KvmArgumentError);
    expect(add).toThrow(message);
    // The refused slot is not in use.
    expect(vm.addMemory({ memory, guestAddress: 0x20000 })).toBe(0);
  });

  it('addMemory accepts slots that touch each other', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0x10000 });
    vm.addMemory({ memory, guestAddress: 0xc000 });
    expect(vm.addMemory({ memory, guestAddress: 0x14000 })).toBe(2);
  });

  it('a slot that the kernel has refused is not in use', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const add = (): number => vm.addMemory({ memory, guestAddress: 0, flags: 0x8000_0000 });
    expect(add).toThrow(KvmError);
    expect(add).toThrow(/^KVM_SET_USER_MEMORY_REGION: EINVAL: /);
    expect(() => vm.removeMemory(0)).toThrow(/^Vm\.removeMemory: slot 0 is not in use$/);
    expect(vm.addMemory({ memory, guestAddress: 0 })).toBe(0);
  });

  it('addMemory refuses closed memory', () => {
    using vm = createVm();
    const memory = GuestMemory.create(0x4000);
    memory.close();
    expect(() => vm.addMemory({ memory, guestAddress: 0 })).toThrow(KvmClosedError);
  });

  it('a slot keeps memory mapped until removeMemory', () => {
    using vm = createVm();
    const memory = GuestMemory.create(0x4000);
    const { address } = memory;
    vm.addMemory({ memory, guestAddress: 0 });
    vm.addMemory({ memory, guestAddress: 0x10000 });
    memory.close();
    vm.removeMemory(0);
    expect(isMemory(address)).toBe(true);
    vm.removeMemory(1);
    expect(isMemory(address)).toBe(false);
  });

  it('a slot keeps memory mapped until the VM is closed', () => {
    const vm = createVm();
    const memory = GuestMemory.create(0x4000);
    const { address } = memory;
    vm.addMemory({ memory, guestAddress: 0 });
    memory.close();
    expect(isMemory(address)).toBe(true);
    vm.close();
    expect(isMemory(address)).toBe(false);
  });

  const atDevice = (guest: Guest, slot: Partial<MemorySlot> = {}) => {
    const vm = createVm();
    const memory = GuestMemory.create(0x1000);
    const device = vm.addMemory({ memory, guestAddress: devicePage, slot: 9, ...slot });
    const loaded = guest.load(vm);
    const close = (): void => {
      for (const each of [loaded.vcpu, loaded.memory, memory, vm]) each.close();
    };
    return { vm, memory, device, vcpu: loaded.vcpu, [Symbol.dispose]: close };
  };

  it('a write of the guest to a slot is not an exit', () => {
    using machine = atDevice(realMode.mmioWrite);
    expect(reasonsOf(machine.vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(machine.memory.bytes(inDevicePage, 1)[0]).toBe(0x2a);
  });

  it('a write of the guest to a read-only slot is an MMIO exit, and a read is not', () => {
    using writing = atDevice(realMode.mmioWrite, { flags: KVM_MEM_READONLY });
    expect(writing.vm.checkExtension(KVM_CAP_READONLY_MEM)).toBe(1);
    expect(reasonsOf(writing.vcpu, 1)).toEqual([KVM_EXIT_MMIO]);
    const { phys_addr, len, is_write, data } = writing.vcpu.kvmRun.mmio;
    expect({ phys_addr, len, is_write, byte: data.get(0) }).toEqual({
      phys_addr: BigInt(places.device),
      len: 1,
      is_write: 1,
      byte: 0x2a,
    });
    expect(reasonsOf(writing.vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(writing.memory.bytes(inDevicePage, 1)[0]).toBe(0);

    using reading = atDevice(realMode.mmioRead, { flags: Number(KVM_MEM_READONLY) });
    reading.memory.write(inDevicePage, Uint8Array.of(0x77));
    expect(reasonsOf(reading.vcpu, 1)).toEqual([KVM_EXIT_IO]);
    const { $data_offset } = reading.vcpu.kvmRun.io;
    expect(reading.vcpu.shared.getUint8($data_offset)).toBe(0x77);
  });

  it('a write of the guest to a removed slot is an MMIO exit', () => {
    using machine = atDevice(realMode.mmioWrite);
    machine.vm.removeMemory(machine.device);
    expect(reasonsOf(machine.vcpu, 2)).toEqual([KVM_EXIT_MMIO, KVM_EXIT_HLT]);
    expect(machine.memory.bytes(inDevicePage, 1)[0]).toBe(0);
  });

  it('setMemoryFlags turns the dirty log on and off while a thread runs the guest, which continues', async () => {
    using machine = load(realMode.spin);
    await using helper = await Helper.start();
    const { vm, vcpu } = machine;
    const runs = helper.do('run', { vcpu: vcpu.share(), timeout: watchdogMs });
    await untilCounting(machine);
    const counterPage = places.data / 4096;
    for (let round = 0; round < 50; round++) {
      vm.setMemoryFlags(0, KVM_MEM_LOG_DIRTY_PAGES);
      await until(() => [...pagesOf(vm.getDirtyLog(0))].includes(counterPage), 'the log has the page');
      vm.setMemoryFlags(0, 0);
      expect(() => vm.getDirtyLog(0)).toThrow(/^KVM_GET_DIRTY_LOG: ENOENT: /);
      await untilCounting(machine);
    }
    kick(vcpu.share());
    expect(await runs).toEqual(['interrupted by kick']);
  });

  it('moveMemory moves the memory of a slot, which keeps its flags', () => {
    using machine = atDevice(realMode.mmioWrite, { guestAddress: 0x5_0000, flags: KVM_MEM_LOG_DIRTY_PAGES });
    const { vm, vcpu, memory, device } = machine;
    vm.moveMemory(device, devicePage);
    expect(reasonsOf(vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(memory.bytes(inDevicePage, 1)[0]).toBe(0x2a);
    expect([...pagesOf(vm.getDirtyLog(device))]).toEqual([0]);
    // The old addresses are free.
    vm.addMemory({ memory, guestAddress: 0x5_0000 });
    vm.moveMemory(device, 0x6_0000n);
    vcpu.setRegs(Object.assign(vcpu.getRegs(), { rip: BigInt(places.code) }));
    expect(reasonsOf(vcpu, 1)).toEqual([KVM_EXIT_MMIO]);
  });

  it('moveMemory accepts addresses that the slot itself has, and refuses those of other slots', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0x10000, slot: 7 });
    vm.addMemory({ memory, guestAddress: 0x20000 });
    vm.moveMemory(7, 0x12000);
    expect(() => vm.moveMemory(7, 0x1f000)).toThrow(
      /^Vm\.moveMemory: guest addresses 0x1f000 to 0x23000 overlap slot 0$/,
    );
    expect(() => vm.moveMemory(0, 0x11000)).toThrow(/overlap slot 7$/);
    expect(() => vm.moveMemory(1, 0)).toThrow(/^Vm\.moveMemory: slot 1 is not in use$/);
    expect(() => vm.moveMemory(7, 0x801)).toThrow(/: guestAddress 2049; it must be a multiple of 4096$/);
    expect(() => vm.moveMemory(7, -1)).toThrow(KvmArgumentError);
    expect(() => vm.moveMemory(7, 0xffff_ffff_ffff_f000n)).toThrow(/^KVM_SET_USER_MEMORY_REGION: EINVAL: /);
    vm.removeMemory(7);
  });

  it('setMemoryFlags and moveMemory refuse a slot with a guest memfd, which the kernel never changes', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    using memfd = vm.createGuestMemfd(0x1000);
    const slot = vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } });
    for (const change of [() => vm.setMemoryFlags(slot, 0), () => vm.moveMemory(slot, 0x10000)]) {
      expect(change).toThrow(
        /the kernel does not change a slot with a guestMemfd; remove the memory and add it again$/,
      );
    }
  });

  it('the lowest free slot is found again after slots are removed in any order', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    const add = (slot?: number): number =>
      vm.addMemory({ memory, guestAddress: at++ * 0x1000, ...(slot === undefined ? {} : { slot }) });
    let at = 0;
    for (let slot = 0; slot < 6; slot++) expect(add()).toBe(slot);
    for (const slot of [4, 1, 3]) vm.removeMemory(slot);
    expect([add(), add(), add(), add()]).toEqual([1, 3, 4, 6]);
    for (const slot of [0, 6]) vm.removeMemory(slot);
    expect(add(0)).toBe(0);
    expect(add()).toBe(6);
  });

  it('a slot without a guest memfd does not get the flag of one, and the error names the flag', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const slot = vm.addMemory({ memory, guestAddress: 0 });
    expect(() => vm.setMemoryFlags(slot, KVM_MEM_GUEST_MEMFD)).toThrow(/EINVAL: flags 0x4, of which 0x4 are unknown; /);
  });

  it('slots of another address space do not overlap, and a kernel without address spaces is an unsupported error', () => {
    const ranges = new Map([[7, { start: 0xa0000n, end: 0xc0000n }]]);
    const over = { start: 0xb0000n, end: 0xb1000n };
    expect(conflictOf(ranges, 8, over)).toBe('guest addresses 0xb0000 to 0xb1000 overlap slot 7');
    expect(conflictOf(ranges, 0x1_0008, over)).toBeUndefined();
    expect(conflictOf(new Map([[0x1_0000, over]]), null, over)).toBeUndefined();
    expect(conflictOf(new Map([[0x1_0000, over]]), 0x1_0001, over)).toMatch(/ overlap slot 65536$/);

    expect(missingSpace(0x2_0000, 0)).toMatch(
      /^it is in address space 2, .* does not have KVM_CAP_MULTI_ADDRESS_SPACE$/,
    );
    expect(missingSpace(0x2_0000, 2)).toMatch(/^it is in address space 2, .* has the address spaces below 2 \(/);

    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0 });
    const spaces = vm.checkExtension(KVM_CAP_MULTI_ADDRESS_SPACE);
    const add = (space: number): number => vm.addMemory({ memory, guestAddress: 0, slot: space << 16 });
    for (let space = 1; space < spaces; space++) expect(add(space)).toBe(space << 16);
    const none = Math.max(spaces, 1);
    const error = thrownBy(() => add(none));
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ capability: 'KVM_CAP_MULTI_ADDRESS_SPACE' });
    expect((error as Error).message).toMatch(
      new RegExp(`: slot ${none << 16}: at most .* address space ${none}, and this kernel `),
    );
  });
});
