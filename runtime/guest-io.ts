/** Writes of the guest that are not exits: they signal an eventfd, or the kernel keeps them in a ring. */

import { allocate } from '../support/index.js';
import { capabilityValue } from './capability.js';
import type { VcpuContext, VmContext } from './context.js';
import type { EventFd } from './eventfd.js';
import { CoalescedRing } from './rings/coalesced.js';

/** A range of guest-physical addresses, or of ports. */
export interface Zone {
  readonly address: number | bigint;
  /** The size in bytes. */
  readonly size: number;
  /** Whether `address` is a port. */
  readonly port?: boolean;
}

/** The writes that signal an eventfd. */
export interface Doorbell {
  readonly address: number | bigint;
  /** The length of the writes in bytes. 0 means any length. */
  readonly length: 0 | 1 | 2 | 4 | 8;
  readonly port?: boolean;
  /** Only writes of this value signal the eventfd. */
  readonly value?: number | bigint;
}

export class GuestIo {
  readonly #vm: VmContext;

  /** Only `Vm` calls this. */
  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /** KVM_IOEVENTFD: from now on these writes signal `event` and are not exits. */
  assignEvent(event: EventFd, doorbell: Doorbell): void {
    this.#ioeventfd(event, doorbell, 0);
  }

  /** KVM_IOEVENTFD: ends `assignEvent`. The writes are exits again. */
  unassignEvent(event: EventFd, doorbell: Doorbell): void {
    this.#ioeventfd(event, doorbell, this.#vm.bindings.KVM_IOEVENTFD_FLAG_DEASSIGN);
  }

  #ioeventfd({ fd }: EventFd, { address, length, port = false, value }: Doorbell, flag: number): void {
    const { KvmIoeventfd, KVM_IOEVENTFD, KVM_IOEVENTFD_FLAG_PIO, KVM_IOEVENTFD_FLAG_DATAMATCH } = this.#vm.bindings;
    const request = allocate(KvmIoeventfd);
    request.addr = BigInt(address);
    request.len = length;
    request.fd = fd;
    request.datamatch = BigInt(value ?? 0);
    const match = value === undefined ? 0 : KVM_IOEVENTFD_FLAG_DATAMATCH;
    request.flags = flag | (port ? KVM_IOEVENTFD_FLAG_PIO : 0) | match;
    this.#vm.ioctl(KVM_IOEVENTFD, request);
  }

  /** KVM_REGISTER_COALESCED_MMIO: from now on the ring keeps writes to this range until it is drained. They are not exits. */
  coalesce(zone: Zone): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_REGISTER_COALESCED_MMIO, this.#zone(zone));
  }

  /** KVM_UNREGISTER_COALESCED_MMIO: writes to zones within this range are exits again. */
  uncoalesce(zone: Zone): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_UNREGISTER_COALESCED_MMIO, this.#zone(zone));
  }

  #zone({ address, size, port = false }: Zone) {
    const zone = allocate(this.#vm.bindings.KvmCoalescedMmioZone);
    zone.addr = BigInt(address);
    zone.size = size;
    zone.pio = port ? 1 : 0;
    return zone;
  }

  /** The ring of the VM, through any of its vCPUs. @throws KvmUnsupportedError without KVM_CAP_COALESCED_MMIO. */
  ring(vcpu: VcpuContext): CoalescedRing {
    return new CoalescedRing(vcpu, capabilityValue(this.#vm, 'KVM_CAP_COALESCED_MMIO'));
  }
}
