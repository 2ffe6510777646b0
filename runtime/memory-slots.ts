/** The memory slots of a VM: which guest-physical addresses have memory. */

import type { KvmUserspaceMemoryRegion, KvmUserspaceMemoryRegion2 } from '../generated/x86_64/linux/kvm.js';
import { allocate } from '../support/index.js';
import { addon, type MemoryRecord, type VmRecord } from './addon.js';
import { type AddressRange, addressSpaceOf, conflictOf, missingSpace } from './address-ranges.js';
import { describe, requireClass } from './arguments.js';
import { capabilityValue } from './capability.js';
import type { CapabilityContext, IoctlTarget } from './context.js';
import { KvmArgumentError, KvmUnsupportedError } from './errors.js';
import { GuestMemfd } from './guest-memfd.js';
import { refused } from './ioctl.js';
import { isKernelFile } from './kernel-file.js';
import { type GuestMemory, memoryRecord, requireInside } from './memory.js';
import { requireInteger, requireU32, requireU64, setMember } from './numbers.js';
import { requireKnownKeys } from './options.js';

/** The memory that `Vm.addMemory` adds, and where the guest sees it. */
export interface MemorySlot {
  /**
   * The number of the slot. By default it is the lowest free number. The upper 16 bits are the number of the address space
   * (KVM_CAP_MULTI_ADDRESS_SPACE): on x86, 1 is the memory of system management mode.
   */
  readonly slot?: number;
  /** The guest-physical address of the first byte: a multiple of the page size. */
  readonly guestAddress: number | bigint;
  /** The memory that the guest sees. */
  readonly memory: GuestMemory;
  /** Where the part of the memory begins, in bytes: a multiple of the page size, by default 0. */
  readonly offset?: number;
  /** The length of the part in bytes: a multiple of the page size. By default it is all of the rest. */
  readonly length?: number;
  /** The flags of the slot: `KVM_MEM_READONLY`, `KVM_MEM_LOG_DIRTY_PAGES`. By default 0. */
  readonly flags?: number | bigint;
  /** Memory for the guest's private pages, as long as the slot (KVM_CAP_USER_MEMORY2, KVM_CAP_GUEST_MEMFD). */
  readonly guestMemfd?: { readonly memfd: GuestMemfd; readonly offset?: number };
}

/** The part of a memory that is in a slot. */
interface Part {
  readonly memory: MemoryRecord | null | true;
  readonly offset: number;
  readonly length: number;
}

/** The part that is in the slot already. */
const keptPart: Part = { memory: true, offset: 0, length: 0 };
const noPart: Part = { memory: null, offset: 0, length: 0 };

/** What a memory slot belongs to. */
interface Owner extends CapabilityContext {
  readonly record: VmRecord;
  readonly target: IoctlTarget<'vm'>;
}

type Region = KvmUserspaceMemoryRegion | KvmUserspaceMemoryRegion2;

const EEXIST = -17;
const EINVAL = -22;

/** The slots that a VM has in use. The native layer has the table of the slots, which is the same in all threads. */
export class MemorySlots {
  readonly #vm: Owner;

  constructor(vm: Owner) {
    this.#vm = vm;
  }

  /** The slots in use, by number. */
  get ranges(): ReadonlyMap<number, AddressRange> {
    const ranges = new Map<number, AddressRange>();
    for (const number of addon().vmSlots(this.#vm.record)) {
      const region = this.#find(number);
      // Another thread can have removed the slot meanwhile.
      if (region) ranges.set(number, rangeOf(region));
    }
    return ranges;
  }

  /** Implements `Vm.addMemory`. */
  add(options: MemorySlot): number {
    const operation = 'Vm.addMemory';
    requireKnownKeys<MemorySlot>(operation, options, {
      slot: true,
      guestAddress: true,
      memory: true,
      offset: true,
      length: true,
      flags: true,
      guestMemfd: true,
    });
    if (options.guestMemfd !== undefined) {
      requireKnownKeys<NonNullable<MemorySlot['guestMemfd']>>(operation, options.guestMemfd, {
        memfd: true,
        offset: true,
      });
    }
    const { memory, guestAddress, offset = 0, flags = 0, guestMemfd } = options;
    const record = memoryRecord(memory);
    const { length = memory.size - requireInteger(operation, 'offset', offset, memory.size) } = options;
    const given = options.slot === undefined ? null : requireU32(operation, 'slot', options.slot);
    requireInside(memory, offset, length);
    const start = requireU64(operation, 'guestAddress', guestAddress);
    const pageSize = BigInt(addon().PAGE_SIZE);
    const isAligned = [start, BigInt(offset), BigInt(length)].every((value) => value % pageSize === 0n);
    if (!isAligned || length === 0) {
      throw new KvmArgumentError(
        operation,
        `guestAddress ${start}, offset ${offset} and length ${length}; they must be multiples of ${pageSize}, and the length more than 0`,
      );
    }
    const region = this.#newRegion(guestMemfd);
    region.flags |= requireU32(operation, 'flags', flags);
    region.guest_phys_addr = start;
    const result = this.#set(given, region, { memory: record, offset, length });
    if (result >= 0) return result;
    const range = { start, end: start + BigInt(length) };
    throw this.#conflict(operation, result, given, range) ?? this.#refused(region, result, given ?? 0, length);
  }

  /** Implements `Vm.setMemoryFlags`. */
  setFlags(number: number, flags: number | bigint): void {
    const operation = 'Vm.setMemoryFlags';
    const region = this.#get(operation, number);
    const isPrivate = this.#privateFlag(region);
    region.flags = requireU32(operation, 'flags', flags) | isPrivate;
    const result = this.#set(number, region, keptPart);
    if (result >= 0) return;
    throw this.#unchangeable(operation, isPrivate !== 0, result) ?? this.#refused(region, result, number);
  }

  /** Implements `Vm.moveMemory`. */
  move(number: number, guestAddress: number | bigint): void {
    const operation = 'Vm.moveMemory';
    const region = this.#get(operation, number);
    const start = requireU64(operation, 'guestAddress', guestAddress);
    const pageSize = BigInt(addon().PAGE_SIZE);
    if (start % pageSize !== 0n) {
      throw new KvmArgumentError(operation, `guestAddress ${start}; it must be a multiple of ${pageSize}`);
    }
    region.guest_phys_addr = start;
    const result = this.#set(number, region, keptPart);
    if (result >= 0) return;
    throw (
      this.#conflict(operation, result, number, { start, end: start + region.memory_size }, true) ??
      this.#unchangeable(operation, this.#privateFlag(region) !== 0, result) ??
      this.#refused(region, result, number)
    );
  }

  /** Implements `Vm.removeMemory`. */
  remove(number: number): void {
    const { guest_phys_addr } = this.#get('Vm.removeMemory', number);
    const region = this.#newRegion(undefined);
    region.guest_phys_addr = guest_phys_addr;
    const result = this.#set(number, region, noPart);
    if (result < 0) throw this.#refused(region, result, number);
  }

  /** The length in bytes of the memory in a slot. @throws KvmArgumentError when the slot is not in use. */
  size(operation: string, number: number): number {
    return Number(this.#get(operation, number).memory_size);
  }

  /** Returns a copy of the struct that has set a slot, or undefined if the slot is not in use. */
  #find(number: number): Region | undefined {
    const { KvmUserspaceMemoryRegion, KvmUserspaceMemoryRegion2 } = this.#vm.bindings;
    const bytes = addon().vmSlotRegion(this.#vm.record, number);
    if (!bytes) return undefined;
    const view = new DataView(bytes);
    const isShort = bytes.byteLength === KvmUserspaceMemoryRegion.$size;
    return isShort ? new KvmUserspaceMemoryRegion(view) : new KvmUserspaceMemoryRegion2(view);
  }

  #get(operation: string, number: number): Region {
    const region = Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? this.#find(number) : undefined;
    if (!region) throw new KvmArgumentError(operation, `slot ${describe(number)} is not in use`);
    return region;
  }

  #requestOf(region: Region) {
    const { KvmUserspaceMemoryRegion } = this.#vm.bindings;
    const { KVM_SET_USER_MEMORY_REGION, KVM_SET_USER_MEMORY_REGION2 } = this.#vm.bindings;
    const isShort = region.$$view.byteLength === KvmUserspaceMemoryRegion.$size;
    return isShort ? KVM_SET_USER_MEMORY_REGION : KVM_SET_USER_MEMORY_REGION2;
  }

  /** The error that names the slot with the same number or addresses, if the result is -EEXIST and the slot is still there. */
  #conflict(
    operation: string,
    result: number,
    number: number | null,
    range: AddressRange,
    isMove: boolean = false,
  ): Error | undefined {
    if (result !== EEXIST) return undefined;
    const others = new Map(this.ranges);
    if (isMove && number !== null) others.delete(number);
    const problem = conflictOf(others, number, range);
    return problem === undefined ? undefined : new KvmArgumentError(operation, problem);
  }

  /** The flag of a slot that has a guest memfd, or 0. */
  #privateFlag({ flags }: Region): number {
    return flags & Number(this.#vm.bindings.KVM_MEM_GUEST_MEMFD);
  }

  /** The error for a slot that the kernel never changes. `isPrivate` says whether the slot has had a guest memfd before. */
  #unchangeable(operation: string, isPrivate: boolean, result: number): Error | undefined {
    if (result !== EINVAL || !isPrivate) return undefined;
    const problem = 'the kernel does not change a slot with a guestMemfd; remove the memory and add it again';
    return new KvmArgumentError(operation, problem);
  }

  /** The error for a negative result. The native layer has written the slot and the length to its own copy of the region. */
  #refused(region: Region, result: number, slot: number, length: number | bigint = region.memory_size): Error {
    const request = this.#requestOf(region);
    const space = addressSpaceOf(slot);
    const capability = 'KVM_CAP_MULTI_ADDRESS_SPACE';
    const spaces = capabilityValue(this.#vm, capability);
    if (result === EINVAL && space > 0 && space >= spaces) {
      const slots = capabilityValue(this.#vm, 'KVM_CAP_NR_MEMSLOTS');
      const limit = `slot ${slot}: at most ${slots - 1} (KVM_CAP_NR_MEMSLOTS is ${slots})`;
      return new KvmUnsupportedError(request.name, `${limit}; ${missingSpace(slot, spaces)}`, capability);
    }
    Object.assign(region, { slot, memory_size: BigInt(length) });
    return refused(this.#vm.target, request, result, region);
  }

  /** Makes the ioctl. Returns the number of the slot, or -errno. Null is the lowest slot that is not in use. */
  #set(number: number | null, region: Region, part: Part): number {
    const request = this.#requestOf(region);
    const { $$view, $$offset } = region;
    const { KvmUserspaceMemoryRegion } = this.#vm.bindings;
    // Both structs have these members at the same offsets.
    const { slot: slotMember, memory_size, userspace_addr } = KvmUserspaceMemoryRegion.$layout.members;
    return addon().vmSetMemory({
      vm: this.#vm.record,
      request: request.request,
      view: $$view,
      offset: $$offset,
      needed: request.size,
      slot: number,
      memory: part.memory,
      memoryOffset: part.offset,
      length: part.length,
      slotAt: slotMember.offset,
      lengthAt: memory_size.offset,
      addressAt: userspace_addr.offset,
    });
  }

  #newRegion(guestMemfd: MemorySlot['guestMemfd']): Region {
    return guestMemfd ? this.#privateRegion(guestMemfd) : allocate(this.#vm.bindings.KvmUserspaceMemoryRegion);
  }

  #privateRegion({ memfd, offset = 0 }: NonNullable<MemorySlot['guestMemfd']>): KvmUserspaceMemoryRegion2 {
    const region = allocate(this.#vm.bindings.KvmUserspaceMemoryRegion2);
    region.flags = Number(this.#vm.bindings.KVM_MEM_GUEST_MEMFD);
    const operation = 'Vm.addMemory';
    requireClass(operation, 'memfd', memfd, 'GuestMemfd', isKernelFile(memfd, GuestMemfd));
    setMember(operation, region, 'guest_memfd', 'file descriptor of the guest memfd', memfd.fd);
    setMember(operation, region, 'guest_memfd_offset', 'offset of the guest memfd', offset);
    return region;
  }
}

function rangeOf({ guest_phys_addr, memory_size }: Region): AddressRange {
  return { start: guest_phys_addr, end: guest_phys_addr + memory_size };
}
