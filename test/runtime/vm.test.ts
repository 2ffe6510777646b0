/** VMs: memory slots and vCPUs. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  KVM_CAP_READONLY_MEM,
  KVM_CREATE_IRQCHIP,
  KVM_EXIT_HLT,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_MEM_READONLY,
} from '../../generated/x86_64/linux/kvm.js';
import {
  GuestMemory,
  KvmArgumentError,
  KvmClosedError,
  KvmError,
  type MemorySlot,
  type Vcpu,
} from '../../runtime/index.js';
import { type Guest, places, realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, isMemory, needsKvm, openFiles } from '../helpers/vcpus.js';

/** The page that the device of the guests is in. */
const devicePage = places.device & ~0xfff;
const inDevicePage = places.device & 0xfff;

/** The reasons of so many runs. */
function reasonsOf(vcpu: Vcpu, runs: number): number[] {
  return Array.from({ length: runs }, () => {
    expect(vcpu.run()).toBe('exit');
    return vcpu.kvmRun.exit_reason;
  });
}

describe.skipIf(!hasKvm)(`memory slots ${needsKvm}`, () => {
  it('are numbered from the lowest free one', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    expect(vm.addMemory({ memory, guestAddress: 0 })).toBe(0);
    expect(vm.addMemory({ memory, guestAddress: 0x10000 })).toBe(1);
    expect(vm.addMemory({ memory, guestAddress: 0x20000, slot: 3 })).toBe(3);
    vm.removeMemory(0);
    expect(vm.addMemory({ memory, guestAddress: 0x30000n })).toBe(0);
    expect(vm.addMemory({ memory, guestAddress: 0x40000 })).toBe(2);
  });

  it('show the guest the part of the memory that was asked for', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    using loaded = realMode.halt.load(vm);
    vm.removeMemory(0);
    memory.write(0x2000, loaded.memory.bytes(places.code, 1));
    vm.addMemory({ memory, guestAddress: places.code, offset: 0x2000, length: 0x1000 });
    expect(reasonsOf(loaded.vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(loaded.vcpu.getRegs().rip).toBe(BigInt(places.code + 1));
  });

  it.each<[string, Partial<MemorySlot>, RegExp]>([
    ['a slot that is taken', { slot: 7 }, /^memory slot 7 is taken; remove it first$/],
    ['a part of the same addresses', { guestAddress: 0x13000 }, /0x13000 to 0x17000 overlap memory slot 7$/],
    ['addresses around them', { guestAddress: 0xf000n }, /0xf000 to 0x13000 overlap memory slot 7$/],
    ['a slot below 0', { slot: -1 }, /^memory slot -1; /],
    ['a slot that is no integer', { slot: 1.5 }, /^memory slot 1\.5; /],
    ['a slot beyond 32 bits', { slot: 2 ** 32 }, /^memory slot 4294967296; /],
    ['an address within a page', { guestAddress: 0x20001 }, /multiples of 4096$/],
    ['an address below 0', { guestAddress: -0x1000 }, /^guest address -4096, /],
    ['a part that starts within a page', { offset: 8, length: 0x1000 }, /multiples of 4096$/],
    ['a part that ends within a page', { length: 8 }, /multiples of 4096$/],
    ['a part that is longer than the memory', { offset: 0x1000, length: 0x4000 }, /not within the 16384 bytes/],
    ['a part before the memory', { offset: -0x1000, length: 0x1000 }, /not within the 16384 bytes/],
    ['nothing', { length: 0 }, /not within the 16384 bytes/],
    ['no number', { length: Number.NaN }, /not within the 16384 bytes/],
  ])('are not given %s', (_, slot, message) => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0x10000, slot: 7 });
    const add = (): number => vm.addMemory({ memory, guestAddress: 0x20000, ...slot });
    expect(add).toThrow(KvmArgumentError);
    expect(add).toThrow(message);
    // What was refused is not there.
    expect(vm.addMemory({ memory, guestAddress: 0x20000 })).toBe(0);
  });

  it('may touch', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.addMemory({ memory, guestAddress: 0x10000 });
    vm.addMemory({ memory, guestAddress: 0xc000 });
    expect(vm.addMemory({ memory, guestAddress: 0x14000 })).toBe(2);
  });

  it('are not there when the kernel refuses', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    const add = (): number => vm.addMemory({ memory, guestAddress: 0, flags: 0x8000_0000 });
    expect(add).toThrow(KvmError);
    expect(add).toThrow(/^KVM_SET_USER_MEMORY_REGION: EINVAL: /);
    expect(() => vm.removeMemory(0)).toThrow(/^memory slot 0 is not in use$/);
    expect(vm.addMemory({ memory, guestAddress: 0 })).toBe(0);
  });

  it('are refused when the memory is closed', () => {
    using vm = createVm();
    const memory = GuestMemory.create(0x4000);
    memory.close();
    expect(() => vm.addMemory({ memory, guestAddress: 0 })).toThrow(KvmClosedError);
  });

  it('keep memory mapped until they are removed', () => {
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

  it('keep memory mapped until the VM is closed', () => {
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

  it('take the guest writes without an exit', () => {
    using machine = atDevice(realMode.mmioWrite);
    expect(reasonsOf(machine.vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    expect(machine.memory.bytes(inDevicePage, 1)[0]).toBe(0x2a);
  });

  it('that are read-only turn the writes into MMIO exits, and not the reads', () => {
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

  it('that were removed are no memory any more', () => {
    using machine = atDevice(realMode.mmioWrite);
    machine.vm.removeMemory(machine.device);
    expect(reasonsOf(machine.vcpu, 2)).toEqual([KVM_EXIT_MMIO, KVM_EXIT_HLT]);
    expect(machine.memory.bytes(inDevicePage, 1)[0]).toBe(0);
  });
});

describe.skipIf(!hasKvm)(`VMs and vCPUs ${needsKvm}`, () => {
  it('are refused after `close`', () => {
    const vm = createVm();
    using memory = GuestMemory.create(0x4000);
    vm.close();
    vm.close();
    for (const use of [
      () => vm.addMemory({ memory, guestAddress: 0 }),
      () => vm.createVcpu(),
      () => vm.checkExtension(0),
      () => vm.ioctl(KVM_CREATE_IRQCHIP),
    ]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  it('share struct kvm_run until `close`, and are refused after it', () => {
    using vm = createVm();
    const { vcpu } = realMode.halt.load(vm);
    expect(reasonsOf(vcpu, 1)).toEqual([KVM_EXIT_HLT]);
    const { kvmRun, shared } = vcpu;
    expect(shared.byteLength).toBeGreaterThan(0);
    vcpu.close();
    vcpu.close();
    expect(() => kvmRun.exit_reason).toThrow(TypeError);
    for (const use of [() => vcpu.run(), () => vcpu.getRegs(), () => vcpu.kick(), () => vcpu.share()]) {
      expect(use).toThrow(KvmClosedError);
    }
  });

  it('have numbers that can be taken once', () => {
    using vm = createVm();
    using _ = vm.createVcpu(1);
    using __ = vm.createVcpu(0);
    expect(() => vm.createVcpu(1)).toThrow(/^KVM_CREATE_VCPU: EEXIST: there is one already$/);
    expect(() => vm.createVcpu(0xffff_ffff)).toThrow(/^KVM_CREATE_VCPU: EINVAL: /);
  });

  it('set and get registers', () => {
    using vm = createVm();
    using loaded = realMode.halt.load(vm);
    const regs = loaded.vcpu.getRegs();
    regs.rbx = 0xffff_ffff_ffff_fffen;
    loaded.vcpu.setRegs(regs);
    expect(loaded.vcpu.getRegs().rbx).toBe(0xffff_ffff_ffff_fffen);
    const sregs = loaded.vcpu.getSregs();
    sregs.es.base = 0x1230n;
    sregs.es.selector = 0x123;
    loaded.vcpu.setSregs(sregs);
    expect(loaded.vcpu.getSregs(sregs).es).toMatchObject({ base: 0x1230n, selector: 0x123 });
  });

  it('give everything back by `close`, though views of it are still there', () => {
    const mappedVcpus = (): number => readFileSync('/proc/self/maps', 'utf8').split('anon_inode:kvm-vcpu').length - 1;
    const before = { files: openFiles(), vcpus: mappedVcpus() };
    const vm = createVm();
    const { vcpu, memory } = realMode.halt.load(vm);
    const { kvmRun } = vcpu;
    const { address } = memory;
    expect({ files: openFiles(), vcpus: mappedVcpus() }).toEqual({ files: before.files + 2, vcpus: before.vcpus + 1 });
    for (const each of [vcpu, memory, vm]) each.close();
    expect({ files: openFiles(), vcpus: mappedVcpus() }).toEqual(before);
    expect(isMemory(address)).toBe(false);
    expect(() => kvmRun.exit_reason).toThrow(TypeError);
  });
});
