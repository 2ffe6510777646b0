/** The ring of coalesced writes: the guest's writes to the zones of `Vm.registerCoalescedMmio`, in their order. */

import type { KvmCoalescedMmio } from '../../generated/x86_64/linux/kvm.js';
import { addon, type VcpuRecord } from '../addon.js';
import { newHandle, requireFunction, requireSynchronous } from '../arguments.js';
import { capabilityValue, unsupportedError } from '../capability.js';
import { type Creator, requireCreator } from '../construction.js';
import type { VcpuContext } from '../context.js';
import { KvmArgumentError, KvmClosedError, KvmError } from '../errors.js';
import type { OpenVcpu } from '../open-vcpu.js';

/**
 * What another thread needs to attach to the ring. `CoalescedMmioRing.share` returns the handle. A handle can be posted. A handle
 * does not keep the vCPU open: keep the vCPU open until the other thread has attached.
 */
export interface CoalescedMmioRingHandle {
  /** Always `'coalesced MMIO ring'`. */
  readonly kind: 'coalesced MMIO ring';
  /** The number of the vCPU in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

const [EAGAIN, EDEADLK] = [-11, -35];

/** The methods of `CoalescedMmioRing`, which are the same on all architectures. */
export abstract class CoalescedMmioRingBase implements Disposable {
  #vcpu: VcpuContext | undefined;
  /** The vCPU that this object itself has opened. */
  readonly #ownVcpu: OpenVcpu | undefined;
  /** The offset of the ring in the shared memory. */
  readonly #start: number;
  readonly #entries: number;
  readonly #entrySize: number;

  protected constructor(given: Creator, operation: string, vcpu: VcpuContext, ownVcpu?: OpenVcpu) {
    requireCreator(given, 'CoalescedMmioRing', 'Vm.coalescedMmioRing or CoalescedMmioRing.attach');
    const page = capabilityValue(vcpu, 'KVM_CAP_COALESCED_MMIO');
    const { bindings, shared } = vcpu;
    const pageSize = shared.byteLength / (page + 1);
    if (page === 0 || !Number.isInteger(pageSize)) {
      throw unsupportedError(operation, 'KVM_CAP_COALESCED_MMIO');
    }
    this.#vcpu = vcpu;
    this.#ownVcpu = ownVcpu;
    this.#start = page * pageSize;
    this.#entrySize = bindings.KvmCoalescedMmio.$size;
    this.#entries = Math.floor((pageSize - bindings.KvmCoalescedMmioRing.$size) / this.#entrySize);
  }

  /**
   * Returns the handle to post to another thread, which passes it to `CoalescedMmioRing.attach`.
   *
   * @throws KvmClosedError when the ring or its vCPU is closed.
   */
  share(): CoalescedMmioRingHandle {
    return newHandle('coalesced MMIO ring', addon().vcpuId(this.#openVcpu().record));
  }

  #openVcpu(): VcpuContext {
    if (!this.#vcpu) throw new KvmClosedError('CoalescedMmioRing', 'this ring is closed');
    return this.#vcpu;
  }

  /**
   * Calls `serve` for each write that is in the ring now, oldest first. Do this before an exit is served, because the writes
   * are older than the exit. If `serve` throws, its write and the later ones stay in the ring. The write is a view in place: it
   * is invalid after `serve` has returned.
   *
   * All vCPUs of the VM share the ring. The ring has a lock: while one thread drains the ring, `drain` of another thread waits. So
   * `serve` must not wait for a thread that drains the same ring.
   *
   * @returns the number of writes.
   * @throws KvmClosedError after `close`, KvmArgumentError when `serve` itself drains the ring.
   * @throws KvmError with code `ERR_KVM_INVALID_DATA` when the header of the ring is invalid. Nothing is served then.
   * @throws KvmArgumentError when `serve` returns a Promise. Its write and the later ones stay in the ring.
   */
  drain(serve: (write: KvmCoalescedMmio) => void): number {
    requireFunction('CoalescedMmioRing.drain', 'serve', serve);
    const { record, shared, bindings } = this.#openVcpu();
    const header = new Int32Array(shared.buffer, shared.byteOffset + this.#start);
    const { first, last } = bindings.KvmCoalescedMmioRing.$layout.members;
    const [firstAt, lastAt] = [first.offset / 4, last.offset / 4];
    // The consumer stores `first` after it has served the write. So an empty ring has nothing that another thread serves now.
    if (this.#index(header, lastAt) === this.#index(header, firstAt)) return 0;
    acquire(record);
    try {
      return this.#serve(serve, header, firstAt, lastAt);
    } finally {
      addon().ringUnlock();
    }
  }

  #serve(serve: (write: KvmCoalescedMmio) => void, header: Int32Array, firstAt: number, lastAt: number): number {
    const { shared, bindings } = this.#openVcpu();
    let served = 0;
    // Writes that arrive now are served by the next call. Otherwise a guest that goes on writing would keep this loop busy.
    const end = this.#index(header, lastAt);
    for (let at = this.#index(header, firstAt); at !== end; served++) {
      const offset = this.#start + bindings.KvmCoalescedMmioRing.$size + at * this.#entrySize;
      const answer: unknown = serve(new bindings.KvmCoalescedMmio(shared, offset));
      requireSynchronous('CoalescedMmioRing.drain', 'serve', answer);
      at = (at + 1) % this.#entries;
      Atomics.store(header, firstAt, at);
    }
    return served;
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

  /** Reads an index from the shared memory, which anybody may have written. @throws KvmError when it is out of range. */
  #index(header: Int32Array, at: number): number {
    const index = Atomics.load(header, at) >>> 0;
    if (index < this.#entries) return index;
    throw new KvmError(
      'CoalescedMmioRing.drain',
      `index ${index} in the header; the ring has ${this.#entries} entries`,
      {
        code: 'ERR_KVM_INVALID_DATA',
      },
    );
  }
}

/** Acquires the lock of the ring. The addon waits for a short time only, so that V8 can end the Worker between two waits. */
function acquire(vcpu: VcpuRecord): void {
  let result: number;
  do result = addon().ringLock(vcpu);
  while (result === EAGAIN);
  if (result === EDEADLK) {
    throw new KvmArgumentError('CoalescedMmioRing.drain', 'serve drains the ring that it serves; it must not');
  }
}
