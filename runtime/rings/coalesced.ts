/** The ring of coalesced writes: the guest's writes to zones of `Vm.io.coalesce`, in their order. */

import type { KvmCoalescedMmio } from '../../generated/x86_64/linux/kvm.js';
import { unsupportedError } from '../capability.js';
import type { VcpuContext } from '../context.js';
import { KvmError } from '../errors.js';

export class CoalescedRing {
  readonly #vcpu: VcpuContext;
  /** The offset of the ring in the shared memory. */
  readonly #start: number;
  readonly #entries: number;
  readonly #entrySize: number;

  /** Only `GuestIo.ring` calls this. `page` is the value of KVM_CAP_COALESCED_MMIO: the ring is the last shared page of a vCPU. */
  constructor(vcpu: VcpuContext, page: number) {
    const { bindings, shared } = vcpu;
    const pageSize = shared.byteLength / (page + 1);
    if (page === 0 || !Number.isInteger(pageSize)) {
      throw unsupportedError('coalesced ring', 'KVM_CAP_COALESCED_MMIO');
    }
    this.#vcpu = vcpu;
    this.#start = page * pageSize;
    this.#entrySize = bindings.KvmCoalescedMmio.$size;
    this.#entries = Math.floor((pageSize - bindings.KvmCoalescedMmioRing.$size) / this.#entrySize);
  }

  /**
   * Calls `serve` for each write that is in the ring now, oldest first. Do this before an exit is served, because the writes
   * are older than the exit. If `serve` throws, its write and the later ones stay in the ring. All vCPUs of the VM share the
   * ring, so one thread at a time may drain it. The write is a view in place: it is invalid after `serve` has returned.
   *
   * @returns the number of writes.
   * @throws KvmError with code `EBADMSG` when the header of the ring is invalid. Nothing is served then.
   */
  drain(serve: (write: KvmCoalescedMmio) => void): number {
    const { shared, bindings } = this.#vcpu;
    const header = new Int32Array(shared.buffer, shared.byteOffset + this.#start);
    const { first, last } = bindings.KvmCoalescedMmioRing.$layout.members;
    const [firstAt, lastAt] = [first.offset / 4, last.offset / 4];
    let served = 0;
    // Writes that arrive now are served by the next call. Otherwise a guest that goes on writing would keep this loop busy.
    const end = this.#index(header, lastAt);
    for (let at = this.#index(header, firstAt); at !== end; served++) {
      const offset = this.#start + bindings.KvmCoalescedMmioRing.$size + at * this.#entrySize;
      serve(new bindings.KvmCoalescedMmio(shared, offset));
      at = (at + 1) % this.#entries;
      Atomics.store(header, firstAt, at);
    }
    return served;
  }

  /** Reads an index from the shared memory, which anybody may have written. @throws KvmError when it is out of range. */
  #index(header: Int32Array, at: number): number {
    const index = Atomics.load(header, at) >>> 0;
    if (index < this.#entries) return index;
    throw new KvmError('coalesced ring', 'EBADMSG', `index ${index}, and there are ${this.#entries} entries`);
  }
}
