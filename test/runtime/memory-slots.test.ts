/** The memory slots of a VM. */

import { describe, expect, it } from 'vitest';
import {
  KVM_CAP_READONLY_MEM,
  KVM_EXIT_HLT,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_MEM_READONLY,
} from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmClosedError, KvmError } from '../../runtime/index.js';
import type { MemorySlot, Vcpu } from '../../runtime/x86_64.js';
import { type Guest, places, realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, isMemory, needsKvm } from '../helpers/vcpus.js';

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
});
