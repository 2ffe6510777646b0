/** The pages that a guest has written to, from the bitmaps of its slots or from a ring in each vCPU. */

import { allocate } from '../../support/index.js';
import { addon } from '../addon.js';
import { enableCapability } from '../capability.js';
import type { VcpuContext, VmContext } from '../context.js';
import { KvmArgumentError, kernelError } from '../errors.js';
import { ioctlOfBytes } from '../ioctl.js';
import { scratch } from '../scratch-memory.js';

/** A page of a memory slot. */
export interface DirtyPage {
  readonly slot: number;
  /** The number of the page, from the start of the slot. */
  readonly page: bigint;
}

const pageSize = 4096;
/** The kernel writes and reads bitmaps in 64-bit words. */
const wordBytes = 8;

const bitmapBytes = (pages: number): number => Math.ceil(pages / 64) * wordBytes;

/** The numbers of the pages whose bits are set, from the first page of the bitmap. */
export function* pagesOf(bitmap: Uint8Array): Generator<number, void, undefined> {
  for (const [index, byte] of bitmap.entries()) {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) yield index * 8 + bit;
  }
}

export class DirtyPages {
  readonly #vm: VmContext;

  /** Only `Vm` calls this. */
  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * KVM_GET_DIRTY_LOG: one bit for each page of a slot that has KVM_MEM_LOG_DIRTY_PAGES. The bit is set if the guest has
   * written to the page. The call clears the kernel's bits. With KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 only `clearLog` clears
   * them.
   */
  getLog(slot: number): Uint8Array {
    const { KvmDirtyLog, KVM_GET_DIRTY_LOG: request } = this.#vm.bindings;
    const bytes = bitmapBytes(this.#vm.slotSize(slot) / pageSize);
    const memory = scratch(bytes);
    const log = allocate(KvmDirtyLog);
    log.slot = slot;
    log.dirty_bitmap = memory.address;
    ioctlOfBytes(this.#vm.target, request, log, request.size);
    return memory.bytes(0, bytes).slice();
  }

  /**
   * KVM_CLEAR_DIRTY_LOG: the kernel clears the bits that are set in `bitmap`, and logs the next write to each of these pages.
   *
   * @param firstPage the page of the slot that the first bit is for, a multiple of 64.
   * @param pages the number of pages, a multiple of 64 or up to the end of the slot.
   * @throws KvmArgumentError when the bitmap is too short, or when the pages are not all in the slot.
   */
  clearLog(slot: number, bitmap: Uint8Array, firstPage: number = 0, pages: number = bitmap.length * 8): void {
    const { KvmClearDirtyLog, KVM_CLEAR_DIRTY_LOG: request } = this.#vm.bindings;
    const inSlot = this.#vm.slotSize(slot) / pageSize;
    const counted = Math.min(pages, inSlot - firstPage);
    if (!(Number.isInteger(firstPage) && firstPage >= 0 && Number.isInteger(counted) && counted > 0)) {
      throw new KvmArgumentError(`${pages} pages from ${firstPage} on; memory slot ${slot} has ${inSlot} pages`);
    }
    const bytes = bitmapBytes(counted);
    if (bitmap.length * 8 < counted) {
      throw new KvmArgumentError(`a bitmap of ${bitmap.length} bytes for ${counted} pages; it needs ${bytes}`);
    }
    const memory = scratch(bytes);
    memory.bytes(0, bytes).fill(0).set(bitmap.subarray(0, bytes));
    const clear = allocate(KvmClearDirtyLog);
    clear.slot = slot;
    clear.first_page = BigInt(firstPage);
    clear.num_pages = counted;
    clear.dirty_bitmap = memory.address;
    ioctlOfBytes(this.#vm.target, request, clear, request.size);
  }

  /**
   * KVM_CAP_DIRTY_LOG_RING_ACQ_REL: each vCPU that is created later has a ring of this many bytes, a power of two and at
   * least one page. There are no bitmaps then. A vCPU whose ring is nearly full exits with KVM_EXIT_DIRTY_RING_FULL.
   */
  enableRing(bytes: number): void {
    enableCapability(this.#vm, 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL', [bytes]);
    this.#ringBytes = bytes;
  }
  #ringBytes: number | undefined;

  /**
   * The ring of a vCPU. Make one object for each vCPU: it stores the position of the next harvest.
   *
   * @throws KvmArgumentError before `enableRing`.
   */
  ring(vcpu: VcpuContext): DirtyRing {
    if (this.#ringBytes === undefined) throw new KvmArgumentError('this VM has no dirty rings; enableRing comes first');
    return new DirtyRing(vcpu, this.#ringBytes);
  }

  /**
   * KVM_RESET_DIRTY_RINGS: gives the harvested entries of all rings back to the kernel, which then logs the next write to
   * each page.
   *
   * @returns the number of entries.
   */
  resetRings(): number {
    return this.#vm.ioctl(this.#vm.bindings.KVM_RESET_DIRTY_RINGS);
  }
}

/** The ring in which the kernel logs the pages that the guest of a vCPU writes to. One thread at a time may harvest it. */
export class DirtyRing {
  readonly #words: Int32Array;
  readonly #vcpu: VcpuContext;
  #next = 0;

  /** Only `DirtyPages.ring` calls this. */
  constructor(vcpu: VcpuContext, bytes: number) {
    const offset = vcpu.bindings.KVM_DIRTY_LOG_PAGE_OFFSET * pageSize;
    const buffer = addon().vcpuMap(vcpu.handle, offset, bytes);
    if (typeof buffer === 'number') throw kernelError('mmap of the dirty ring', buffer);
    this.#words = new Int32Array(buffer);
    this.#vcpu = vcpu;
  }

  /** Returns the pages written to since the last harvest, oldest first. `Vm.dirty.resetRings` gives their entries back. */
  harvest(): DirtyPage[] {
    const { KvmDirtyGfn, KVM_DIRTY_GFN_F_DIRTY, KVM_DIRTY_GFN_F_RESET } = this.#vcpu.bindings;
    const { $size, $layout } = KvmDirtyGfn;
    const view = new DataView(this.#words.buffer);
    const entries = view.byteLength / $size;
    const pages: DirtyPage[] = [];
    // In a full ring the loop ends after one round.
    while (pages.length < entries) {
      const at = this.#next * $size;
      const flags = (at + $layout.members.flags.offset) / 4;
      // The kernel writes the flags last. It reads the entry again after the flags are set to reset.
      const state = Atomics.load(this.#words, flags);
      if (state !== Number(KVM_DIRTY_GFN_F_DIRTY)) break;
      const { slot, offset } = new KvmDirtyGfn(view, at);
      pages.push({ slot, page: offset });
      Atomics.store(this.#words, flags, Number(KVM_DIRTY_GFN_F_RESET));
      this.#next = (this.#next + 1) % entries;
    }
    return pages;
  }
}
