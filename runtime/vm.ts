/** A virtual machine: its memory slots, its vCPUs and its devices. */

import { allocate } from '../support/index.js';
import { inspectable, shown } from '../support/inspect.js';
import { addon, type FileRecord, type VmRecord } from './addon.js';
import { rangeText } from './address-ranges.js';
import { newHandle, requireHandle } from './arguments.js';
import type { CapabilityOf } from './capability.js';
import type { Creator } from './construction.js';
import type { Architecture, Bindings, VcpuContext } from './context.js';
import { type KvmObject, openKvmOf, registerVm } from './creators.js';
import { adopted, type DuplicateFdOptions, duplicatedFd, requireFd } from './descriptors.js';
import type { VmDeviceBase } from './devices/vm-device.js';
import { clearDirtyLog, getDirtyLog } from './dirty-log.js';
import { KvmArgumentError, KvmClosedError } from './errors.js';
import { type GuestMemfd, makeGuestMemfd } from './guest-memfd.js';
import { checkBindings } from './host-bindings.js';
import { type MemorySlot, MemorySlots } from './memory-slots.js';
import { requireU32, requireU64, setMember } from './numbers.js';
import type { OpenVcpu } from './open-vcpu.js';
import { OpenVm } from './open-vm.js';
import { requireKnownKeys } from './options.js';
import { printBy } from './printing.js';
import type { CoalescedMmioRingBase } from './rings/coalesced-mmio-ring.js';
import { type DirtyRingBase, noDirtyRing } from './rings/dirty-ring.js';
import { type AnyVcpu, createdVcpu, readyVcpuOptions, type VcpuOptions, vcpuContext, vcpuContextIf } from './vcpu.js';
import { VmIo } from './vm-io.js';

/**
 * What another thread needs to attach to the VM. `Vm.share` returns the handle. A handle can be posted. A handle does not keep the
 * VM open: keep the VM open until the other thread has attached.
 */
export interface VmHandle {
  /** Always `'vm'`. */
  readonly kind: 'vm';
  /** The number of the VM in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

/** Pages of the guest and their attributes, for `Vm.setMemoryAttributes`. */
export interface MemoryAttributes {
  /** The guest-physical address of the first byte: a multiple of the page size. */
  readonly address: number | bigint;
  /** The number of bytes: a multiple of the page size. */
  readonly size: number | bigint;
  /** `KVM_MEMORY_ATTRIBUTE_PRIVATE`, or 0 for pages that are not private. */
  readonly attributes: number | bigint;
}

let contextOf: (vm: AnyVm) => OpenVm;

/** The classes of an architecture whose objects a VM makes. */
export interface VmClasses {
  readonly Vcpu: AnyVcpu;
  readonly VmDevice: VmDeviceBase;
  readonly DirtyRing: DirtyRingBase;
  readonly CoalescedMmioRing: CoalescedMmioRingBase;
}

/** What makes the objects of these classes. */
export interface VmMakers<B extends Bindings, Classes extends VmClasses> {
  vcpu(vcpu: OpenVcpu<B>): Classes['Vcpu'];
  device(vm: OpenVm<B>, record: FileRecord): Classes['VmDevice'];
  dirtyRing(vcpu: VcpuContext): Classes['DirtyRing'];
  coalescedMmioRing(vcpu: VcpuContext): Classes['CoalescedMmioRing'];
}

/** A VM of any architecture. */
export type AnyVm = VmBase<Bindings, VmClasses>;

/** The methods of `Vm` that every architecture has. */
export abstract class VmBase<B extends Bindings, Classes extends VmClasses> extends VmIo<B> implements Disposable {
  readonly #vm: OpenVm<B>;
  readonly #slots: MemorySlots;
  readonly #makers: VmMakers<B, Classes>;

  protected constructor(given: Creator, vm: OpenVm<B>, makers: VmMakers<B, Classes>) {
    super(given, vm);
    this.#vm = vm;
    this.#makers = makers;
    registerVm(this, vm);
    this.#slots = new MemorySlots(vm);
  }

  /**
   * Returns the handle to post to another thread, which passes it to `Vm.attach`.
   *
   * @throws KvmClosedError after `close`.
   */
  share(): VmHandle {
    return newHandle('vm', addon().vmId(this.#vm.record));
  }

  /** The VM file descriptor, which `close` closes. @throws KvmClosedError after `close`. */
  get fd(): number {
    return addon().vmFd(this.#vm.record);
  }

  /**
   * Returns a new file descriptor of the VM. It stays open after `close`: the caller closes it. Until then the kernel's VM lives. When
   * the last object of this package that uses the VM is closed, the memory slots are removed.
   *
   * @param options whether programs that this process starts get the file descriptor. They cannot use the VM.
   * @throws KvmClosedError after `close`, KvmArgumentError for wrong options, KvmError when the kernel refuses.
   */
  duplicateFd(options: DuplicateFdOptions = {}): number {
    const { record } = this.#vm;
    return duplicatedFd('Vm.duplicateFd', options, (cloexec) => addon().vmDuplicate(record, cloexec));
  }

  // Memory

  /**
   * KVM_SET_USER_MEMORY_REGION, or KVM_SET_USER_MEMORY_REGION2 with a guest memfd: adds memory to the guest. The VM
   * keeps the memory mapped while it is in a slot, even after JavaScript has closed it.
   *
   * @param slot the memory, and its place in the guest.
   * @returns the number of the slot.
   * @throws KvmArgumentError when the slot is in use, when the addresses overlap those of another slot of the same address space,
   * or when a number is not a multiple of the page size; KvmError when the kernel refuses.
   * @example
   * const memory = GuestMemory.create(0x10_0000);
   * const slot = vm.addMemory({ memory, guestAddress: 0, flags: KVM_MEM_LOG_DIRTY_PAGES });
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION"
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION2"
   */
  addMemory(slot: MemorySlot): number {
    return this.#slots.add(slot);
  }

  /**
   * KVM_SET_USER_MEMORY_REGION: sets the flags of a slot. The guest may run meanwhile.
   *
   * @param slot the number of the slot.
   * @param flags the new flags, such as `KVM_MEM_LOG_DIRTY_PAGES`.
   * @throws KvmArgumentError when the slot is not in use, and for a slot with a guest memfd, which the kernel never changes;
   * KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION"
   */
  setMemoryFlags(slot: number, flags: number | bigint): void {
    this.#slots.setFlags(slot, flags);
  }

  /**
   * KVM_SET_USER_MEMORY_REGION: moves the memory of a slot to another address of the guest. The slot keeps its memory and
   * its flags. The guest may run meanwhile: for a moment it has no memory at both addresses.
   *
   * @param slot the number of the slot.
   * @param guestAddress the new guest-physical address of the first byte, a multiple of the page size.
   * @throws KvmArgumentError when the slot is not in use, when the new addresses overlap those of another slot of the same address
   * space, and for a slot with a guest memfd; KvmError when the kernel refuses.
   * @example
   * vm.moveMemory(slot, 0xc000_0000); // As for a PCI BAR that the guest has moved.
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION"
   */
  moveMemory(slot: number, guestAddress: number | bigint): void {
    this.#slots.move(slot, guestAddress);
  }

  /**
   * KVM_SET_USER_MEMORY_REGION, or KVM_SET_USER_MEMORY_REGION2 for a slot with a guest memfd: removes the memory of a
   * slot from the guest.
   *
   * @param slot the number of the slot.
   * @throws KvmArgumentError when the slot is not in use, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION"
   * @see api.rst, "KVM_SET_USER_MEMORY_REGION2"
   */
  removeMemory(slot: number): void {
    this.#slots.remove(slot);
  }

  /**
   * KVM_CREATE_GUEST_MEMFD (KVM_CAP_GUEST_MEMFD): creates memory for the private pages of the guest. `addMemory` uses
   * this memory.
   *
   * @param size in bytes, a multiple of the page size.
   * @param flags `GUEST_MEMFD_FLAG_…` of KVM_CAP_GUEST_MEMFD_FLAGS, by default 0. With `GUEST_MEMFD_FLAG_MMAP` and
   * `GUEST_MEMFD_FLAG_INIT_SHARED` the host can map it, too.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_CREATE_GUEST_MEMFD"
   */
  createGuestMemfd(size: number, flags: number | bigint = 0): GuestMemfd {
    const { KvmCreateGuestMemfd, KVM_CREATE_GUEST_MEMFD: request } = this.bindings;
    const create = allocate(KvmCreateGuestMemfd);
    setMember(request.name, create, 'size', 'size', size);
    setMember(request.name, create, 'flags', 'flags', flags);
    return makeGuestMemfd(this.#vm.createFile(request, create), Number(create.size));
  }

  /**
   * KVM_SET_MEMORY_ATTRIBUTES (KVM_CAP_MEMORY_ATTRIBUTES): sets the attributes of pages of the guest. The guest memfd of
   * a slot has the private pages, and the `memory` of the slot has the others.
   *
   * @param pages the guest-physical addresses, which need no slot, and their attributes.
   * @throws KvmUnsupportedError when the kernel or this kind of VM does not have the capability; KvmError when the kernel refuses: an
   * attribute is not in the value of KVM_CAP_MEMORY_ATTRIBUTES, or a number is not a multiple of the page size.
   * @example
   * vm.setMemoryAttributes({ address: 0x10_0000, size: 0x1000, attributes: KVM_MEMORY_ATTRIBUTE_PRIVATE });
   * @see api.rst, "KVM_SET_MEMORY_ATTRIBUTES"
   */
  setMemoryAttributes(pages: MemoryAttributes): void {
    const { KvmMemoryAttributes, KVM_SET_MEMORY_ATTRIBUTES: request } = this.bindings;
    requireKnownKeys<MemoryAttributes>(request.name, pages, { address: true, size: true, attributes: true });
    const set = allocate(KvmMemoryAttributes);
    setMember(request.name, set, 'address', 'address', pages.address);
    setMember(request.name, set, 'size', 'size', pages.size);
    setMember(request.name, set, 'attributes', 'attributes', pages.attributes);
    this.ioctl(request, set);
  }

  // The pages that the guest writes to

  /**
   * KVM_GET_DIRTY_LOG: returns one bit for each page of a slot that has `KVM_MEM_LOG_DIRTY_PAGES`. The bit is set if the
   * guest has written to the page. `pagesOf` lists the pages. The call clears the kernel's bits, unless
   * KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is enabled: only `clearDirtyLog` clears them then.
   *
   * @param slot the number of the slot.
   * @throws KvmArgumentError when the slot is not in use, KvmError with code `ENOENT` when the slot does not have the
   * flag.
   * @see api.rst, "KVM_GET_DIRTY_LOG (vm ioctl)"
   */
  getDirtyLog(slot: number): Uint8Array {
    return getDirtyLog(this.#vm, slot, () => this.#slots.size('KVM_GET_DIRTY_LOG', slot));
  }

  /**
   * KVM_CLEAR_DIRTY_LOG (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2): the kernel clears the bits that are set in `bitmap`, and
   * logs the next write to each of these pages.
   *
   * @param slot the number of the slot.
   * @param bitmap one bit for each page, as `getDirtyLog` returns it.
   * @param firstPage the page of the slot that the first bit is for, a multiple of 64.
   * @param pages the number of pages, a multiple of 64 or up to the end of the slot. By default one for each bit.
   * @throws KvmArgumentError when the bitmap is too short, or when the pages are not all in the slot.
   * @see api.rst, "KVM_CLEAR_DIRTY_LOG (vm ioctl)"
   */
  clearDirtyLog(slot: number, bitmap: Uint8Array, firstPage: number = 0, pages?: number): void {
    clearDirtyLog(this.#vm, slot, this.#slots.size('KVM_CLEAR_DIRTY_LOG', slot), bitmap, firstPage, pages);
  }

  /**
   * Maps the dirty ring of a vCPU. Enable KVM_CAP_DIRTY_LOG_RING_ACQ_REL before the vCPU is created, with the size of
   * each ring in bytes: a power of two and at least one page. The slots have no dirty logs then. A vCPU whose ring is
   * nearly full exits with KVM_EXIT_DIRTY_RING_FULL. All objects of the ring of
   * a vCPU have the same position of the next harvest, in every thread.
   *
   * @param vcpu a vCPU of this VM.
   * @throws KvmArgumentError when the rings are not enabled, and for a vCPU of another VM.
   */
  dirtyRing(vcpu: Classes['Vcpu']): Classes['DirtyRing'] {
    if (addon().vmDirtyRing(this.#vm.record) === 0) throw noDirtyRing('Vm.dirtyRing');
    return this.#makers.dirtyRing(this.#own('Vm.dirtyRing', vcpu));
  }

  /**
   * KVM_RESET_DIRTY_RINGS (KVM_CAP_DIRTY_LOG_RING): gives the harvested entries of all rings back to the kernel, which
   * then logs the next write to each page.
   *
   * @returns the number of entries. Since Linux 6.16 a signal can end the ioctl early, so the number can be smaller than the number
   * of harvested entries. The next call gives back the others.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_CAP_DIRTY_LOG_RING/KVM_CAP_DIRTY_LOG_RING_ACQ_REL"
   */
  resetDirtyRings(): number {
    return this.ioctl(this.bindings.KVM_RESET_DIRTY_RINGS);
  }

  override enableCap(capability: CapabilityOf<B>, ...args: readonly (number | bigint)[]): void {
    // The kernel and the record of the VM get the same numbers.
    const numbers = args.map((each) => requireU64('KVM_ENABLE_CAP', 'argument', each));
    super.enableCap(capability, ...numbers);
    const { KVM_CAP_DIRTY_LOG_RING, KVM_CAP_DIRTY_LOG_RING_ACQ_REL } = this.bindings;
    const isRing = ['KVM_CAP_DIRTY_LOG_RING', 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL'].includes(capability as string);
    if (isRing || capability === KVM_CAP_DIRTY_LOG_RING || capability === KVM_CAP_DIRTY_LOG_RING_ACQ_REL) {
      addon().vmSetDirtyRing(this.#vm.record, Number(numbers[0]));
    }
  }

  /**
   * Returns the ring of coalesced writes of this VM. Every vCPU of the VM shows the same ring.
   *
   * @param vcpu any vCPU of this VM.
   * @throws KvmUnsupportedError without KVM_CAP_COALESCED_MMIO, KvmArgumentError for a vCPU of another VM.
   */
  coalescedMmioRing(vcpu: Classes['Vcpu']): Classes['CoalescedMmioRing'] {
    return this.#makers.coalescedMmioRing(this.#own('Vm.coalescedMmioRing', vcpu));
  }

  /** Returns what is needed of a vCPU of this VM. @throws KvmArgumentError for a vCPU of another VM. */
  #own(operation: string, vcpu: AnyVcpu): VcpuContext {
    const context = vcpuContext(operation, vcpu);
    if (addon().vcpuIsOf(context.record, this.#vm.record)) return context;
    throw new KvmArgumentError(
      operation,
      'the vCPU is of another VM; pass a vCPU that createVcpu of this VM has returned',
    );
  }

  // vCPUs and devices

  /**
   * KVM_CREATE_VCPU: creates a vCPU. With `mechanism: 'signal_mask'` the vCPU uses KVM_SET_SIGNAL_MASK.
   *
   * @param id the number of the vCPU, which is the APIC id on x86.
   * @param options the kick signal and the mechanism.
   * @throws KvmArgumentError when the kick signal is not available, KvmUnsupportedError when the mechanism is not,
   * KvmError with code `EEXIST` when the VM has a vCPU with this id.
   * @see api.rst, "KVM_CREATE_VCPU"
   * @see api.rst, "KVM_SET_SIGNAL_MASK"
   */
  createVcpu(id: number = 0, options: VcpuOptions = {}): Classes['Vcpu'] {
    // Older kernels use the low 32 bits of the id.
    const number = requireU32('KVM_CREATE_VCPU', 'id', id);
    // This comes before KVM_CREATE_VCPU: the id of a vCPU that nobody can use would be lost.
    const ready = readyVcpuOptions(options, this.#vm);
    return this.#makers.vcpu(createdVcpu(this.#vm, number, ready));
  }

  /**
   * KVM_CREATE_DEVICE (KVM_CAP_DEVICE_CTRL): creates a device.
   *
   * @param type the type of the device, `KVM_DEV_TYPE_…`.
   * @throws KvmError with code `ENODEV` when the kernel does not support this type.
   * @see api.rst, "KVM_CREATE_DEVICE"
   */
  createDevice(type: number): Classes['VmDevice'] {
    const { KvmCreateDevice, KVM_CREATE_DEVICE } = this.bindings;
    const create = allocate(KvmCreateDevice);
    setMember(KVM_CREATE_DEVICE.name, create, 'type', 'type', type);
    const { offset } = KvmCreateDevice.$layout.members.fd;
    const record = this.#vm.createFile(KVM_CREATE_DEVICE, create, offset);
    addon().deviceSetType(record, create.type);
    return this.#makers.device(this.#vm, record);
  }

  /**
   * Closes the VM in this thread. Other threads that have attached to the VM, the vCPUs and the devices of the VM continue. The
   * kernel's VM ends with the last of them.
   */
  close(): void {
    this.#vm.close();
  }

  /** Calls `close` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    contextOf = (vm) => vm.#vm;
    printBy({ name: 'Vm', prototype: VmBase.prototype as AnyVm }, (vm) => {
      const memory = [...vm.#slots.ranges].map(([slot, range]) => [slot, shown(rangeText(range), 'number')]);
      return { fd: vm.fd, memory: Object.fromEntries(memory) };
    });
  }
}

/** A VM of KVM_CREATE_VM, or of another part of the process. `vcpuMmapSize` is the result of KVM_GET_VCPU_MMAP_SIZE. */
export function openedVm<B extends Bindings>(
  record: VmRecord,
  architecture: Architecture<B>,
  vcpuMmapSize: number,
): OpenVm<B> {
  addon().vmSetVcpuBytes(record, vcpuMmapSize);
  return new OpenVm(record, architecture);
}

/** Implements `Vm.attach`. */
export function attachedVm<B extends Bindings>(from: VmHandle | AnyVcpu, architecture: Architecture<B>): OpenVm<B> {
  const vcpu = vcpuContextIf(from) as VcpuContext<B> | undefined;
  if (vcpu) return new OpenVm(addon().vmOfVcpu(vcpu.record), vcpu);
  checkBindings('Vm.attach', architecture.bindings);
  inspectable(architecture.bindings);
  const found = addon().vmFind(requireHandle('Vm.attach', from, 'vm'));
  if (!found) throw new KvmClosedError('Vm.attach', 'the VM of this handle is closed');
  return new OpenVm(found, architecture);
}

/** Implements `Vm.fromFd`. */
export function vmFromFd(fd: number, kvm: KvmObject): OpenVm {
  const operation = 'Vm.fromFd';
  const number = requireFd(operation, fd);
  const { architecture, vcpuMmapSize } = openKvmOf(operation, kvm);
  return openedVm(adopted(operation, 'a VM', number, addon().vmFromFd(number)), architecture, vcpuMmapSize());
}

/** Returns what the other parts of the runtime need of a VM. */
export function vmContext(vm: AnyVm): OpenVm {
  return contextOf(vm);
}
