/** The dirty log: which pages of a memory slot the guest has written to, as a bitmap. */

import { allocate } from '../support/index.js';
import { addon } from './addon.js';
import { requireBytes } from './arguments.js';
import type { VmContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import { ioctlOfValue, refused } from './ioctl.js';
import { memoryRecord } from './memory.js';
import { requireInteger, requireU32, setMember } from './numbers.js';
import type { OpenVm } from './open-vm.js';
import { scratch } from './scratch-memory.js';

/** The kernel writes and reads bitmaps in 64-bit words. */
const wordBytes = 8;

const bitmapBytes = (pages: number): number => Math.ceil(pages / 64) * wordBytes;

/**
 * Returns the numbers of the pages whose bits are set in a bitmap. The first page of the slot has the number 0.
 *
 * @param bitmap one bit for each page, as `Vm.getDirtyLog` returns it.
 * @example
 * for (const page of pagesOf(vm.getDirtyLog(slot))) send(page, memory.bytes(page * 4096, 4096));
 */
export function* pagesOf(bitmap: Uint8Array): Generator<number, void, undefined> {
  requireBytes('pagesOf', bitmap, 'bitmap');
  for (const [index, byte] of bitmap.entries()) {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) yield index * 8 + bit;
  }
}

const E2BIG = -7;

/** KVM_GET_DIRTY_LOG of a slot. `slotBytes` returns the size of the slot, which another thread can change. */
export function getDirtyLog(vm: OpenVm, slot: number, slotBytes: () => number): Uint8Array {
  const { KvmDirtyLog, KVM_GET_DIRTY_LOG: request } = vm.bindings;
  const { slot: slotMember, dirty_bitmap } = KvmDirtyLog.$layout.members;
  for (;;) {
    const bytes = bitmapBytes(slotBytes() / addon().PAGE_SIZE);
    const memory = scratch(bytes);
    memory.bytes(0, bytes).fill(0);
    const result = addon().vmGetDirtyLog(
      vm.record,
      request.request,
      slot,
      memoryRecord(memory),
      request.size,
      slotMember.offset,
      dirty_bitmap.offset,
    );
    if (result >= 0) return memory.bytes(0, bytes).slice();
    if (result !== E2BIG) throw refused(vm.target, request, result, Object.assign(allocate(KvmDirtyLog), { slot }));
  }
}

/** KVM_CLEAR_DIRTY_LOG of `pages` pages from `firstPage`, in a slot of `slotBytes` bytes. */
export function clearDirtyLog(
  vm: VmContext,
  slot: number,
  slotBytes: number,
  bitmap: Uint8Array,
  firstPage: number,
  pages: number | undefined,
): void {
  const { KvmClearDirtyLog, KVM_CLEAR_DIRTY_LOG: request } = vm.bindings;
  requireBytes(request.name, bitmap, 'bitmap');
  const inSlot = slotBytes / addon().PAGE_SIZE;
  const first = requireInteger(request.name, 'firstPage', firstPage, Number.MAX_SAFE_INTEGER);
  const asked = pages === undefined ? bitmap.length * 8 : requireU32(request.name, 'pages', pages);
  // A bitmap has bits for pages after the end of the slot.
  const counted = Math.min(asked, inSlot - first);
  if (counted <= 0) {
    throw new KvmArgumentError(request.name, `${asked} pages from page ${first}; slot ${slot} has ${inSlot} pages`);
  }
  const bytes = bitmapBytes(counted);
  if (bitmap.length * 8 < asked) {
    throw new KvmArgumentError(
      request.name,
      `a bitmap of ${bitmap.length} bytes; ${asked} pages need ${bitmapBytes(asked)} bytes`,
    );
  }
  const value = new Uint8Array(bytes);
  value.set(bitmap.subarray(0, bytes));
  const clear = allocate(KvmClearDirtyLog);
  setMember(request.name, clear, 'slot', 'slot', slot);
  setMember(request.name, clear, 'first_page', 'firstPage', first);
  setMember(request.name, clear, 'num_pages', 'pages', counted);
  const { offset: at } = KvmClearDirtyLog.$layout.members.dirty_bitmap;
  ioctlOfValue(vm.target, request, clear, { at }, new DataView(value.buffer));
}
