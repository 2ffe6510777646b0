/** The ring of coalesced writes: what the guest has written to zones of `Vm.io.coalesce`, in the order of writing. */

import type { KvmCoalescedMmio } from '../../generated/x86_64/linux/kvm.js';
import { unsupportedError } from '../capability.js';
import type { VcpuContext } from '../context.js';
import { KvmError } from '../errors.js';

export class CoalescedRing {
  readonly #vcpu: VcpuContext;
  /** Of the ring in what the vCPU shares. */
  readonly #start: number;
  readonly #entries: number;
  readonly #entrySize: number;

  /** For `GuestIo.ring`. `page` is what KVM_CAP_COALESCED_MMIO says: the ring is the last page of what a vCPU shares. */
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
   * Serves the writes that are in the ring now, oldest first: before an exit is served, or the guest's writes are seen out of
   * order. When `serve` throws, the write it was called for stays with those behind it. All vCPUs of the VM share the ring:
   * one thread at a time drains it. The write is a view in place, which is the kernel's again when `serve` returns.
   *
   * @returns how many there were.
   * @throws KvmError with code `EBADMSG` when what is in the ring's header cannot be: nothing is served then.
   */
  drain(serve: (write: KvmCoalescedMmio) => void): number {
    const { shared, bindings } = this.#vcpu;
    const header = new Int32Array(shared.buffer, shared.byteOffset + this.#start);
    const { first, last } = bindings.KvmCoalescedMmioRing.$layout.members;
    const [firstAt, lastAt] = [first.offset / 4, last.offset / 4];
    let served = 0;
    // What comes meanwhile is for the next time, or a guest that goes on writing would be served for ever.
    const end = this.#index(header, lastAt);
    for (let at = this.#index(header, firstAt); at !== end; served++) {
      const offset = this.#start + bindings.KvmCoalescedMmioRing.$size + at * this.#entrySize;
      serve(new bindings.KvmCoalescedMmio(shared, offset));
      at = (at + 1) % this.#entries;
      Atomics.store(header, firstAt, at);
    }
    return served;
  }

  /** An index that the kernel or this side has written: as a number it is no more than what somebody says. */
  #index(header: Int32Array, at: number): number {
    const index = Atomics.load(header, at) >>> 0;
    if (index < this.#entries) return index;
    throw new KvmError('coalesced ring', 'EBADMSG', `index ${index}, and there are ${this.#entries} entries`);
  }
}
