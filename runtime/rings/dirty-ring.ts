/** The ring in which the kernel logs the pages that the guest of a vCPU writes to. */

import { addon } from '../addon.js';
import { newHandle } from '../arguments.js';
import { type Creator, requireCreator } from '../construction.js';
import type { VcpuContext } from '../context.js';
import { KvmArgumentError, KvmClosedError, syscallError } from '../errors.js';
import type { OpenVcpu } from '../open-vcpu.js';

/** A page of a memory slot. */
export interface DirtyPage {
  /** The number of the slot. */
  readonly slot: number;
  /** The number of the page, from the start of the slot. */
  readonly page: bigint;
}

/**
 * What another thread needs to attach to the ring. `DirtyRing.share` returns the handle. A handle can be posted. A handle does not
 * keep the vCPU open: keep the vCPU open until the other thread has attached.
 */
export interface DirtyRingHandle {
  /** Always `'dirty ring'`. */
  readonly kind: 'dirty ring';
  /** The number of the vCPU in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

const ENODEV = -19;

/** The methods of `DirtyRing`, which are the same on all architectures. */
export abstract class DirtyRingBase implements Disposable {
  #vcpu: VcpuContext | undefined;
  /** The vCPU that this object itself has opened. */
  readonly #ownVcpu: OpenVcpu | undefined;

  protected constructor(given: Creator, operation: string, vcpu: VcpuContext, ownVcpu?: OpenVcpu) {
    requireCreator(given, 'DirtyRing', 'Vm.dirtyRing or DirtyRing.attach');
    const result = addon().vcpuDirtyRing(vcpu.record, vcpu.bindings.KVM_DIRTY_LOG_PAGE_OFFSET * addon().PAGE_SIZE);
    if (result === ENODEV) throw noDirtyRing(operation);
    if (result < 0) throw syscallError('mmap', operation, result);
    this.#vcpu = vcpu;
    this.#ownVcpu = ownVcpu;
  }

  /**
   * Returns the handle to post to another thread, which passes it to `DirtyRing.attach`.
   *
   * @throws KvmClosedError when the ring or its vCPU is closed.
   */
  share(): DirtyRingHandle {
    return newHandle('dirty ring', addon().vcpuId(this.#openVcpu().record));
  }

  #openVcpu(): VcpuContext {
    if (!this.#vcpu) throw new KvmClosedError('DirtyRing', 'this ring is closed');
    return this.#vcpu;
  }

  /**
   * Returns the pages that were written to since the last harvest of any thread, oldest first. `Vm.resetDirtyRings` frees their
   * entries. The vCPU may run meanwhile.
   *
   * @throws KvmClosedError when the ring or its vCPU is closed.
   */
  harvest(): DirtyPage[] {
    const { record, bindings } = this.#openVcpu();
    const { KvmDirtyGfn, KVM_DIRTY_GFN_F_DIRTY, KVM_DIRTY_GFN_F_RESET } = bindings;
    const { $size, $layout } = KvmDirtyGfn;
    const flags = [Number(KVM_DIRTY_GFN_F_DIRTY), Number(KVM_DIRTY_GFN_F_RESET)] as const;
    const entries = addon().vcpuHarvest(record, $size, $layout.members.flags.offset, ...flags);
    if (typeof entries === 'number') throw syscallError('mmap', 'DirtyRing.harvest', entries);
    const view = new DataView(entries);
    return Array.from({ length: entries.byteLength / $size }, (_, index) => {
      const { slot, offset } = new KvmDirtyGfn(view, index * $size);
      return { slot, page: offset };
    });
  }

  /** Closes the ring in this thread. Nothing happens if it is closed already. */
  close(): void {
    this.#vcpu = undefined;
    this.#ownVcpu?.close(true);
  }

  /** Calls `close` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The error for a vCPU without a dirty ring. */
export function noDirtyRing(operation: string): KvmArgumentError {
  const remedy = "call enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes) before createVcpu";
  return new KvmArgumentError(operation, `the vCPUs of this VM have no dirty rings; ${remedy}`);
}
