/** Memory for the guest's private pages. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmClosedError, KvmUnsupportedError } from '../../runtime/index.js';
import { places, realMode } from '../../tools/guests/index.js';
import { ownName } from '../helpers/own-name.js';
import { createVm, hasKvm, load, needsKvm, run, thrownBy } from '../helpers/vcpus.js';

const MiB = 2 ** 20;
const mappable = kvm.GUEST_MEMFD_FLAG_MMAP | kvm.GUEST_MEMFD_FLAG_INIT_SHARED;

describe.skipIf(!hasKvm)(`private memory ${needsKvm}`, () => {
  // Shows: KVM_CREATE_GUEST_MEMFD, KVM_SET_USER_MEMORY_REGION2
  it('createGuestMemfd creates private memory, and addMemory adds it to a slot', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x4000);
    using memfd = vm.createGuestMemfd(0x8000);
    expect(memfd.size).toBe(0x8000);
    expect(vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd, offset: 0x4000 } })).toBe(0);
    // A part of the memfd can be in one slot only.
    const again = (offset: number) => () =>
      vm.addMemory({ memory, guestAddress: 0x1_0000, guestMemfd: { memfd, offset } });
    expect(again(0x4000)).toThrow(/^KVM_SET_USER_MEMORY_REGION2: /);
    expect(again(0)()).toBe(1);
    expect(again(0x10_0000)).toThrow(KvmArgumentError);
    vm.removeMemory(0);
    memfd.close();
    expect(() => memfd.fd).toThrow(/^GuestMemfd: this object is closed$/);
  });

  it('createGuestMemfd refuses a part of a page, and addMemory refuses the memfd of another VM', () => {
    using vm = createVm();
    expect(() => vm.createGuestMemfd(0x1001)).toThrow(/^KVM_CREATE_GUEST_MEMFD: EINVAL: /);
    using other = createVm();
    using memory = GuestMemory.create(0x1000);
    using memfd = other.createGuestMemfd(0x1000);
    expect(() => vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } })).toThrow(
      /^KVM_SET_USER_MEMORY_REGION2: EINVAL: /,
    );
  });

  it('map, allocate and discard refuse numbers that are not whole pages, of any type', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd(0x4000, mappable);
    for (const wrong of [1, 1n, 0.5, Symbol('offset'), '0', null, undefined, { valueOf: () => 0 }]) {
      if (wrong !== undefined) {
        expect(() => memfd.map({ offset: wrong as never })).toThrow(KvmArgumentError);
        expect(() => memfd.allocate(wrong as never)).toThrow(KvmArgumentError);
      }
      expect(() => memfd.discard(wrong as never, 0x1000)).toThrow(KvmArgumentError);
      expect(() => memfd.discard(0, wrong as never)).toThrow(KvmArgumentError);
    }
    memfd.allocate(0x1000n as never);
    memfd.discard(0n as never, 0x1000n as never);
  });

  it('map and allocate refuse the rest of a guest memfd that has more bytes than a number can count', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd((2n ** 60n) as never, mappable);
    for (const call of [() => memfd.map(), () => memfd.allocate()]) {
      expect(call).toThrow(KvmArgumentError);
      expect(call).toThrow(/: length 1152921504606847000; it must be an integer from 0 to 9007199254740991$/);
    }
    using memory = memfd.map({ offset: 2 ** 40, length: 0x1000 });
    expect(memory.size).toBe(0x1000);
  });

  it('fromFile says that a guest memfd cannot be private', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd(0x4000, mappable);
    expect(() => GuestMemory.fromFile(memfd.fd, { private: true })).toThrow(/; a guest memfd cannot be private$/);
  });

  // Shows: security 35
  it('a guest runs from a guest memfd that the host has mapped, and both see the same bytes', () => {
    using vm = createVm();
    using loaded = realMode.input.load(vm);
    using memfd = vm.createGuestMemfd(places.end, mappable);
    using memory = memfd.map();
    expect(memory.size).toBe(places.end);
    memory.write(0, loaded.memory.read(0, places.end));
    vm.removeMemory(0);
    vm.addMemory({ memory, guestAddress: 0, guestMemfd: { memfd } });
    expect(run(loaded)).toBe(`exit ${kvm.KVM_EXIT_IO}`);
    loaded.vcpu.shared.setUint8(loaded.vcpu.kvmRun.io.$data_offset, 0x42);
    expect(run(loaded)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    expect(memory.bytes(places.data, 1)[0]).toBe(0x42);
    using again = memfd.map({ offset: places.data, length: 0x1000 });
    expect([again.size, again.bytes(0, 1)[0], memory.lostPages]).toEqual([0x1000, 0x42, 0]);
  });

  it('allocate allocates pages, and discard gives them back to the host', async () => {
    // The kernel counts the pages of all guest memfds.
    await using _ = await ownName('kvm-uapi-unevictable-memory');
    const unevictableMiB = (): number =>
      Number(/^Unevictable: *(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1024;
    using vm = createVm();
    using memfd = vm.createGuestMemfd(128 * MiB);
    const before = unevictableMiB();
    memfd.allocate(64 * MiB);
    expect(unevictableMiB() - before).toBeGreaterThan(48);
    expect(unevictableMiB() - before).toBeLessThan(80);
    memfd.allocate();
    expect(unevictableMiB() - before).toBeGreaterThan(112);
    memfd.discard(0, 128 * MiB);
    expect(unevictableMiB() - before).toBeLessThan(16);
  });

  it('discarded pages of a guest memfd are zeros', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd(MiB, mappable);
    using memory = memfd.map();
    memory.bytes(0, MiB).fill(1);
    memfd.discard(0x1000, 0x2000);
    const bytes = memory.bytes(0, 0x4000);
    expect([bytes[0xfff], bytes[0x1000], bytes[0x2fff], bytes[0x3000]]).toEqual([1, 0, 0, 1]);
    // The memory itself discards pages of the guest memfd, too.
    memory.discard(0x3000, 0x1000);
    expect(memory.bytes(0x3000, 1)[0]).toBe(0);
  });

  // Shows: security 35
  it('a private page of a guest memfd is a page of zeros for the host, which is counted', () => {
    using vm = createVm();
    using memfd = vm.createGuestMemfd(0x2000, kvm.GUEST_MEMFD_FLAG_MMAP);
    using memory = memfd.map();
    expect(memory.bytes(0x1000, 1)[0]).toBe(0);
    memory.write(0x1000, Uint8Array.of(5));
    expect([memory.bytes(0x1000, 1)[0], memory.lostPages]).toEqual([5, 1]);
  });

  it('map refuses a guest memfd without the flag, and parts outside of it', () => {
    using vm = createVm();
    using plain = vm.createGuestMemfd(0x2000);
    expect(() => plain.map()).toThrow(
      /^GuestMemfd\.map: ENODEV: this guest memfd cannot be mapped; create it with the flags GUEST_MEMFD_FLAG_MMAP and GUEST_MEMFD_FLAG_INIT_SHARED$/,
    );
    const memfd = vm.createGuestMemfd(0x2000, mappable);
    for (const options of [
      { offset: 1 },
      { length: 1 },
      { length: 0 },
      { offset: 0x2000 },
      { offset: 0x1000, length: 0x2000 },
    ]) {
      expect(() => memfd.map(options)).toThrow(KvmArgumentError);
    }
    for (const options of [{ offset: -1 }, { length: 0x3000 }, { offset: '0' as never }]) {
      expect(() => memfd.map(options)).toThrow(/it must be an integer from 0 to 8192$/);
    }
    expect(() => memfd.map({ size: 1 } as never)).toThrow(/unknown option 'size'; expected one of offset, length$/);
    for (const [offset, length] of [
      [1, 0x1000],
      [0, 1],
      [0, 0],
      [0x2000, 0x1000],
      [0x1000, 0x2000],
      [-0x1000, 0x1000],
      [0, Number.NaN],
    ] as const) {
      expect(() => memfd.allocate(offset, length)).toThrow(KvmArgumentError);
      expect(() => memfd.discard(offset, length)).toThrow(KvmArgumentError);
    }
    memfd.close();
    for (const call of [() => memfd.map(), () => memfd.allocate(), () => memfd.discard(0, 0x1000)]) {
      expect(call).toThrow(KvmClosedError);
    }
  });

  it('memory of a guest memfd works after the guest memfd and its VM are closed', () => {
    const vm = createVm();
    const memfd = vm.createGuestMemfd(0x1000, mappable);
    using memory = memfd.map();
    memory.write(0, Uint8Array.of(7));
    memfd.close();
    vm.close();
    expect([memory.bytes(0, 1)[0], memory.lostPages]).toEqual([7, 0]);
  });

  // Shows: KVM_SET_MEMORY_ATTRIBUTES
  it('setMemoryAttributes sets the attributes that the kernel has, or throws an unsupported error', () => {
    using vm = createVm();
    const attributes = kvm.KVM_MEMORY_ATTRIBUTE_PRIVATE;
    const set = (): void => vm.setMemoryAttributes({ address: 0, size: 0x1000, attributes });
    if ((BigInt(vm.checkExtension('KVM_CAP_MEMORY_ATTRIBUTES')) & attributes) !== 0n) return set();
    const error = thrownBy(set);
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ capability: 'KVM_CAP_MEMORY_ATTRIBUTES', ioctl: 'KVM_SET_MEMORY_ATTRIBUTES' });
    expect(() => vm.setMemoryAttributes({ address: 0, size: 1, attribute: 0 } as never)).toThrow(
      /unknown option 'attribute'/,
    );
    expect(() => vm.setMemoryAttributes({ address: -1, size: 1, attributes: 0 })).toThrow(KvmArgumentError);
  });

  // Shows: KVM_PRE_FAULT_MEMORY
  it('preFaultMemory maps the memory of the guest, or throws an unsupported error', () => {
    using machine = load(realMode.halt);
    const { vm, vcpu } = machine;
    if (vm.checkExtension('KVM_CAP_PRE_FAULT_MEMORY') > 0) {
      vcpu.preFaultMemory(0, places.end);
      expect(() => vcpu.preFaultMemory(0, places.end + 0x1000)).toThrow(/^KVM_PRE_FAULT_MEMORY: ENOENT: /);
      return;
    }
    const error = thrownBy(() => vcpu.preFaultMemory(0, places.end));
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ capability: 'KVM_CAP_PRE_FAULT_MEMORY' });
    expect(() => vcpu.preFaultMemory(-1, 0)).toThrow(KvmArgumentError);
  });
});
