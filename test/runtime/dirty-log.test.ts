/** The bitmaps of the pages that a guest writes to. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, KvmArgumentError, KvmClosedError } from '../../runtime/index.js';
import { pagesOf } from '../../runtime/x86_64.js';
import { realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, needsKvm, run } from '../helpers/vcpus.js';
import { before, firstPage, logging, pages, slot } from './logging-guest.js';

describe.skipIf(!hasKvm)(`the dirty log ${needsKvm}`, () => {
  // Shows: KVM_GET_DIRTY_LOG
  it('getDirtyLog returns the pages that the guest has written since the last call', () => {
    using machine = logging();
    expect([...pagesOf(machine.vm.getDirtyLog(slot))]).toEqual([]);
    machine.again();
    const log = machine.vm.getDirtyLog(slot);
    // The bitmap has as many 64-bit words as the pages need.
    expect(log.length).toBe(24);
    expect([...pagesOf(log)]).toEqual([before]);
    expect([...pagesOf(machine.vm.getDirtyLog(slot))]).toEqual([]);
    machine.again();
    expect([...pagesOf(machine.vm.getDirtyLog(slot))]).toEqual([before]);
  });

  // Shows: KVM_CLEAR_DIRTY_LOG
  it('clearDirtyLog clears pages, which getDirtyLog returns until then with KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', () => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 1));
    const { vm } = machine;
    machine.again();
    const log = vm.getDirtyLog(slot);
    expect([...pagesOf(log)]).toEqual([before]);
    vm.clearDirtyLog(slot, log.subarray(0, 8), 0, 64);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([before]);
    vm.clearDirtyLog(slot, log.subarray(8, 16), 64, 64);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([]);
    machine.again();
    const all = vm.getDirtyLog(slot);
    expect([...pagesOf(all)]).toEqual([before]);
    vm.clearDirtyLog(slot, all);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([]);
  });

  it('getDirtyLog refuses a slot that is not in use or has no log, and a closed VM', () => {
    using machine = logging();
    const { vm } = machine;
    expect(() => vm.getDirtyLog(77)).toThrow(/^KVM_GET_DIRTY_LOG: slot 77 is not in use$/);
    expect(() => vm.getDirtyLog(0)).toThrow(
      /^KVM_GET_DIRTY_LOG: ENOENT: slot 0: the slot does not have KVM_MEM_LOG_DIRTY_PAGES;/,
    );
    machine.vm.close();
    expect(() => vm.getDirtyLog(slot)).toThrow(KvmClosedError);
    expect(() => vm.clearDirtyLog(slot, new Uint8Array(24))).toThrow(KvmClosedError);
  });

  it.each<[string, Uint8Array, number, number | undefined, RegExp]>([
    ['with too short a bitmap', new Uint8Array(8), 0, 128, /: a bitmap of 8 bytes; 128 pages need 16 bytes$/],
    ['of no pages', new Uint8Array(0), 0, undefined, /: 0 pages from page 0; slot 9 has 130 pages$/],
    ['after the slot', new Uint8Array(64), 192, 64, /: 64 pages from page 192; slot 9 has 130 pages$/],
    ['before the slot', new Uint8Array(64), -64, 64, /: firstPage -64; it must be an integer from 0 /],
    ['of part of a page', new Uint8Array(64), 0.5, 64, /: firstPage 0\.5; it must be an integer from 0 /],
    [
      'of a number of pages beyond the bitmap',
      new Uint8Array(64),
      0,
      2 ** 32 - 1,
      /a bitmap of 64 bytes; 4294967295 pages need/,
    ],
    [
      'of a number of pages beyond the member',
      new Uint8Array(64),
      0,
      2 ** 32,
      /: pages 4294967296; it must be an integer/,
    ],
    ['from the middle of a word', new Uint8Array(64), 1, 64, /^KVM_CLEAR_DIRTY_LOG: EINVAL: /],
  ])('clearDirtyLog refuses pages %s', (_, bitmap, first, count, message) => {
    using machine = logging((vm) => vm.enableCap('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 1));
    expect(() => machine.vm.clearDirtyLog(slot, bitmap, first, count)).toThrow(message);
  });

  it('setMemoryFlags turns the log of a slot on and off, also when JavaScript has closed the memory', () => {
    using vm = createVm();
    const memory = GuestMemory.create(pages * 4096);
    vm.addMemory({ memory, guestAddress: firstPage * 4096, slot });
    using loaded = realMode.mmioWrite.load(vm);
    memory.close();
    expect(() => vm.getDirtyLog(slot)).toThrow(/^KVM_GET_DIRTY_LOG: ENOENT: /);
    vm.setMemoryFlags(slot, bindings.KVM_MEM_LOG_DIRTY_PAGES);
    expect(run(loaded)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
    expect([...pagesOf(vm.getDirtyLog(slot))]).toEqual([before]);
    vm.setMemoryFlags(slot, 0);
    expect(() => vm.getDirtyLog(slot)).toThrow(/^KVM_GET_DIRTY_LOG: ENOENT: /);
    expect(() => vm.setMemoryFlags(77, 0)).toThrow(/^Vm\.setMemoryFlags: slot 77 is not in use$/);
    expect(() => vm.setMemoryFlags(slot, -1)).toThrow(KvmArgumentError);
  });

  it('pagesOf returns the pages whose bits are set', () => {
    expect([...pagesOf(Uint8Array.of(0b1000_0001, 0, 0b10))]).toEqual([0, 7, 17]);
    expect([...pagesOf(new Uint8Array(3).fill(0xff))]).toEqual(Array.from({ length: 24 }, (_, index) => index));
  });
});
