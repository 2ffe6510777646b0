/** A virtual machine: the VM file descriptor, its memory slots, and the vCPUs made of it. */

import { shown } from '../generated/inspect.js';
import { allocate } from '../generated/views.js';
import type { KvmClockData, KvmPmuEventFilter, KvmUserspaceMemoryRegion2 } from '../generated/x86_64/linux/kvm.js';
import { native, type VmHandle } from './addon.js';
import { type Capability, capabilityNumber, enableCapability, requireExtension } from './capability.js';
import type { Bindings, GenericIoctl, IoctlTarget, VmContext } from './context.js';
import { VmDevice } from './devices/vm-device.js';
import { KvmArgumentError, KvmClosedError, kernelError } from './errors.js';
import { GuestMemfd } from './files.js';
import { GuestIo } from './guest-io.js';
import { Interrupts } from './interrupts.js';
import { genericIoctl, ioctlOfBytes, ioctlsOfFd, read } from './ioctl.js';
import type { GuestMemory } from './memory.js';
import { type MsrFilter, setMsrFilter } from './msr-filter.js';
import { printBy } from './printing.js';
import { DirtyPages } from './rings/dirty.js';
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
  /** Memory for the pages that are private to the guest, as long as the slot (KVM_CAP_USER_MEMORY2, KVM_CAP_GUEST_MEMFD). */
  readonly guestMemfd?: { readonly memfd: GuestMemfd; readonly offset?: number };
}

/** The smallest page of every architecture that the bindings are for. */
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
  /** Interrupt controllers, lines and messages, and the timer chip. */
  readonly interrupts: Interrupts = new Interrupts(this);
  /** Writes of the guest that are no exits. */
  readonly io: GuestIo = new GuestIo(this);
  /** The pages that the guest writes to. */
  readonly dirty: DirtyPages = new DirtyPages(this);

  /** VMs are made by `Kvm.createVm`. */
  constructor(handle: VmHandle, bindings: Bindings, vcpuMmapSize: number) {
    this.#handle = handle;
    this.bindings = bindings;
    this.#vcpuMmapSize = vcpuMmapSize;
  }

  /** KVM_CHECK_EXTENSION as this VM answers it: 0 when it lacks a capability, else 1 or a number that means something. */
  checkExtension(capability: Capability): number {
    return this.ioctl(this.bindings.KVM_CHECK_EXTENSION, capabilityNumber(this.bindings, capability));
  }

  /** @throws KvmUnsupportedError naming the capability when this VM lacks it. */
  requireExtension(capability: Capability): void {
    requireExtension(this, capability);
  }

  /**
   * KVM_ENABLE_CAP: turns on what is off by default: `enableCap('KVM_CAP_SPLIT_IRQCHIP', 24)`.
   *
   * @throws KvmUnsupportedError naming the capability when the kernel does not have it.
   */
  enableCap(capability: Capability, ...args: readonly (number | bigint)[]): void {
    enableCapability(this, capability, args);
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

  /** Takes the memory of a slot away from the guest. */
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
    const result = native().vmSetMemory({
      vm: this.handle,
      request: request.request,
      view: $$view,
      offset: $$offset,
      needed: request.size,
      slot,
      memory: memory === null ? null : memory.handle,
    });
    if (result < 0) throw kernelError(request.name, result);
  }

  #privateRegion({ memfd, offset = 0 }: NonNullable<MemorySlot['guestMemfd']>): KvmUserspaceMemoryRegion2 {
    const region = allocate(this.bindings.KvmUserspaceMemoryRegion2);
    region.flags = Number(this.bindings.KVM_MEM_GUEST_MEMFD);
    region.guest_memfd = memfd.fd;
    region.guest_memfd_offset = BigInt(offset);
    return region;
  }

  /** For the classes of this package: how long the memory in a slot is, in bytes. */
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
   * KVM_CREATE_VCPU. `id` is the vCPU's number, on x86 its APIC id.
   *
   * @throws KvmArgumentError when the signal is not to be had, KvmUnsupportedError when the mechanism is not.
   */
  createVcpu(id = 0, options: VcpuOptions = {}): Vcpu {
    // Before the kernel has made a vCPU that nobody could use, whose number would be taken for good.
    const ready = readyVcpuOptions(options, this);
    const fd = this.ioctl(this.bindings.KVM_CREATE_VCPU, id);
    return Vcpu.create(this.handle, fd, this.#vcpuMmapSize, this.bindings, ready);
  }

  /** KVM_CREATE_GUEST_MEMFD: memory for `addMemory`, in bytes. */
  createGuestMemfd(size: number, flags: number | bigint = 0): GuestMemfd {
    const { KvmCreateGuestMemfd, KVM_CREATE_GUEST_MEMFD } = this.bindings;
    const create = allocate(KvmCreateGuestMemfd);
    create.size = BigInt(size);
    create.flags = BigInt(flags);
    return new GuestMemfd(this.ioctl(KVM_CREATE_GUEST_MEMFD, create), size);
  }

  /** KVM_CREATE_DEVICE: `KVM_DEV_TYPE_…`. @throws KvmError with ENODEV when the kernel does not have this one. */
  createDevice(type: number): VmDevice {
    const { KvmCreateDevice, KVM_CREATE_DEVICE } = this.bindings;
    const create = allocate(KvmCreateDevice);
    create.type = type;
    this.ioctl(KVM_CREATE_DEVICE, create);
    return new VmDevice(this, create.fd);
  }

  // Once, before the first vCPU

  /** KVM_SET_TSS_ADDR: three pages below 4 GiB, and not in a slot, that Intel processors need for real mode. */
  setTssAddr(guestAddress: number): void {
    this.ioctl(this.bindings.KVM_SET_TSS_ADDR, guestAddress);
  }

  /** KVM_SET_IDENTITY_MAP_ADDR: a page for the same, by default the one before 0xfffbd000. */
  setIdentityMapAddr(guestAddress: number | bigint): void {
    const { KVM_SET_IDENTITY_MAP_ADDR: request } = this.bindings;
    const address = allocate(request.argument);
    address.value = BigInt(guestAddress);
    this.ioctl(request, address);
  }

  /** KVM_SET_BOOT_CPU_ID: the vCPU that starts at once, by default 0; the others wait for it. */
  setBootCpuId(id: number): void {
    this.ioctl(this.bindings.KVM_SET_BOOT_CPU_ID, id);
  }

  // Time

  /** KVM_GET_CLOCK: the nanoseconds that kvmclock shows the guest, into `clock` or a new view. */
  getClock(clock?: KvmClockData): KvmClockData {
    return read(this.ioctl, this.bindings.KVM_GET_CLOCK, clock);
  }

  /** KVM_SET_CLOCK. `flags` may be `KVM_CLOCK_REALTIME`, and nothing else. */
  setClock(clock: KvmClockData): void {
    this.ioctl(this.bindings.KVM_SET_CLOCK, clock);
  }

  /** KVM_GET_TSC_KHZ: how fast the time stamp counters of vCPUs made from now on run. */
  getTscKhz(): number {
    return this.ioctl(this.bindings.KVM_GET_TSC_KHZ);
  }

  /** KVM_SET_TSC_KHZ: for vCPUs made from now on (KVM_CAP_VM_TSC_CONTROL). */
  setTscKhz(khz: number): void {
    this.ioctl(this.bindings.KVM_SET_TSC_KHZ, khz);
  }

  // What the kernel does for the guest

  /** KVM_X86_SET_MSR_FILTER: accesses that are not allowed are faults, or exits with KVM_CAP_X86_USER_SPACE_MSR. */
  setMsrFilter(filter: MsrFilter): void {
    setMsrFilter(this.target, this.bindings, filter);
  }

  /** KVM_SET_PMU_EVENT_FILTER: which events the guest may count. */
  setPmuEventFilter(filter: KvmPmuEventFilter): void {
    this.ioctl(this.bindings.KVM_SET_PMU_EVENT_FILTER, filter);
  }

  /** KVM_SET_NR_MMU_PAGES: how many pages the kernel may use to shadow the guest's page tables. */
  setNrMmuPages(pages: number): void {
    this.ioctl(this.bindings.KVM_SET_NR_MMU_PAGES, pages);
  }

  /** KVM_MEMORY_ENCRYPT_OP with no command: whether this VM can be encrypted. */
  hasEncryption(): boolean {
    return this.target.value(this.bindings.KVM_MEMORY_ENCRYPT_OP.request, 0) >= 0;
  }

  /** KVM_MEMORY_ENCRYPT_REG_REGION: memory that an encrypted guest uses, which the kernel keeps where it is. */
  registerEncrypted(memory: GuestMemory, offset: number = 0, length: number = memory.size - offset): void {
    this.#encrypted(this.bindings.KVM_MEMORY_ENCRYPT_REG_REGION, memory, offset, length);
  }

  /** KVM_MEMORY_ENCRYPT_UNREG_REGION: the end of `registerEncrypted` of the same. */
  unregisterEncrypted(memory: GuestMemory, offset: number = 0, length: number = memory.size - offset): void {
    this.#encrypted(this.bindings.KVM_MEMORY_ENCRYPT_UNREG_REGION, memory, offset, length);
  }

  #encrypted(
    request: Bindings['KVM_MEMORY_ENCRYPT_REG_REGION'],
    memory: GuestMemory,
    offset: number,
    length: number,
  ): void {
    // Whether they are all inside.
    memory.dataView(offset, length);
    const region = allocate(this.bindings.KvmEncRegion);
    region.addr = memory.address + BigInt(offset);
    region.size = BigInt(length);
    ioctlOfBytes(this.target, request, region, request.size);
  }

  /** For the classes of this package. */
  readonly target: IoctlTarget = { ...ioctlsOfFd(() => native().vmFd(this.handle)), capabilities: this };

  /** Any ioctl of the VM file descriptor. */
  readonly ioctl: GenericIoctl<'vm'> = genericIoctl('vm', this.target);

  /** For the classes of this package. @throws KvmClosedError after `close`. */
  get handle(): VmHandle {
    if (!this.#handle) throw new KvmClosedError('this Vm is closed');
    return this.#handle;
  }

  static {
    printBy(Vm, (vm) => {
      const memory = [...vm.#slots].map(([slot, range]) => [slot, shown(textOf(range), 'number')]);
      return { fd: native().vmFd(vm.handle), memory: Object.fromEntries(memory) };
    });
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
}
