/** The methods of `Vm` of x86-64 for its settings: addresses, clocks, filters, Xen, Hyper-V and encryption. */

import type {
  KvmClockData,
  KvmPmuEventFilter,
  KvmXenHvmAttr,
  KvmXenHvmConfig,
} from '../../generated/x86_64/linux/kvm.js';
import { allocate, type PartialOf } from '../../support/index.js';
import { addon } from '../addon.js';
import type { MemoryRange } from '../addressed-ioctl.js';
import type { Creator } from '../construction.js';
import { type DeviceAttr, getDeviceAttr } from '../devices/device-attr.js';
import { type EventFd, requireEventFd } from '../eventfd.js';
import { read, refused } from '../ioctl.js';
import { type GuestMemory, memoryRecord, requireInside, requireMemory } from '../memory.js';
import { requireInteger, requireU32, setMember } from '../numbers.js';
import type { OpenVm } from '../open-vm.js';
import { wholeStruct } from '../struct-values.js';
import type { VmClasses, VmMakers } from '../vm.js';
import { attributesOf, VmAttributes } from '../vm-attributes.js';
import type { Bindings } from './bindings.js';
import {
  type EncryptCommand,
  type EncryptCommandAlone,
  type EncryptOptions,
  type EncryptResult,
  memoryEncryptOp,
} from './memory-encryption.js';
import { type MsrFilter, setMsrFilter } from './msr-filter.js';
import type { CoalescedMmioRing, DirtyRing } from './rings.js';
import type { Vcpu } from './vcpu.js';
import type { VmDevice } from './vm-device.js';
import {
  type XenEvtchn,
  type XenHypercallPages,
  xenHvmConfig,
  xenHvmEvtchnSend,
  xenHvmGetAttr,
  xenHvmSetAttr,
} from './xen.js';

/** The classes of x86-64 whose objects a VM makes. */
export interface Classes extends VmClasses {
  readonly Vcpu: Vcpu;
  readonly VmDevice: VmDevice;
  readonly DirtyRing: DirtyRing;
  readonly CoalescedMmioRing: CoalescedMmioRing;
}

/** The part of `Vm` of x86-64 with its settings. */
export abstract class X86VmSettings extends VmAttributes<Bindings, Classes> {
  readonly #vm: OpenVm<Bindings>;

  protected constructor(given: Creator, vm: OpenVm<Bindings>, makers: VmMakers<Bindings, Classes>) {
    super(given, vm, makers);
    this.#vm = vm;
  }

  // Attributes

  /**
   * KVM_GET_DEVICE_ATTR (KVM_CAP_VM_ATTRIBUTES): returns the first `length` bytes of an attribute of the VM.
   *
   * @param which the numbers of the group and of the attribute.
   * @param length in bytes, at most 32 MiB. By default the length of the attribute, where the bindings know it.
   * @throws KvmError with code `ENXIO` when the attribute does not exist, KvmUnsupportedError when the kernel does not have the
   * capability, as on x86, KvmArgumentError for a length that is too large, and without a length when the bindings do not know it.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  getDeviceAttr(which: DeviceAttr, length?: number): Uint8Array {
    return getDeviceAttr(attributesOf(this.#vm, 'KVM_GET_DEVICE_ATTR'), which, length);
  }

  // Addresses. Set them once, before the first vCPU.

  /**
   * KVM_SET_TSS_ADDR: sets the guest-physical address of three pages that Intel processors need for real mode.
   *
   * @param guestAddress the address of the first page, below 4 GiB. The pages must not be in a memory slot.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_TSS_ADDR"
   */
  setTssAddr(guestAddress: number): void {
    this.ioctl(this.bindings.KVM_SET_TSS_ADDR, guestAddress);
  }

  /**
   * KVM_SET_IDENTITY_MAP_ADDR: sets the guest-physical address of a page that Intel processors need for real mode.
   *
   * @param guestAddress the address of the page. The default is 0xfffbc000.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_IDENTITY_MAP_ADDR"
   */
  setIdentityMapAddr(guestAddress: number | bigint): void {
    const { KVM_SET_IDENTITY_MAP_ADDR: request } = this.bindings;
    const address = allocate(request.argument);
    setMember(request.name, address, 'value', 'guestAddress', guestAddress);
    this.ioctl(request, address);
  }

  /**
   * KVM_SET_BOOT_CPU_ID: sets the vCPU that starts first, by default 0. The other vCPUs wait until the guest starts
   * them.
   *
   * @param id the number of the vCPU.
   * @throws KvmError with code `EBUSY` when the VM has a vCPU already.
   * @see api.rst, "KVM_SET_BOOT_CPU_ID"
   */
  setBootCpuId(id: number): void {
    this.ioctl(this.bindings.KVM_SET_BOOT_CPU_ID, requireU32('KVM_SET_BOOT_CPU_ID', 'id', id));
  }

  // Time

  /**
   * KVM_GET_CLOCK: reads the guest's kvmclock in nanoseconds.
   *
   * @param clock the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_CLOCK"
   */
  getClock(clock?: KvmClockData): KvmClockData {
    return read(this.ioctl, this.bindings.KVM_GET_CLOCK, clock);
  }

  /**
   * KVM_SET_CLOCK: sets the guest's kvmclock.
   *
   * @param clock the time in nanoseconds. The member `flags` may be `KVM_CLOCK_REALTIME` or 0. The members that a plain
   * object does not have are 0, because the clock that `getClock` returns is in the past, and its flags are refused.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_CLOCK"
   */
  setClock(clock: PartialOf<KvmClockData>): void {
    const { KVM_SET_CLOCK: request, KvmClockData } = this.bindings;
    this.ioctl(
      request,
      wholeStruct('KVM_SET_CLOCK', clock, () => allocate(KvmClockData)),
    );
  }

  /**
   * KVM_GET_TSC_KHZ (KVM_CAP_VM_TSC_CONTROL): returns the frequency of the time stamp counters of vCPUs that are created
   * later, in kHz.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_TSC_KHZ"
   */
  getTscKhz(): number {
    return this.ioctl(this.bindings.KVM_GET_TSC_KHZ);
  }

  /**
   * KVM_SET_TSC_KHZ (KVM_CAP_VM_TSC_CONTROL): sets the frequency of the time stamp counters of vCPUs that are created
   * later.
   *
   * @param khz the frequency in kHz.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_TSC_KHZ"
   */
  setTscKhz(khz: number): void {
    this.ioctl(this.bindings.KVM_SET_TSC_KHZ, requireU32('KVM_SET_TSC_KHZ', 'khz', khz));
  }

  // Filters and limits

  /**
   * KVM_X86_SET_MSR_FILTER (KVM_CAP_X86_MSR_FILTER): sets which MSRs the guest may access. Other accesses are faults of
   * the guest, or exits with KVM_CAP_X86_USER_SPACE_MSR.
   *
   * @param filter the rules for at most 16 ranges of MSRs.
   * @throws KvmArgumentError for a wrong range, KvmUnsupportedError when the kernel does not have the capability,
   * KvmError when the kernel refuses.
   * @example
   * vm.setMsrFilter({ others: 'allow', ranges: [{ base: 0xc000_0080, count: 1, access: 'write' }] });
   * @see api.rst, "KVM_X86_SET_MSR_FILTER"
   */
  setMsrFilter(filter: MsrFilter): void {
    setMsrFilter(this.#vm.target, this.bindings, filter);
  }

  /**
   * KVM_SET_PMU_EVENT_FILTER (KVM_CAP_PMU_EVENT_FILTER): sets the events that the guest may count.
   *
   * @param filter the events.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_PMU_EVENT_FILTER"
   */
  setPmuEventFilter(filter: KvmPmuEventFilter): void {
    this.ioctl(this.bindings.KVM_SET_PMU_EVENT_FILTER, filter);
  }

  /**
   * KVM_SET_NR_MMU_PAGES: sets how many pages the kernel may use to shadow the guest's page tables.
   *
   * @param pages the number of pages.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   */
  setNrMmuPages(pages: number): void {
    this.ioctl(this.bindings.KVM_SET_NR_MMU_PAGES, requireU32('KVM_SET_NR_MMU_PAGES', 'pages', pages));
  }

  /**
   * KVM_GET_NR_MMU_PAGES: returns how many pages the kernel may use to shadow the guest's page tables. Newer kernels do
   * not have the ioctl.
   *
   * @throws KvmUnsupportedError when the kernel does not have the ioctl.
   */
  getNrMmuPages(): number {
    return this.ioctl(this.bindings.KVM_GET_NR_MMU_PAGES);
  }

  // Xen and Hyper-V

  /**
   * KVM_XEN_HVM_CONFIG (KVM_CAP_XEN_HVM): configures the hypercalls of a Xen guest.
   *
   * @param config the flags and the number of the MSR. The members for the hypercall pages are written by this method.
   * @param pages the hypercall pages, which the kernel copies into the guest when the guest writes to the MSR. They are not
   * allowed with `KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL`.
   * @throws KvmArgumentError when a page does not have a multiple of 4096 bytes, KvmUnsupportedError when the kernel does
   * not have the capability, KvmError when the kernel refuses.
   * @example
   * const config = allocate(KvmXenHvmConfig);
   * config.msr = 0x4000_0000;
   * vm.xenHvmConfig(config, { blob_addr_64: new Uint8Array(4096) });
   * @see api.rst, "KVM_XEN_HVM_CONFIG"
   */
  xenHvmConfig(config: KvmXenHvmConfig, pages: XenHypercallPages = {}): void {
    xenHvmConfig(this.#vm, config, pages);
  }

  /**
   * KVM_XEN_HVM_GET_ATTR (KVM_CAP_XEN_HVM): reads an attribute of a Xen guest.
   *
   * @param type the number of the attribute, `KVM_XEN_ATTR_TYPE_…`.
   * @param into the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_XEN_HVM_GET_ATTR"
   */
  xenHvmGetAttr(type: number, into?: KvmXenHvmAttr): KvmXenHvmAttr {
    return xenHvmGetAttr(this.#vm, type, into);
  }

  /**
   * KVM_XEN_HVM_SET_ATTR (KVM_CAP_XEN_HVM): sets an attribute of a Xen guest.
   *
   * @param attr the type and the value of the attribute.
   * @param memory the shared info page, only for `KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA`: 4096 bytes of a guest memory. The VM
   * keeps the memory. Without it the guest has no shared info page any more.
   * @throws KvmArgumentError when another attribute has memory, KvmUnsupportedError when the kernel does not have the
   * capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_XEN_HVM_SET_ATTR"
   */
  xenHvmSetAttr(attr: KvmXenHvmAttr, memory?: MemoryRange): void {
    xenHvmSetAttr(this.#vm, attr, memory);
  }

  /**
   * KVM_XEN_HVM_EVTCHN_SEND (KVM_CAP_XEN_HVM with `KVM_XEN_HVM_CONFIG_EVTCHN_SEND`): sends an event to a Xen guest.
   *
   * @param event the number of the event channel, and the id of the vCPU.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_XEN_HVM_EVTCHN_SEND"
   */
  xenHvmEvtchnSend(event: XenEvtchn): void {
    xenHvmEvtchnSend(this.#vm, event);
  }

  /**
   * KVM_HYPERV_EVENTFD (KVM_CAP_HYPERV_EVENTFD): from now on each event that a Hyper-V guest signals on a connection is
   * a signal of `event`, without an exit.
   *
   * @param event the eventfd.
   * @param connId the number of the connection, at most 0xffffff.
   * @throws KvmError with code `EEXIST` when the connection has an eventfd, KvmUnsupportedError when the kernel does not
   * have the capability.
   * @see api.rst, "KVM_HYPERV_EVENTFD"
   */
  registerHypervEventfd(event: EventFd, connId: number): void {
    requireEventFd(this.bindings.KVM_HYPERV_EVENTFD.name, 'event', event);
    this.#hypervEventfd(connId, event.fd, 0);
  }

  /**
   * KVM_HYPERV_EVENTFD (KVM_CAP_HYPERV_EVENTFD): ends `registerHypervEventfd`.
   *
   * @param connId the number of the connection.
   * @throws KvmError with code `ENOENT` when the connection has no eventfd, KvmUnsupportedError when the kernel does not
   * have the capability.
   * @see api.rst, "KVM_HYPERV_EVENTFD"
   */
  unregisterHypervEventfd(connId: number): void {
    this.#hypervEventfd(connId, -1, this.bindings.KVM_HYPERV_EVENTFD_DEASSIGN);
  }

  #hypervEventfd(connId: number, fd: number, flags: number): void {
    const { KvmHypervEventfd, KVM_HYPERV_EVENTFD: request, KVM_HYPERV_CONN_ID_MASK: most } = this.bindings;
    const argument = allocate(KvmHypervEventfd);
    setMember(request.name, argument, 'conn_id', 'connId', connId, BigInt(most));
    setMember(request.name, argument, 'fd', 'fd', fd);
    argument.flags = flags;
    this.ioctl(request, argument);
  }

  // Encryption

  /**
   * KVM_MEMORY_ENCRYPT_OP without a command: returns whether this VM can be encrypted.
   *
   * @throws KvmClosedError after `close`.
   * @see api.rst, "KVM_MEMORY_ENCRYPT_OP"
   */
  memoryEncryptOp(): boolean;
  /**
   * KVM_MEMORY_ENCRYPT_OP: makes a command of SEV, SEV-ES, SEV-SNP or TDX. The kernel's documents of the commands are
   * Documentation/virt/kvm/x86/amd-memory-encryption.rst and intel-tdx.rst.
   *
   * @param command the name of the command, such as `KVM_SEV_LAUNCH_START`.
   * @param options `argument` is the struct of the command, by default a new one. `memory` has the data for the addresses in
   * the struct, by the names of its members. The data is a Uint8Array, or a part of a guest memory as `{ memory, offset?,
   * length? }`. Commands that encrypt, decrypt or read memory of the guest take only such a part. The method writes the addresses and
   * the lengths to a copy of the struct, and the lengths to the struct. An address without data is a null pointer. `sevFd` is
   * the file descriptor of `/dev/sev` for a command of SEV. `flags` are the flags of a command of TDX.
   * @returns the struct, with what the kernel has written.
   * @throws KvmFirmwareError when the firmware refuses, KvmUnsupportedError when this VM cannot be encrypted, KvmError when
   * the kernel refuses, KvmArgumentError for data of a wrong length.
   * @example
   * const start = allocate(KvmSevLaunchStart);
   * start.policy = 1;
   * vm.memoryEncryptOp('KVM_SEV_LAUNCH_START', { sevFd: fd, argument: start });
   * vm.memoryEncryptOp('KVM_SEV_LAUNCH_UPDATE_DATA', { sevFd: fd, memory: { uaddr: { memory, length: 0x1000 } } });
   * const { len } = vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE', { sevFd: fd });
   * const measurement = new Uint8Array(len);
   * vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE', { sevFd: fd, memory: { uaddr: measurement } });
   * @see api.rst, "KVM_MEMORY_ENCRYPT_OP"
   */
  memoryEncryptOp<Name extends EncryptCommandAlone<'vm'>>(command: Name): EncryptResult<Name>;
  memoryEncryptOp<Name extends EncryptCommand<'vm'>>(command: Name, options: EncryptOptions<Name>): EncryptResult<Name>;
  memoryEncryptOp<Name extends EncryptCommand<'vm'>>(
    ...given: [command?: Name, options?: EncryptOptions<Name>]
  ): boolean | EncryptResult<Name> {
    const [command, options] = given;
    if (given.length > 0) return memoryEncryptOp(this.#vm, command as Name, options);
    return this.#vm.target.value(this.bindings.KVM_MEMORY_ENCRYPT_OP.request, 0) >= 0;
  }

  /**
   * KVM_MEMORY_ENCRYPT_REG_REGION: registers memory of an encrypted guest. The kernel does not move it.
   *
   * @param memory the memory of the region.
   * @param offset where the region begins in the memory, in bytes, by default 0.
   * @param length in bytes, by default all of the rest.
   * @throws KvmArgumentError when the region is not all inside the memory, KvmError when the kernel refuses.
   * @see api.rst, "KVM_MEMORY_ENCRYPT_REG_REGION"
   */
  registerEncryptedRegion(memory: GuestMemory, offset: number = 0, length?: number): void {
    this.#encryptedRegion(this.bindings.KVM_MEMORY_ENCRYPT_REG_REGION, memory, offset, length);
  }

  /**
   * KVM_MEMORY_ENCRYPT_UNREG_REGION: ends `registerEncryptedRegion` of the same region.
   *
   * @param memory the memory of the region.
   * @param offset where the region begins in the memory, in bytes, by default 0.
   * @param length in bytes, by default all of the rest.
   * @throws KvmArgumentError when the region is not all inside the memory, KvmError when the kernel refuses.
   * @see api.rst, "KVM_MEMORY_ENCRYPT_UNREG_REGION"
   */
  unregisterEncryptedRegion(memory: GuestMemory, offset: number = 0, length?: number): void {
    this.#encryptedRegion(this.bindings.KVM_MEMORY_ENCRYPT_UNREG_REGION, memory, offset, length);
  }

  #encryptedRegion(
    request: Bindings['KVM_MEMORY_ENCRYPT_REG_REGION' | 'KVM_MEMORY_ENCRYPT_UNREG_REGION'],
    memory: GuestMemory,
    offset: number,
    given: number | undefined,
  ): void {
    requireMemory(memory);
    const rest = memory.size - requireInteger(request.name, 'offset', offset, memory.size);
    const length = given === undefined ? rest : given;
    requireInside(memory, offset, length);
    const { addr, size } = this.bindings.KvmEncRegion.$layout.members;
    const { record, target } = this.#vm;
    const places = [offset, length, addr.offset, size.offset] as const;
    const result = addon().vmIoctlMemory(record, request.request, memoryRecord(memory), ...places);
    if (result < 0) throw refused(target, request, result, undefined);
  }
}
