/** A virtual machine: the VM file descriptor, its memory slots, and the vCPUs made of it. */

import { allocate } from '../generated/views.js';
import { KvmArgumentError, KvmClosedError, kernelError } from './errors.js';
import type { Bindings } from './host.js';
import { type GenericIoctl, genericIoctl } from './ioctl.js';
import type { GuestMemory } from './memory.js';
import { native, type VmHandle } from './native.js';
import { readyVcpuOptions, Vcpu, type VcpuOptions } from './vcpu.js';

export interface MemorySlot {
  /** Number of the slot, by default the lowest free one. */
  readonly slot?: number;
  /** Guest-physical address, a multiple of the page size. */
  readonly guestAddress: number | bigint;
  readonly memory: GuestMemory;
  /** The part of the memory, by default all of it; in bytes, multiples of the page size. */
  readonly offset?: number;
  readonly length?: number;
  /** `KVM_MEM_READONLY`, `KVM_MEM_LOG_DIRTY_PAGES` */
  readonly flags?: number | bigint;
}

/** The smallest page of every architecture that the bindings are for. */
const pageSize = 4096n;

interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

export class Vm implements Disposable, AsyncDisposable {
  readonly bindings: Bindings;
  #handle: VmHandle | undefined;
  readonly #vcpuMmapSize: number;
  readonly #slots = new Map<number, Range>();

  /** VMs are made by `Kvm.createVm`. */
  constructor(handle: VmHandle, bindings: Bindings, vcpuMmapSize: number) {
    this.#handle = handle;
    this.bindings = bindings;
    this.#vcpuMmapSize = vcpuMmapSize;
  }

  /** KVM_CHECK_EXTENSION as this VM answers it. */
  checkExtension(capability: number): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capability);
  }

  /**
   * KVM_SET_USER_MEMORY_REGION: gives the guest memory, and returns the number of its slot. The VM keeps the memory
   * mapped while it is in a slot, even when it is closed in JavaScript.
   *
   * @throws KvmArgumentError when the slot is taken, the addresses overlap another slot's, or something is no multiple of
   * the page size.
   */
  addMemory({
    memory,
    guestAddress,
    offset = 0,
    length = memory.size - offset,
    flags = 0,
    ...rest
  }: MemorySlot): number {
    const slot = rest.slot ?? this.#freeSlot();
    if (slot >>> 0 !== slot)
      throw new KvmArgumentError(`memory slot ${slot}; it must be an integer from 0 to 2^32 - 1`);
    if (this.#slots.has(slot)) throw new KvmArgumentError(`memory slot ${slot} is taken; remove it first`);
    if (!(offset >= 0 && length > 0 && offset + length <= memory.size)) {
      throw new KvmArgumentError(
        `${length} bytes at ${offset} are not within the ${memory.size} bytes of the guest memory`,
      );
    }
    const start = BigInt(guestAddress);
    if (start < 0n || start % pageSize !== 0n || BigInt(offset) % pageSize !== 0n || BigInt(length) % pageSize !== 0n) {
      throw new KvmArgumentError(
        `guest address ${start}, offset ${offset} and length ${length} must be multiples of ${pageSize}`,
      );
    }
    const range = { start, end: start + BigInt(length) };
    for (const [other, taken] of this.#slots) {
      if (range.start < taken.end && taken.start < range.end) {
        throw new KvmArgumentError(
          `guest addresses 0x${start.toString(16)} to 0x${range.end.toString(16)} overlap memory slot ${other}`,
        );
      }
    }
    this.#setMemory(slot, range, BigInt(flags), memory.address + BigInt(offset), memory);
    this.#slots.set(slot, range);
    return slot;
  }

  /** Takes the memory of a slot away from the guest. */
  removeMemory(slot: number): void {
    const range = this.#slots.get(slot);
    if (!range) throw new KvmArgumentError(`memory slot ${slot} is not in use`);
    this.#setMemory(slot, { start: range.start, end: range.start }, 0n, 0n, null);
    this.#slots.delete(slot);
  }

  #setMemory(slot: number, { start, end }: Range, flags: bigint, address: bigint, memory: GuestMemory | null): void {
    const { KVM_SET_USER_MEMORY_REGION: request, KvmUserspaceMemoryRegion } = this.bindings;
    const region = allocate(KvmUserspaceMemoryRegion);
    region.slot = slot;
    region.flags = Number(flags);
    region.guest_phys_addr = start;
    region.memory_size = end - start;
    region.userspace_addr = address;
    const { $$view, $$offset } = region;
    const handle = memory === null ? null : memory.handle;
    const result = native().vmSetMemory(this.handle, request.request, $$view, $$offset, request.size, slot, handle);
    if (result < 0) throw kernelError(request.name, result);
  }

  #freeSlot(): number {
    let slot = 0;
    while (this.#slots.has(slot)) slot++;
    return slot;
  }

  /**
   * KVM_CREATE_VCPU. `id` is the vCPU's number, on x86 its APIC id.
   *
   * @throws KvmArgumentError when the signal is not to be had, KvmUnsupportedError when the mechanism is not.
   */
  createVcpu(id = 0, options: VcpuOptions = {}): Vcpu {
    // Before the kernel has made a vCPU that nobody could use, whose number would be taken for good.
    const ready = readyVcpuOptions(options, (capability) => this.checkExtension(capability), this.bindings);
    const fd = this.ioctl(this.bindings.KVM_CREATE_VCPU, id);
    return Vcpu.create(this.handle, fd, this.#vcpuMmapSize, this.bindings, ready);
  }

  /** Any ioctl of the VM file descriptor. */
  readonly ioctl: GenericIoctl<'vm'> = genericIoctl('vm', {
    value: (request, value) => native().ioctl(native().vmFd(this.handle), request, value),
    view: (request, view, offset, needed) =>
      native().ioctlView(native().vmFd(this.handle), request, view, offset, needed),
  });

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): VmHandle {
    if (!this.#handle) throw new KvmClosedError('this Vm is closed');
    return this.#handle;
  }

  /** Lets go of the VM. Its vCPUs go on; the kernel's VM ends with the last of them. */
  close(): void {
    if (!this.#handle) return;
    native().vmRelease(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
