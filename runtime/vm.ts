/** A virtual machine: the VM file descriptor, its memory slots, and its vCPUs. */

import type { KvmClockData, KvmPmuEventFilter, KvmUserspaceMemoryRegion2 } from '../generated/x86_64/linux/kvm.js';
import { allocate } from '../support/index.js';
import { shown } from '../support/inspect.js';
import { addon, type VmHandle } from './addon.js';
import { type Capability, capabilityNumber, capabilityOf, enableCapability, requireExtension } from './capability.js';
import type { Bindings, GenericIoctl, IoctlTarget, VmContext } from './context.js';
import { VmDevice } from './devices/vm-device.js';
import { KvmArgumentError, KvmClosedError, kernelError } from './errors.js';
import { GuestIo } from './guest-io.js';
import { Interrupts } from './interrupts.js';
import { genericIoctl, ioctlOfBytes, ioctlsOfFd, read } from './ioctl.js';
import { GuestMemfd } from './kernel-file.js';
import type { GuestMemory } from './memory.js';
import { type MsrFilter, setMsrFilter } from './msr-filter.js';
import { printBy } from './printing.js';
import { DirtyPages } from './rings/dirty.js';
import { readyVcpuOptions, Vcpu, type VcpuOptions } from './vcpu.js';

export interface MemorySlot {
  /** The number of the slot, by default the lowest free number. */
  readonly slot?: number;
  /** The guest-physical address, a multiple of the page size. */
  readonly guestAddress: number | bigint;
  readonly memory: GuestMemory;
  /** The part of the memory in bytes, multiples of the page size. By default all of it. */
  readonly offset?: number;
  readonly length?: number;
  /** The flags of the slot: `KVM_MEM_READONLY`, `KVM_MEM_LOG_DIRTY_PAGES`. */
  readonly flags?: number | bigint;
  /** Memory for the guest's private pages, as long as the slot (KVM_CAP_USER_MEMORY2, KVM_CAP_GUEST_MEMFD). */
  readonly guestMemfd?: { readonly memfd: GuestMemfd; readonly offset?: number };
}

/** The smallest page size of all architectures of the bindings. */
const pageSize = 4096n;

interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

function textOf({ start, end }: Range): string {
  return `0x${start.toString(16)} to 0x${end.toString(16)}`;
}

export class Vm implements VmContext, Disposable {
  readonly bindings: Bindings;
  #handle: VmHandle | undefined;
  readonly #vcpuMmapSize: number;
  readonly #slots = new Map<number, Range>();
  /** The interrupt controllers, their lines, messages, and the timer chip. */
  readonly interrupts: Interrupts = new Interrupts(this);
  /** Writes of the guest that are not exits. */
  readonly io: GuestIo = new GuestIo(this);
  /** The pages that the guest writes to. */
  readonly dirty: DirtyPages = new DirtyPages(this);

  /** Only `Kvm.createVm` calls this. */
  constructor(handle: VmHandle, bindings: Bindings, vcpuMmapSize: number) {
    this.#handle = handle;
    this.bindings = bindings;
    this.#vcpuMmapSize = vcpuMmapSize;
  }

  /** KVM_CHECK_EXTENSION of this VM: 0 if it does not have a capability, else 1 or a number that the capability defines. */
  checkExtension(capability: Capability): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capabilityNumber(this.bindings, capability));
  }

  /** @throws KvmUnsupportedError, which names the capability, when this VM does not have it. */
  requireExtension(capability: Capability): void {
    requireExtension(this, capability);
  }

  /**
   * KVM_ENABLE_CAP: enables a capability that is off by default: `enableCap('KVM_CAP_SPLIT_IRQCHIP', 24)`.
   *
   * @throws KvmUnsupportedError, which names the capability, when the kernel does not have it.
   */
  enableCap(capability: Capability, ...args: readonly (number | bigint)[]): void {
    enableCapability(this, capability, args);
  }

  /**
   * KVM_SET_USER_MEMORY_REGION: adds memory to the guest, and returns the number of its slot. The VM keeps the memory mapped
   * while it is in a slot, even after JavaScript has closed it.
   *
   * @throws KvmArgumentError when the slot is in use, when the addresses overlap those of another slot, or when a number is
   * not a multiple of the page size.
   */
  addMemory({
    memory,
    guestAddress,
    offset = 0,
    length = memory.size - offset,
    flags = 0,
    guestMemfd,
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
        throw new KvmArgumentError(`guest addresses ${textOf(range)} overlap memory slot ${other}`);
      }
    }
    this.#setMemory(slot, range, BigInt(flags), memory.address + BigInt(offset), memory, guestMemfd);
    this.#slots.set(slot, range);
    return slot;
  }

  /** KVM_SET_USER_MEMORY_REGION: removes the memory of a slot from the guest. */
  removeMemory(slot: number): void {
    const { start } = this.#rangeOf(slot);
    this.#setMemory(slot, { start, end: start }, 0n, 0n, null);
    this.#slots.delete(slot);
  }

  #setMemory(
    slot: number,
    { start, end }: Range,
    flags: bigint,
    address: bigint,
    memory: GuestMemory | null,
    guestMemfd?: MemorySlot['guestMemfd'],
  ): void {
    const { KVM_SET_USER_MEMORY_REGION, KVM_SET_USER_MEMORY_REGION2, KvmUserspaceMemoryRegion } = this.bindings;
    const request = guestMemfd ? KVM_SET_USER_MEMORY_REGION2 : KVM_SET_USER_MEMORY_REGION;
    const region = guestMemfd ? this.#privateRegion(guestMemfd) : allocate(KvmUserspaceMemoryRegion);
    region.slot = slot;
    region.flags |= Number(flags);
    region.guest_phys_addr = start;
    region.memory_size = end - start;
    region.userspace_addr = address;
    const { $$view, $$offset } = region;
    const result = addon().vmSetMemory({
      vm: this.handle,
      request: request.request,
      view: $$view,
      offset: $$offset,
      needed: request.size,
      slot,
      memory: memory === null ? null : memory.handle,
    });
    if (result < 0) throw kernelError(request.name, result, capabilityOf(request, 'vm'));
  }

  #privateRegion({ memfd, offset = 0 }: NonNullable<MemorySlot['guestMemfd']>): KvmUserspaceMemoryRegion2 {
    const region = allocate(this.bindings.KvmUserspaceMemoryRegion2);
    region.flags = Number(this.bindings.KVM_MEM_GUEST_MEMFD);
    region.guest_memfd = memfd.fd;
    region.guest_memfd_offset = BigInt(offset);
    return region;
  }

  /** For the classes of this package: the length in bytes of the memory in a slot. */
  slotSize(slot: number): number {
    const { start, end } = this.#rangeOf(slot);
    return Number(end - start);
  }

  #rangeOf(slot: number): Range {
    const range = this.#slots.get(slot);
    if (!range) throw new KvmArgumentError(`memory slot ${slot} is not in use`);
    return range;
  }

  #freeSlot(): number {
    let slot = 0;
    while (this.#slots.has(slot)) slot++;
    return slot;
  }

  /**
   * KVM_CREATE_VCPU: creates a vCPU. `id` is its number, which is the APIC id on x86.
   *
   * @throws KvmArgumentError when the kick signal is not available, KvmUnsupportedError when the mechanism is not.
   */
  createVcpu(id = 0, options: VcpuOptions = {}): Vcpu {
    // This comes before KVM_CREATE_VCPU: the id of a vCPU that nobody can use would be lost.
    const ready = readyVcpuOptions(options, this);
    const fd = this.ioctl(this.bindings.KVM_CREATE_VCPU, id);
    return Vcpu.create(this.handle, fd, this.#vcpuMmapSize, this.bindings, ready);
  }

  /** KVM_CREATE_GUEST_MEMFD: creates memory for `addMemory`. `size` is in bytes. */
  createGuestMemfd(size: number, flags: number | bigint = 0): GuestMemfd {
    const { KvmCreateGuestMemfd, KVM_CREATE_GUEST_MEMFD } = this.bindings;
    const create = allocate(KvmCreateGuestMemfd);
    create.size = BigInt(size);
    create.flags = BigInt(flags);
    return new GuestMemfd(this.ioctl(KVM_CREATE_GUEST_MEMFD, create), size);
  }

  /** KVM_CREATE_DEVICE: creates a device of a `KVM_DEV_TYPE_…`. @throws KvmError with ENODEV when the kernel has no such device. */
  createDevice(type: number): VmDevice {
    const { KvmCreateDevice, KVM_CREATE_DEVICE } = this.bindings;
    const create = allocate(KvmCreateDevice);
    create.type = type;
    this.ioctl(KVM_CREATE_DEVICE, create);
    return new VmDevice(this, create.fd);
  }

  // Call these once, before the first vCPU.

  /** KVM_SET_TSS_ADDR: sets the address of three pages that Intel processors need for real mode: below 4 GiB, not in a slot. */
  setTssAddr(guestAddress: number): void {
    this.ioctl(this.bindings.KVM_SET_TSS_ADDR, guestAddress);
  }

  /** KVM_SET_IDENTITY_MAP_ADDR: sets the address of a page for real mode, by default the page before 0xfffbd000. */
  setIdentityMapAddr(guestAddress: number | bigint): void {
    const { KVM_SET_IDENTITY_MAP_ADDR: request } = this.bindings;
    const address = allocate(request.argument);
    address.value = BigInt(guestAddress);
    this.ioctl(request, address);
  }

  /** KVM_SET_BOOT_CPU_ID: sets the vCPU that starts first, by default 0. The other vCPUs wait until the guest starts them. */
  setBootCpuId(id: number): void {
    this.ioctl(this.bindings.KVM_SET_BOOT_CPU_ID, id);
  }

  // Time

  /** KVM_GET_CLOCK: reads the guest's kvmclock in nanoseconds, into `clock` or a new view. */
  getClock(clock?: KvmClockData): KvmClockData {
    return read(this.ioctl, this.bindings.KVM_GET_CLOCK, clock);
  }

  /** KVM_SET_CLOCK: sets the guest's kvmclock. `flags` may be `KVM_CLOCK_REALTIME` or 0. */
  setClock(clock: KvmClockData): void {
    this.ioctl(this.bindings.KVM_SET_CLOCK, clock);
  }

  /** KVM_GET_TSC_KHZ: the frequency of the time stamp counters of vCPUs that are created later. */
  getTscKhz(): number {
    return this.ioctl(this.bindings.KVM_GET_TSC_KHZ);
  }

  /** KVM_SET_TSC_KHZ: sets that frequency, for vCPUs that are created later (KVM_CAP_VM_TSC_CONTROL). */
  setTscKhz(khz: number): void {
    this.ioctl(this.bindings.KVM_SET_TSC_KHZ, khz);
  }

  // Filters, limits and encryption

  /** KVM_X86_SET_MSR_FILTER: sets the allowed MSR accesses. Others are faults, or exits with KVM_CAP_X86_USER_SPACE_MSR. */
  setMsrFilter(filter: MsrFilter): void {
    setMsrFilter(this.target, this.bindings, filter);
  }

  /** KVM_SET_PMU_EVENT_FILTER: sets the events that the guest may count. */
  setPmuEventFilter(filter: KvmPmuEventFilter): void {
    this.ioctl(this.bindings.KVM_SET_PMU_EVENT_FILTER, filter);
  }

  /** KVM_SET_NR_MMU_PAGES: sets how many pages the kernel may use to shadow the guest's page tables. */
  setNrMmuPages(pages: number): void {
    this.ioctl(this.bindings.KVM_SET_NR_MMU_PAGES, pages);
  }

  /** KVM_MEMORY_ENCRYPT_OP without a command: whether this VM can be encrypted. */
  hasEncryption(): boolean {
    return this.target.value(this.bindings.KVM_MEMORY_ENCRYPT_OP.request, 0) >= 0;
  }

  /** KVM_MEMORY_ENCRYPT_REG_REGION: registers memory of an encrypted guest. The kernel does not move it. */
  registerEncrypted(memory: GuestMemory, offset: number = 0, length: number = memory.size - offset): void {
    this.#encrypted(this.bindings.KVM_MEMORY_ENCRYPT_REG_REGION, memory, offset, length);
  }

  /** KVM_MEMORY_ENCRYPT_UNREG_REGION: ends `registerEncrypted` of the same memory. */
  unregisterEncrypted(memory: GuestMemory, offset: number = 0, length: number = memory.size - offset): void {
    this.#encrypted(this.bindings.KVM_MEMORY_ENCRYPT_UNREG_REGION, memory, offset, length);
  }

  #encrypted(
    request: Bindings['KVM_MEMORY_ENCRYPT_REG_REGION'],
    memory: GuestMemory,
    offset: number,
    length: number,
  ): void {
    // Throws when the bytes are not all inside the memory.
    memory.dataView(offset, length);
    const region = allocate(this.bindings.KvmEncRegion);
    region.addr = memory.address + BigInt(offset);
    region.size = BigInt(length);
    ioctlOfBytes(this.target, request, region, request.size);
  }

  /** For the classes of this package. */
  readonly target: IoctlTarget & { readonly kind: 'vm' } = {
    ...ioctlsOfFd(() => addon().vmFd(this.handle)),
    kind: 'vm',
    capabilities: this,
  };

  /** Makes any ioctl of the VM file descriptor. */
  readonly ioctl: GenericIoctl<'vm'> = genericIoctl(this.target);

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): VmHandle {
    if (!this.#handle) throw new KvmClosedError('this Vm is closed');
    return this.#handle;
  }

  static {
    printBy(Vm, (vm) => {
      const memory = [...vm.#slots].map(([slot, range]) => [slot, shown(textOf(range), 'number')]);
      return { fd: addon().vmFd(vm.handle), memory: Object.fromEntries(memory) };
    });
  }

  /** Closes the VM. Its vCPUs continue, and the kernel's VM ends with the last of them. */
  close(): void {
    if (!this.#handle) return;
    addon().vmRelease(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
