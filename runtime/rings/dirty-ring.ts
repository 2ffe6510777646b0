/** The ring in which the kernel logs the pages that the guest of a vCPU writes to. */

import * as x86_64 from '../../generated/x86_64/linux/kvm.js';
import { inspectable } from '../../support/inspect.js';
import { addon } from '../addon.js';
import { newHandle, requireHandle } from '../arguments.js';
import { type Creator, creator, requireCreator } from '../construction.js';
import type { Bindings, VcpuContext } from '../context.js';
import { KvmArgumentError, KvmClosedError, syscallError } from '../errors.js';
import { checkBindings } from '../host-bindings.js';
import { OpenVcpu } from '../open-vcpu.js';

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

let make: (vcpu: VcpuContext) => DirtyRing;

/**
 * The dirty ring of a vCPU (KVM_CAP_DIRTY_LOG_RING_ACQ_REL). `Vm.dirtyRing` returns it. Any thread may harvest it: each page is in
 * the result of one harvest.
 *
 * @example
 * vm.enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', 65_536); // bytes, before the first vCPU
 * const vcpu = vm.createVcpu();
 * const ring = vm.dirtyRing(vcpu);
 * vcpu.run();
 * for (const { slot, page } of ring.harvest()) send(slot, page);
 * vm.resetDirtyRings();
 */
export class DirtyRing implements Disposable {
  #vcpu: VcpuContext | undefined;
  /** The vCPU that this object itself has opened. */
  readonly #ownVcpu: OpenVcpu | undefined;

  private constructor(given: Creator, operation: string, vcpu: VcpuContext, ownVcpu?: OpenVcpu) {
    requireCreator(given, 'DirtyRing', 'Vm.dirtyRing or DirtyRing.attach');
    const result = addon().vcpuDirtyRing(vcpu.record, vcpu.bindings.KVM_DIRTY_LOG_PAGE_OFFSET * addon().PAGE_SIZE);
    if (result === ENODEV) throw noDirtyRing(operation);
    if (result < 0) throw syscallError('mmap', operation, result);
    this.#vcpu = vcpu;
    this.#ownVcpu = ownVcpu;
  }

  /**
   * Attaches to a ring of another thread.
   *
   * @param handle the result of `share` in the other thread.
   * @param bindings those of the `Kvm` that the vCPU is from, by default the package's own.
   * @throws KvmClosedError when the vCPU is closed everywhere, KvmArgumentError for anything but a handle of a ring, and when the
   * bindings are of another architecture.
   */
  static attach(handle: DirtyRingHandle, bindings: Bindings = x86_64): DirtyRing {
    const operation = 'DirtyRing.attach';
    checkBindings(operation, bindings);
    inspectable(bindings);
    const found = addon().vcpuFind(requireHandle(operation, handle, 'dirty ring'));
    if (!found) throw new KvmClosedError(operation, 'the vCPU of this handle is closed');
    const vcpu = new OpenVcpu(found, bindings);
    return new DirtyRing(creator, operation, vcpu, vcpu);
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

  static {
    make = (vcpu) => new DirtyRing(creator, 'Vm.dirtyRing', vcpu);
  }
}

/** The error for a vCPU without a dirty ring. */
export function noDirtyRing(operation: string): KvmArgumentError {
  const remedy = "call enableCap('KVM_CAP_DIRTY_LOG_RING_ACQ_REL', bytes) before createVcpu";
  return new KvmArgumentError(operation, `the vCPUs of this VM have no dirty rings; ${remedy}`);
}

/** Makes the object of the dirty ring of a vCPU. */
export function makeDirtyRing(vcpu: VcpuContext): DirtyRing {
  return make(vcpu);
}
