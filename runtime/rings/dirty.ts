/** Which pages of its memory a guest has written to: by the bitmaps of its slots, or by a ring in each vCPU. */

import { allocate } from '../../generated/views.js';
import { native } from '../addon.js';
import { enableCapability } from '../capability.js';
import type { VcpuContext, VmContext } from '../context.js';
import { KvmArgumentError, kernelError } from '../errors.js';
import { ioctlOfBytes } from '../ioctl.js';
import { scratch } from '../scratch.js';

/** The page of a memory slot. */
export interface DirtyPage {
  readonly slot: number;
  /** In pages from the start of the slot. */
  readonly page: bigint;
}

const pageSize = 4096;
/** The kernel takes bitmaps as 64-bit words. */
const wordBytes = 8;

const bitmapBytes = (pages: number): number => Math.ceil(pages / 64) * wordBytes;

/** The pages whose bits are set, in pages from the first one of the bitmap. */
export function* pagesOf(bitmap: Uint8Array): Generator<number, void, undefined> {
  for (const [index, byte] of bitmap.entries()) {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) yield index * 8 + bit;
  }
}

export class DirtyPages {
  readonly #vm: VmContext;

  /** For `Vm`. */
  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * KVM_GET_DIRTY_LOG: a bit for each page of a slot that has KVM_MEM_LOG_DIRTY_PAGES, set when the guest has written to
   * it. The kernel forgets them, unless KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is enabled: then `clearLog` does.
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
   * KVM_CLEAR_DIRTY_LOG: the kernel forgets the pages whose bits are set, and notices the next write to each.
   *
   * @param firstPage of the slot, a multiple of 64.
   * @param pages a multiple of 64, or up to the end of the slot.
   * @throws KvmArgumentError when the bitmap is too short for so many, or they are not all in the slot.
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
   * KVM_CAP_DIRTY_LOG_RING_ACQ_REL: each vCPU made from now on has a ring of so many bytes, a power of two and at least a
   * page. There are no bitmaps then. A vCPU whose ring is nearly full exits by KVM_EXIT_DIRTY_RING_FULL.
   */
  enableRing(bytes: number): void {
    enableCapability(this.#vm, 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL', [bytes]);
    this.#ringBytes = bytes;
  }
  #ringBytes: number | undefined;

  /** The ring of a vCPU, to be made once: it knows how far it has been harvested. @throws KvmArgumentError before `enableRing`. */
  ring(vcpu: VcpuContext): DirtyRing {
    if (this.#ringBytes === undefined) throw new KvmArgumentError('this VM has no dirty rings; enableRing comes first');
    return new DirtyRing(vcpu, this.#ringBytes);
  }

  /**
   * KVM_RESET_DIRTY_RINGS: the kernel takes back what was harvested from all rings, and notices the next write to each
   * page. @returns how many entries.
   */
  resetRings(): number {
    return this.#vm.ioctl(this.#vm.bindings.KVM_RESET_DIRTY_RINGS);
  }
}

/** The ring in which a vCPU tells the pages that its guest writes to. One thread at a time harvests it. */
export class DirtyRing {
  readonly #words: Int32Array;
  readonly #vcpu: VcpuContext;
  #next = 0;

  /** For `DirtyPages.ring`. */
  constructor(vcpu: VcpuContext, bytes: number) {
    const offset = vcpu.bindings.KVM_DIRTY_LOG_PAGE_OFFSET * pageSize;
    const buffer = native().vcpuMap(vcpu.handle, offset, bytes);
    if (typeof buffer === 'number') throw kernelError('mmap of the dirty ring', buffer);
    this.#words = new Int32Array(buffer);
    this.#vcpu = vcpu;
  }

  /** The pages written to since the last harvest, oldest first. `Vm.dirty.resetRings` gives their entries back. */
  harvest(): DirtyPage[] {
    const { KvmDirtyGfn, KVM_DIRTY_GFN_F_DIRTY, KVM_DIRTY_GFN_F_RESET } = this.#vcpu.bindings;
    const { $size, $layout } = KvmDirtyGfn;
    const view = new DataView(this.#words.buffer);
    const entries = view.byteLength / $size;
    const pages: DirtyPage[] = [];
    // A ring that is all dirty ends after one round.
    while (pages.length < entries) {
      const at = this.#next * $size;
      const flags = (at + $layout.members.flags.offset) / 4;
      // The kernel writes the flags last, and looks at the entry again when they say that it may.
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
