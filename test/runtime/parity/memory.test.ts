/** Memory slots, dirty pages and private memory, as the kernel's own tests of KVM check them. */

import { fstatSync, readSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { GuestMemory } from '../../../runtime/index.js';
import { pagesOf, type Vcpu, type Vm } from '../../../runtime/x86_64.js';
import { knownAnswers, places, userMode } from '../../../tools/guests/index.js';
import {
  counterOf,
  createVm,
  Helper,
  hasKvm,
  load,
  type Machine,
  needsKvm,
  residentBytes,
  run,
  thrownBy,
  untilCounting,
} from '../../helpers/vcpus.js';

const {
  KVM_EXIT_DIRTY_RING_FULL,
  KVM_EXIT_HLT,
  KVM_EXIT_INTERNAL_ERROR,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_EXIT_SHUTDOWN,
} = bindings;
const { KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY } = bindings;

const pageSize = 4096;
/** Where the slot of a test begins, in guest-physical memory. */
const base = 0x10_0000;
const slot = 5;
const pages = 64;
/** Some pages of the slot: the first one, the last one, and others on both sides of a word of the bitmap. */
const written: readonly number[] = [0, 1, 7, 31, 32, 62, 63];

/** Loads the guest that writes to a list of pages, in a VM with a second slot. */
function writing(flags: number | bigint, prepare: (vm: Vm) => void = () => {}, memfd?: string) {
  const machine = load(knownAnswers.writePages, {}, bindings, prepare);
  const memory = GuestMemory.create(pages * pageSize, memfd === undefined ? {} : { memfd });
  machine.vm.addMemory({ memory, guestAddress: base, slot, flags });
  const list = (addresses: readonly number[]): void => {
    machine.memory.write(places.data, new Uint8Array(Uint32Array.of(...addresses, 0).buffer));
    restart(machine.vcpu);
  };
  const write = (to: readonly number[]): void => {
    list(to.map((page) => base + page * pageSize + 4 * (page + 1)));
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
  };
  const close = (): void => {
    machine[Symbol.dispose]();
    memory.close();
  };
  return { vm: machine.vm, vcpu: machine.vcpu, memory, list, write, [Symbol.dispose]: close };
}

function restart(vcpu: Vcpu): void {
  const regs = vcpu.getRegs();
  regs.rip = BigInt(places.code);
  vcpu.setRegs(regs);
}

describe.skipIf(!hasKvm)(`memory slots ${needsKvm}`, () => {
  const page = places.device & ~0xfff;
  const inPage = places.device - page;

  /** Returns the next number that the guest `poll` sends. `answer` is the answer to a read that is not memory. */
  function polled(machine: Machine, answer: bigint): number {
    for (;;) {
      const exit = machine.vcpu.run({ timeout: 60_000 });
      if (exit.reason === KVM_EXIT_IO) return exit.data.get(0);
      if (exit.reason !== KVM_EXIT_MMIO) throw new Error(`unexpected exit ${String(exit.reason)}`);
      expect(exit.mmio).toMatchObject({ phys_addr: BigInt(places.device), len: 4, is_write: 0 });
      exit.data.value = answer;
    }
  }

  // Shows: selftest set_memory_region_test test_zero_memory_regions
  it('a vCPU of a VM without memory stops with an internal error', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    vm.setNrMmuPages(64);
    expect(vcpu.run({ timeout: 60_000 }).reason).toBe(KVM_EXIT_INTERNAL_ERROR);
  });

  // Shows: selftest set_memory_region_test test_delete_memory_region
  it('a guest sees a slot, its removal and the same memory in a new slot', () => {
    using machine = load(knownAnswers.poll);
    using memory = GuestMemory.create(pageSize);
    memory.write(inPage, Uint8Array.of(0x34, 0x12));
    const added = machine.vm.addMemory({ memory, guestAddress: page });
    expect([polled(machine, 0xbeefn), polled(machine, 0xbeefn)]).toEqual([0x1234, 0x1234]);
    machine.vm.removeMemory(added);
    expect([polled(machine, 0xbeefn), polled(machine, 0xdeadn)]).toEqual([0xbeef, 0xdead]);
    machine.vm.addMemory({ memory, guestAddress: page });
    expect(polled(machine, 0xbeefn)).toBe(0x1234);
    // Without the memory of its code the guest cannot continue.
    machine.vm.removeMemory(0);
    expect([KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_SHUTDOWN]).toContain(machine.vcpu.run({ timeout: 60_000 }).reason);
  });

  // Shows: selftest set_memory_region_test test_move_memory_region
  it('a guest sees other memory while a slot is moved, and its memory again afterwards', () => {
    using machine = load(knownAnswers.poll);
    using memory = GuestMemory.create(2 * pageSize);
    memory.write(inPage, Uint8Array.of(1));
    memory.write(pageSize + inPage, Uint8Array.of(2));
    const moved = machine.vm.addMemory({ memory, guestAddress: page });
    for (let times = 0; times < 3; times++) {
      expect(polled(machine, 0xbeefn)).toBe(1);
      machine.vm.moveMemory(moved, page - pageSize);
      expect(polled(machine, 0xbeefn)).toBe(2);
      machine.vm.moveMemory(moved, page + pageSize);
      expect(polled(machine, 0xbeefn)).toBe(0xbeef);
      machine.vm.moveMemory(moved, page);
    }
    expect(polled(machine, 0xbeefn)).toBe(1);
  });

  // Shows: selftest set_memory_region_test test_invalid_memory_region_flags
  it('a slot accepts exactly the flags for the dirty log and for read-only memory', () => {
    using vm = createVm();
    using memory = GuestMemory.create(pageSize);
    const refused = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((flags) => {
      const add = (): number => vm.addMemory({ memory, guestAddress: 0, slot, flags });
      const error = thrownBy(add);
      if (error === undefined) vm.removeMemory(slot);
      else expect(error).toMatchObject({ ioctl: 'KVM_SET_USER_MEMORY_REGION', code: 'EINVAL' });
      return error !== undefined;
    });
    expect(refused).toHaveLength(30);
    expect(refused).not.toContain(Number(KVM_MEM_LOG_DIRTY_PAGES));
    expect(refused).not.toContain(Number(KVM_MEM_READONLY));
  });

  // Shows: selftest set_memory_region_test test_add_max_memory_regions
  it('a VM takes exactly as many slots as KVM_CAP_NR_MEMSLOTS says', () => {
    using vm = createVm();
    using memory = GuestMemory.create(pageSize);
    const most = vm.checkExtension('KVM_CAP_NR_MEMSLOTS');
    expect(most).toBeGreaterThanOrEqual(32);
    for (let index = 0; index < most; index++) {
      vm.addMemory({ memory, guestAddress: index * pageSize, slot: index });
    }
    const more = (): number => vm.addMemory({ memory, guestAddress: most * pageSize, slot: most });
    expect(thrownBy(more)).toMatchObject({ code: 'EINVAL' });
  });

  // Shows: selftest memslot_modification_stress_test
  it('a guest that runs is not disturbed by slots that come and go', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { vm, vcpu } = machine;
    using memory = GuestMemory.create(pageSize);
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    await untilCounting(machine);
    for (let times = 0; times < 200; times++) {
      const added = vm.addMemory({ memory, guestAddress: base, slot });
      vm.removeMemory(added);
    }
    const before = counterOf(machine);
    await untilCounting(machine);
    expect(counterOf(machine)).not.toBe(before);
    vcpu.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
  });

  // Shows: selftest demand_paging_test
  it('memory has exactly the pages that the guest has written to', () => {
    using machine = writing(0, undefined, 'demand paging');
    const resident = (): number => residentBytes(machine.memory.address, machine.memory.size);
    const before = resident();
    machine.write(written);
    expect(resident() - before).toBe(written.length * pageSize);
    machine.write(written);
    expect(resident() - before).toBe(written.length * pageSize);
    for (let page = 0; page < pages; page++) {
      const [value] = machine.memory.bytes(page * pageSize + 4 * (page + 1), 1);
      expect(value).toBe(written.includes(page) ? 1 : 0);
    }
  });
});

describe.skipIf(!hasKvm)(`dirty pages ${needsKvm}`, () => {
  // Shows: selftest dirty_log_test log
  it('the dirty log has exactly the pages that the guest has written to, and each once', () => {
    using machine = writing(KVM_MEM_LOG_DIRTY_PAGES);
    machine.vm.getDirtyLog(slot);
    const log = (): number[] => [...pagesOf(machine.vm.getDirtyLog(slot))];
    for (const list of [written, [5], [], written, [63, 63, 63]]) {
      machine.write(list);
      expect(log()).toEqual([...new Set(list)]);
      expect(log()).toEqual([]);
    }
  });

  // Shows: selftest dirty_log_test clear-log
  it('a page stays in the dirty log until clearDirtyLog clears it, and is logged again afterwards', () => {
    const manual = (vm: Vm): void => vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 1);
    using machine = writing(KVM_MEM_LOG_DIRTY_PAGES, manual);
    const { vm } = machine;
    vm.clearDirtyLog(slot, vm.getDirtyLog(slot));
    machine.write(written);
    const log = vm.getDirtyLog(slot);
    expect([...pagesOf(log)]).toEqual(written);
    const some = Uint8Array.from(log, (byte, index) => (index === 0 ? byte & 0b11 : 0));
    vm.clearDirtyLog(slot, some);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual(written.filter((page) => page > 1));
    machine.write([1, 2]);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([1, 2, ...written.filter((page) => page > 1)]);
    vm.clearDirtyLog(slot, new Uint8Array(8).fill(0xff));
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([]);
  });

  /** Enables the smallest ring that the kernel accepts, and returns its number of entries. */
  function smallestRing(vm: Vm): number {
    for (let bytes = pageSize; ; bytes *= 2) {
      if (thrownBy(() => vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes)) === undefined) return bytes / 16;
      if (bytes > 2 ** 20) throw new Error('the kernel accepts no size of a dirty ring');
    }
  }

  // Shows: selftest dirty_log_test dirty-ring
  it('the dirty rings have each page that the guest has written to exactly once, and a full ring is an exit', () => {
    let entries = 0;
    using machine = writing(KVM_MEM_LOG_DIRTY_PAGES, (vm) => {
      entries = smallestRing(vm);
    });
    const { vm, vcpu } = machine;
    const ring = vm.dirtyRing(vcpu);
    const many = 2 * entries;
    using more = GuestMemory.create(many * pageSize);
    vm.addMemory({ memory: more, guestAddress: 2 * base, slot: slot + 1, flags: KVM_MEM_LOG_DIRTY_PAGES });
    const list = Array.from({ length: many }, (_, index) => 2 * base + index * pageSize);
    machine.list(list);
    const harvested: number[] = [];
    let fullRings = 0;
    let resets = 0;
    for (;;) {
      const { reason } = vcpu.run({ timeout: 60_000 });
      for (const { slot: of, page } of ring.harvest()) {
        expect(of).toBe(slot + 1);
        harvested.push(Number(page));
      }
      // A signal ends KVM_RESET_DIRTY_RINGS early.
      while (resets < harvested.length) resets += vm.resetDirtyRings();
      if (reason === KVM_EXIT_HLT) break;
      expect(reason).toBe(KVM_EXIT_DIRTY_RING_FULL);
      fullRings++;
    }
    expect(harvested).toEqual(Array.from({ length: many }, (_, page) => page));
    expect(resets).toBe(many);
    expect(fullRings).toBeGreaterThanOrEqual(2);
  });
});

describe.skipIf(!hasKvm)(`guest_memfd ${needsKvm}`, () => {
  // Shows: selftest guest_memfd_test test_create_guest_memfd_invalid_sizes
  it('createGuestMemfd accepts only whole pages', () => {
    using vm = createVm();
    for (const size of [1, 2, 8, 512, 2048, pageSize - 1, pageSize + 1, 3 * pageSize - 8]) {
      const create = (): unknown => vm.createGuestMemfd(size);
      expect(thrownBy(create), `${size} bytes`).toMatchObject({ ioctl: 'KVM_CREATE_GUEST_MEMFD', code: 'EINVAL' });
    }
    using first = vm.createGuestMemfd(pageSize);
    using second = vm.createGuestMemfd(2 * pageSize);
    const [one, two] = [fstatSync(first.fd), fstatSync(second.fd)];
    expect([one.size, two.size]).toEqual([pageSize, 2 * pageSize]);
    expect(one.ino).not.toBe(two.ino);
    // Private memory cannot be read through the file.
    expect(() => readSync(first.fd, new Uint8Array(1), 0, 1, 0)).toThrow();
  });

  // Shows: selftest guest_memfd_test test_guest_memfd_flags
  it('createGuestMemfd accepts exactly the flags that KVM_CAP_GUEST_MEMFD_FLAGS announces', () => {
    using vm = createVm();
    const announced = BigInt(vm.checkExtension('KVM_CAP_GUEST_MEMFD_FLAGS'));
    for (let bit = 0n; bit < 64n; bit++) {
      const flag = 1n << bit;
      const error = thrownBy(() => vm.createGuestMemfd(pageSize, flag).close());
      if ((announced & flag) !== 0n) expect(error, `bit ${bit}`).toBeUndefined();
      else expect(error, `bit ${bit}`).toMatchObject({ ioctl: 'KVM_CREATE_GUEST_MEMFD', code: 'EINVAL' });
    }
  });

  // Shows: selftest guest_memfd_test test_guest_memfd_guest
  it('the host and the guest see the same bytes of a mapped guest_memfd, and all mappings are the same memory', () => {
    const { GUEST_MEMFD_FLAG_INIT_SHARED, GUEST_MEMFD_FLAG_MMAP } = bindings;
    using machine = load(knownAnswers.writePages);
    const { vm } = machine;
    using memfd = vm.createGuestMemfd(pages * pageSize, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
    using memory = memfd.map();
    memory.write(0, new Uint8Array(memory.size).fill(0xaa));
    vm.addMemory({ memory, guestAddress: base, slot, guestMemfd: { memfd } });
    const addresses = written.map((page) => base + page * pageSize);
    machine.memory.write(places.data, new Uint8Array(Uint32Array.of(...addresses, 0).buffer));
    expect(run(machine)).toBe(`exit ${KVM_EXIT_HLT}`);
    using again = memfd.map();
    const expected = new Uint8Array(memory.size).fill(0xaa);
    for (const page of written) expected.set([1, 0, 0, 0], page * pageSize);
    for (const each of [memory, again]) expect(Buffer.compare(each.read(0, memory.size), expected)).toBe(0);
    memfd.discard(0, pageSize);
    expect(Buffer.compare(again.read(0, pageSize), new Uint8Array(pageSize))).toBe(0);
  });
});
