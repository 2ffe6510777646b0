/** What the guest writes to devices without an exit: to an eventfd, or into the ring that a VM has for it. */

import { allocate } from '../generated/views.js';
import { capabilityValue } from './capability.js';
import type { VcpuContext, VmContext } from './context.js';
import type { EventFd } from './eventfd.js';
import { CoalescedRing } from './rings/coalesced.js';

/** Addresses of guest-physical memory, or ports. */
export interface Zone {
  readonly address: number | bigint;
  /** In bytes. */
  readonly size: number;
  /** Whether they are ports. */
  readonly port?: boolean;
}

/** Which writes signal an eventfd. */
export interface Doorbell {
  readonly address: number | bigint;
  /** In bytes: 1, 2, 4 or 8; 0 for writes of any length. */
  readonly length: 0 | 1 | 2 | 4 | 8;
  readonly port?: boolean;
  /** Only writes of this value. */
  readonly value?: number | bigint;
}

export class GuestIo {
  readonly #vm: VmContext;

  /** For `Vm`. */
  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /** KVM_IOEVENTFD: these writes signal `event`, and are no exit. */
  assignEvent(event: EventFd, doorbell: Doorbell): void {
    this.#ioeventfd(event, doorbell, 0);
  }

  /** The end of `assignEvent`: the writes are exits again. */
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

  /** KVM_REGISTER_COALESCED_MMIO: writes to these addresses are kept in the ring until it is drained, and are no exits. */
  coalesce(zone: Zone): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_REGISTER_COALESCED_MMIO, this.#zone(zone));
  }

  /** KVM_UNREGISTER_COALESCED_MMIO: writes to zones that lie in these addresses are exits again. */
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

  /** The ring of the VM, which any of its vCPUs shows. @throws KvmUnsupportedError without KVM_CAP_COALESCED_MMIO. */
  ring(vcpu: VcpuContext): CoalescedRing {
    return new CoalescedRing(vcpu, capabilityValue(this.#vm, 'KVM_CAP_COALESCED_MMIO'));
  }
}
