/** The pages that a guest writes to: bitmaps of slots, and rings of vCPUs. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import {
  GuestMemory,
  KvmArgumentError,
  KvmClosedError,
  KvmUnsupportedError,
  pagesOf,
  type Vm,
} from '../../../runtime/index.js';
import { places, realMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, needsKvm, run } from '../../helpers/vcpus.js';

const slot = 9;
/** How many pages before the device's, in its slot. */
const before = 66;
const pages = 130;
const page = places.device >> 12;
const firstPage = page - before;

/** A guest that writes to one page of a slot whose writes are noticed. */
function logging(setUp: (vm: Vm) => void = () => {}) {
  const vm = createVm();
  setUp(vm);
  const memory = GuestMemory.create(pages * 4096);
  const flags = bindings.KVM_MEM_LOG_DIRTY_PAGES;
  vm.addMemory({ memory, guestAddress: firstPage * 4096, slot, flags });
  const loaded = realMode.mmioWrite.load(vm);
  const again = (): void => {
    const regs = loaded.vcpu.getRegs();
    regs.rip = BigInt(places.code);
    loaded.vcpu.setRegs(regs);
    expect(run(loaded)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
  };
  const close = (): void => {
    loaded[Symbol.dispose]();
    memory.close();
    vm.close();
  };
  return { vm, vcpu: loaded.vcpu, again, [Symbol.dispose]: close };
}

describe.skipIf(!hasKvm)(`the dirty log ${needsKvm}`, () => {
  it('has the pages written to since it was last asked for', () => {
    using machine = logging();
    expect([...pagesOf(machine.vm.dirty.getLog(slot))]).toEqual([]);
    machine.again();
    const log = machine.vm.dirty.getLog(slot);
    // As many 64-bit words as the pages need.
    expect(log.length).toBe(24);
    expect([...pagesOf(log)]).toEqual([before]);
    expect([...pagesOf(machine.vm.dirty.getLog(slot))]).toEqual([]);
    machine.again();
    expect([...pagesOf(machine.vm.dirty.getLog(slot))]).toEqual([before]);
  });

  it('has them until they are cleared, where that is by hand', () => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 1));
    const { dirty } = machine.vm;
    machine.again();
    const log = dirty.getLog(slot);
    expect([...pagesOf(log)]).toEqual([before]);
    dirty.clearLog(slot, log.subarray(0, 8), 0, 64);
    expect([...pagesOf(dirty.getLog(slot))]).toEqual([before]);
    dirty.clearLog(slot, log.subarray(8, 16), 64, 64);
    expect([...pagesOf(dirty.getLog(slot))]).toEqual([]);
    machine.again();
    const all = dirty.getLog(slot);
    expect([...pagesOf(all)]).toEqual([before]);
    dirty.clearLog(slot, all);
    expect([...pagesOf(dirty.getLog(slot))]).toEqual([]);
  });

  it('is refused of a slot that is not there, or notices nothing', () => {
    using machine = logging();
    const { dirty } = machine.vm;
    expect(() => dirty.getLog(77)).toThrow(/^memory slot 77 is not in use$/);
    expect(() => dirty.getLog(0)).toThrow(
      /^KVM_GET_DIRTY_LOG: ENOENT: the slot does not have KVM_MEM_LOG_DIRTY_PAGES$/,
    );
    machine.vm.close();
    expect(() => dirty.getLog(slot)).toThrow(KvmClosedError);
    expect(() => dirty.clearLog(slot, new Uint8Array(24))).toThrow(KvmClosedError);
  });

  it.each<[string, Uint8Array, number, number | undefined, RegExp]>([
    ['with too short a bitmap', new Uint8Array(8), 0, 128, /^a bitmap of 8 bytes for 128 pages; it needs 16$/],
    ['of no pages', new Uint8Array(0), 0, undefined, /^0 pages from 0 on; memory slot 9 has 130 pages$/],
    ['after the slot', new Uint8Array(64), 192, 64, /^64 pages from 192 on; memory slot 9 has 130 pages$/],
    ['before the slot', new Uint8Array(64), -64, 64, /^64 pages from -64 on; /],
    ['of part of a page', new Uint8Array(64), 0.5, 64, /^64 pages from 0\.5 on; /],
    ['from the middle of a word', new Uint8Array(64), 1, 64, /^KVM_CLEAR_DIRTY_LOG: EINVAL: /],
  ])('is not cleared %s', (_, bitmap, first, count, message) => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 1));
    expect(() => machine.vm.dirty.clearLog(slot, bitmap, first, count)).toThrow(message);
  });

  it('reads bitmaps bit by bit', () => {
    expect([...pagesOf(Uint8Array.of(0b1000_0001, 0, 0b10))]).toEqual([0, 7, 17]);
    expect([...pagesOf(new Uint8Array(3).fill(0xff))]).toEqual(Array.from({ length: 24 }, (_, index) => index));
  });
});

describe.skipIf(!hasKvm)(`the dirty ring ${needsKvm}`, () => {
  const ringBytes = 0x1_0000;

  it('tells each page once, until it is reset', () => {
    using machine = logging((vm) => vm.dirty.enableRing(ringBytes));
    const ring = machine.vm.dirty.ring(machine.vcpu);
    expect(ring.harvest()).toEqual([]);
    machine.again();
    expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
    expect(ring.harvest()).toEqual([]);
    expect(machine.vm.dirty.resetRings()).toBe(1);
    expect(machine.vm.dirty.resetRings()).toBe(0);
    machine.again();
    expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
  });

  it('goes on at its start after its last entry', () => {
    using machine = logging((vm) => vm.dirty.enableRing(ringBytes));
    const ring = machine.vm.dirty.ring(machine.vcpu);
    const entries = ringBytes / bindings.KvmDirtyGfn.$size;
    for (let times = 0; times < entries + 3; times++) {
      machine.again();
      expect(ring.harvest()).toEqual([{ slot, page: BigInt(before) }]);
      expect(machine.vm.dirty.resetRings()).toBe(1);
    }
  });

  it('is refused of a wrong size, where there is none, and of a VM that is closed', () => {
    using machine = logging();
    const { dirty } = machine.vm;
    expect(() => dirty.enableRing(ringBytes)).toThrow(/^KVM_ENABLE_CAP: EINVAL: /);
    expect(() => dirty.ring(machine.vcpu)).toThrow(KvmArgumentError);
    expect(() => dirty.ring(machine.vcpu)).toThrow(/has no dirty rings; enableRing comes first$/);
    expect(() => dirty.resetRings()).toThrow(/^KVM_RESET_DIRTY_RINGS: EINVAL: /);
    using other = createVm();
    expect(() => other.dirty.enableRing(5000)).toThrow(/^KVM_ENABLE_CAP: EINVAL: /);
    other.close();
    expect(() => other.dirty.enableRing(ringBytes)).toThrow(KvmClosedError);
  });

  it('is named where the kernel does not have it', () => {
    const absent = { ...bindings, KVM_CAP_DIRTY_LOG_RING_ACQ_REL: bindings.KVM_CAP_S390_UCONTROL };
    using vm = createVm(absent as unknown as typeof bindings);
    expect(() => vm.dirty.enableRing(ringBytes)).toThrow(KvmUnsupportedError);
    expect(() => vm.dirty.enableRing(ringBytes)).toThrow(/ does not have KVM_CAP_DIRTY_LOG_RING_ACQ_REL$/);
  });
});
