/** The methods of `Vm` for writes of the guest that are not exits: they signal an eventfd, or the kernel keeps them in a ring. */

import type { KvmCoalescedMmioZone } from '../generated/x86_64/linux/kvm.js';
import { allocate, type View } from '../support/index.js';
import { describe } from './arguments.js';
import type { Creator } from './construction.js';
import type { Bindings, VmContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import { type EventFd, requireEventFd } from './eventfd.js';
import { setMember } from './numbers.js';
import { requireKnownKeys } from './options.js';
import { VmInterrupts } from './vm-interrupts.js';

/** A range of guest-physical addresses, or of ports. */
export interface CoalescedMmioZone {
  /** The first address or port. */
  readonly address: number | bigint;
  /** The size in bytes. */
  readonly size: number;
  /** Whether `address` is a port (KVM_CAP_COALESCED_PIO). By default it is a guest-physical address. */
  readonly port?: boolean;
}

/** The writes that signal an eventfd. */
export interface Ioeventfd {
  /** The guest-physical address or the port. */
  readonly address: number | bigint;
  /** The length of the writes in bytes. 0 means any length. */
  readonly length: 0 | 1 | 2 | 4 | 8;
  /** Whether `address` is a port. By default it is a guest-physical address. */
  readonly port?: boolean;
  /** Only writes of this value signal the eventfd. By default all do. */
  readonly datamatch?: number | bigint;
}

const lengths: readonly unknown[] = [0, 1, 2, 4, 8];

/** The processor has ports from 0 to 0xffff. */
const lastPort = 0xffffn;

/** Writes an address of the guest, or a port, into a struct. @throws KvmArgumentError for one that the guest cannot have. */
function setAddress<T extends View>(
  operation: string,
  struct: T,
  member: Extract<keyof T, string>,
  address: number | bigint,
  port: boolean,
): void {
  if (port) setMember(operation, struct, member, 'port', address, lastPort);
  else setMember(operation, struct, member, 'address', address);
}

/** The part of `Vm` with the writes that are not exits. */
export abstract class VmIo<B extends Bindings> extends VmInterrupts<B> {
  protected constructor(given: Creator, vm: VmContext<B>) {
    super(given, vm);
  }

  /**
   * KVM_IOEVENTFD (KVM_CAP_IOEVENTFD): connects writes of the guest with an eventfd. From now on these writes signal
   * `event` and are not exits.
   *
   * @param event the eventfd.
   * @param writes the address, the length and the value of the writes.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @example
   * vm.registerIoeventfd(event, { address: 0xd000_0050, length: 2, datamatch: 1 });
   * @see api.rst, "KVM_IOEVENTFD"
   */
  registerIoeventfd(event: EventFd, writes: Ioeventfd): void {
    this.#ioeventfd(event, writes, 0);
  }

  /**
   * KVM_IOEVENTFD (KVM_CAP_IOEVENTFD): ends `registerIoeventfd` of the same writes. The writes are exits again.
   *
   * @param event the eventfd of `registerIoeventfd`.
   * @param writes the same writes as in `registerIoeventfd`.
   * @throws KvmError with code `ENOENT` when no ioeventfd with these properties is registered.
   * @see api.rst, "KVM_IOEVENTFD"
   */
  unregisterIoeventfd(event: EventFd, writes: Ioeventfd): void {
    this.#ioeventfd(event, writes, this.bindings.KVM_IOEVENTFD_FLAG_DEASSIGN);
  }

  #ioeventfd(event: EventFd, writes: Ioeventfd, flag: number): void {
    const { KvmIoeventfd, KVM_IOEVENTFD, KVM_IOEVENTFD_FLAG_PIO, KVM_IOEVENTFD_FLAG_DATAMATCH } = this.bindings;
    const operation = KVM_IOEVENTFD.name;
    requireEventFd(operation, 'event', event);
    requireKnownKeys<Ioeventfd>(operation, writes, { address: true, length: true, port: true, datamatch: true });
    const { address, length, port = false, datamatch } = writes;
    const request = allocate(KvmIoeventfd);
    setAddress(operation, request, 'addr', address, port);
    if (!lengths.includes(length)) {
      throw new KvmArgumentError(operation, `length ${describe(length)}; it must be 0, 1, 2, 4 or 8`);
    }
    request.len = length;
    setMember(operation, request, 'fd', 'fd', event.fd);
    if (datamatch !== undefined) {
      if (length === 0) throw new KvmArgumentError(operation, 'a datamatch needs a length of 1, 2, 4 or 8');
      // No write of this length has a larger value.
      setMember(operation, request, 'datamatch', 'datamatch', datamatch, 2n ** BigInt(8 * length) - 1n);
    }
    const match = datamatch === undefined ? 0 : KVM_IOEVENTFD_FLAG_DATAMATCH;
    request.flags = flag | (port ? KVM_IOEVENTFD_FLAG_PIO : 0) | match;
    this.ioctl(KVM_IOEVENTFD, request);
  }

  /**
   * KVM_REGISTER_COALESCED_MMIO (KVM_CAP_COALESCED_MMIO): from now on the kernel keeps writes to a zone in the ring of
   * `coalescedMmioRing`. These writes are not exits.
   *
   * @param zone a range of guest-physical addresses or of ports.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_(UN)REGISTER_COALESCED_MMIO"
   */
  registerCoalescedMmio(zone: CoalescedMmioZone): void {
    const { KVM_REGISTER_COALESCED_MMIO: request } = this.bindings;
    this.ioctl(request, this.#zone(request.name, zone));
  }

  /**
   * KVM_UNREGISTER_COALESCED_MMIO (KVM_CAP_COALESCED_MMIO): ends `registerCoalescedMmio` of all zones inside a range.
   * Writes to these zones are exits again.
   *
   * @param zone the range.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_(UN)REGISTER_COALESCED_MMIO"
   */
  unregisterCoalescedMmio(zone: CoalescedMmioZone): void {
    const { KVM_UNREGISTER_COALESCED_MMIO: request } = this.bindings;
    this.ioctl(request, this.#zone(request.name, zone));
  }

  #zone(operation: string, zone: CoalescedMmioZone): KvmCoalescedMmioZone {
    requireKnownKeys<CoalescedMmioZone>(operation, zone, { address: true, size: true, port: true });
    const { address, size, port = false } = zone;
    const struct = allocate(this.bindings.KvmCoalescedMmioZone);
    setAddress(operation, struct, 'addr', address, port);
    setMember(operation, struct, 'size', 'size', size);
    struct.pio = port ? 1 : 0;
    return struct;
  }
}
