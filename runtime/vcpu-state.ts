/** The state of a vCPU: its registers, its pending events and its configuration. There is one method for each ioctl. */

import type {
  KvmCpuid2,
  KvmDebugregs,
  KvmFpu,
  KvmLapicState,
  KvmMpState,
  KvmNestedState,
  KvmRegList,
  KvmRegs,
  KvmSregs,
  KvmSregs2,
  KvmTranslation,
  KvmVcpuEvents,
  KvmX86Mce,
  KvmXcrs,
  KvmXsave,
} from '../generated/x86_64/linux/kvm.js';
import { allocate, type IoctlByPointer, type View } from '../support/index.js';
import { addon, type VcpuHandle } from './addon.js';
import {
  type AnnouncedIoctl,
  capabilityValue,
  enableCapability,
  requireCapability,
  requireIoctl,
} from './capability.js';
import type { Bindings, CapabilityContext, GenericIoctl, IoctlTarget } from './context.js';
import { KvmArgumentError, KvmError, KvmUnsupportedError, kernelError } from './errors.js';
import { grown } from './growing-views.js';
import { type GuestDebug, guestDebug } from './guest-debug.js';
import { genericIoctl, ioctlOfBytes, ioctlsOfVcpu } from './ioctl.js';
import { type Msr, transferMsrs } from './msrs.js';
import { requireInteger } from './numbers.js';
import { scratch } from './scratch-memory.js';

/** The ioctls of a vCPU whose argument is a struct, each with its struct. */
type Structs = {
  [Name in keyof Bindings as Bindings[Name] extends IoctlByPointer<View, 'vcpu'>
    ? Name
    : never]: Bindings[Name] extends IoctlByPointer<infer T> ? T : never;
};

/** The ioctls of a vCPU without an argument. */
type Plain = 'KVM_NMI' | 'KVM_SMI' | 'KVM_KVMCLOCK_CTRL' | 'KVM_GET_TSC_KHZ';

/**
 * A method that gets a struct takes a view to fill, or makes a new one. All methods throw KvmUnsupportedError, which names
 * the capability, when the kernel does not have the ioctl; KvmBusyError while another thread runs the vCPU; KvmClosedError
 * when the vCPU is closed; KvmArgumentError for a view of another struct; and KvmError when the kernel refuses.
 */
export abstract class VcpuState implements CapabilityContext {
  abstract readonly bindings: Bindings;
  abstract get handle(): VcpuHandle;

  readonly #target: IoctlTarget & { readonly kind: 'vcpu' } = {
    ...ioctlsOfVcpu(() => this.handle),
    kind: 'vcpu',
    capabilities: this,
  };
  /** The ioctls that the kernel is known to have. */
  readonly #found = new Set<string>();

  /** Makes any ioctl of the vCPU file descriptor. @throws KvmBusyError while another thread runs it. */
  readonly ioctl: GenericIoctl<'vcpu'> = genericIoctl(this.#target);

  /** KVM_CHECK_EXTENSION of the VM of this vCPU. It works while the vCPU runs, too. */
  checkExtension(capability: number): number {
    const { KVM_CHECK_EXTENSION: request } = this.bindings;
    const result = addon().ioctl(addon().vcpuVmFd(this.handle), request.request, capability);
    if (result < 0) throw kernelError(request.name, result);
    return result;
  }

  /** KVM_ENABLE_CAP: enables a capability of the vCPU that is off by default. */
  enableCap(capability: number, ...args: readonly (number | bigint)[]): void {
    this.#supported('KVM_ENABLE_CAP');
    enableCapability(this, capability, args);
  }

  // Registers

  /** KVM_GET_REGS: reads the general registers, the instruction pointer and the flags. */
  getRegs(regs?: KvmRegs): KvmRegs {
    return this.#get('KVM_GET_REGS', regs);
  }

  /** KVM_SET_REGS: sets the registers of `getRegs`. */
  setRegs(regs: KvmRegs): void {
    this.#set('KVM_SET_REGS', regs);
  }

  /** KVM_GET_SREGS: reads the segments, the descriptor tables and the control registers. */
  getSregs(sregs?: KvmSregs): KvmSregs {
    return this.#get('KVM_GET_SREGS', sregs);
  }

  /** KVM_SET_SREGS: sets the registers of `getSregs`. With PAE paging it loads the page directory pointers from memory. */
  setSregs(sregs: KvmSregs): void {
    this.#set('KVM_SET_SREGS', sregs);
  }

  /** KVM_GET_SREGS2 (KVM_CAP_SREGS2): like `getSregs`, without pending interrupts and with PAE's page directory pointers. */
  getSregs2(sregs?: KvmSregs2): KvmSregs2 {
    return this.#get('KVM_GET_SREGS2', sregs);
  }

  /** KVM_SET_SREGS2 (KVM_CAP_SREGS2): sets these registers. `pdptrs` is valid with KVM_SREGS2_FLAGS_PDPTRS_VALID only. */
  setSregs2(sregs: KvmSregs2): void {
    this.#set('KVM_SET_SREGS2', sregs);
  }

  /** KVM_GET_FPU: reads the x87 and SSE registers. */
  getFpu(fpu?: KvmFpu): KvmFpu {
    return this.#get('KVM_GET_FPU', fpu);
  }

  /**
   * KVM_SET_FPU: sets the x87 and SSE registers. Some kernels ignore the values of registers that the guest has never used.
   * `setXsave` also sets which registers are in use.
   */
  setFpu(fpu: KvmFpu): void {
    this.#set('KVM_SET_FPU', fpu);
  }

  /** KVM_GET_XSAVE (KVM_CAP_XSAVE): reads the XSAVE area, if it has at most 4096 bytes. */
  getXsave(xsave?: KvmXsave): KvmXsave {
    return this.#get('KVM_GET_XSAVE', xsave);
  }

  /** KVM_GET_XSAVE2 (KVM_CAP_XSAVE2): reads the whole XSAVE area. A view to fill must have as many bytes as KVM_CAP_XSAVE2 says. */
  getXsave2(xsave?: KvmXsave): KvmXsave {
    const request = this.#supported('KVM_GET_XSAVE2');
    const bytes = this.#xsaveBytes();
    const { $size, $flexible } = this.bindings.KvmXsave;
    const into = xsave ?? allocate(this.bindings.KvmXsave, Math.ceil((bytes - $size) / $flexible.elementSize));
    ioctlOfBytes(this.#target, request, into, bytes);
    return into;
  }

  /** KVM_SET_XSAVE (KVM_CAP_XSAVE): sets the XSAVE area, from `getXsave` or `getXsave2`. */
  setXsave(xsave: KvmXsave): void {
    ioctlOfBytes(this.#target, this.#supported('KVM_SET_XSAVE'), xsave, this.#xsaveBytes());
  }

  /** The number of bytes that the kernel reads and writes. Without KVM_CAP_XSAVE2 it is the size of the struct. */
  #xsaveBytes(): number {
    const { KvmXsave } = this.bindings as Partial<Bindings>;
    return Math.max(capabilityValue(this, 'KVM_CAP_XSAVE2'), KvmXsave?.$size ?? 0);
  }

  /** KVM_GET_XCRS (KVM_CAP_XCRS): reads the extended control registers. Today's processors have XCR0 only. */
  getXcrs(xcrs?: KvmXcrs): KvmXcrs {
    return this.#get('KVM_GET_XCRS', xcrs);
  }

  /** KVM_SET_XCRS (KVM_CAP_XCRS): sets the extended control registers. */
  setXcrs(xcrs: KvmXcrs): void {
    this.#set('KVM_SET_XCRS', xcrs);
  }

  /** KVM_GET_DEBUGREGS (KVM_CAP_DEBUGREGS): reads the guest's own debug registers. */
  getDebugregs(debugregs?: KvmDebugregs): KvmDebugregs {
    return this.#get('KVM_GET_DEBUGREGS', debugregs);
  }

  /** KVM_SET_DEBUGREGS (KVM_CAP_DEBUGREGS): sets the guest's own debug registers. */
  setDebugregs(debugregs: KvmDebugregs): void {
    this.#set('KVM_SET_DEBUGREGS', debugregs);
  }

  /**
   * KVM_GET_MSRS: reads model-specific registers, in the order of `indices`.
   *
   * @throws KvmMsrError with the index of the first MSR that this vCPU does not have.
   */
  getMsrs<const Indices extends readonly number[]>(indices: Indices): { -readonly [At in keyof Indices]: Msr };
  getMsrs(indices: Iterable<number>): Msr[];
  getMsrs(indices: Iterable<number>): Msr[] {
    const msrs = Array.from(indices, (index) => ({ index, data: 0n }));
    return this.#msrs('KVM_GET_MSRS', msrs);
  }

  /**
   * KVM_SET_MSRS: sets model-specific registers, in the order of `msrs`. An element is a result of `getMsrs`, an entry of a
   * `KvmMsrs`, or any object with these members.
   *
   * @throws KvmMsrError with the index of the first MSR that is refused. The MSRs before it are set.
   */
  setMsrs(msrs: Iterable<Msr>): void {
    this.#msrs('KVM_SET_MSRS', [...msrs]);
  }

  #msrs(name: 'KVM_GET_MSRS' | 'KVM_SET_MSRS', msrs: readonly Msr[]): Msr[] {
    const request = this.#supported(name);
    return transferMsrs(this.bindings, name, msrs, (some) => this.ioctl(request, some));
  }

  /** KVM_GET_REG_LIST (KVM_CAP_ONE_REG): the ids of the registers for `getOneReg`. On x86 few kernels have any. */
  getRegList(): KvmRegList {
    const request = this.#supported('KVM_GET_REG_LIST');
    return grown(this.bindings.KvmRegList, 64, (list) => this.ioctl(request, list));
  }

  /** KVM_GET_ONE_REG (KVM_CAP_ONE_REG): reads a register by its id, `KVM_REG_…`, which contains its size. */
  getOneReg(id: bigint): bigint {
    return this.#oneReg('KVM_GET_ONE_REG', id, 0n);
  }

  /** KVM_SET_ONE_REG (KVM_CAP_ONE_REG): sets a register. @throws KvmArgumentError for a value that is longer than the register. */
  setOneReg(id: bigint, value: bigint): void {
    this.#oneReg('KVM_SET_ONE_REG', id, value);
  }

  #oneReg(name: 'KVM_GET_ONE_REG' | 'KVM_SET_ONE_REG', id: bigint, value: bigint): bigint {
    const { KvmOneReg, KVM_REG_SIZE_MASK, KVM_REG_SIZE_SHIFT } = this.bindings;
    const bytes = 1 << Number((id & KVM_REG_SIZE_MASK) >> BigInt(KVM_REG_SIZE_SHIFT));
    return this.#pointedTo(name, bytes, value, (address) => {
      const reg = allocate(KvmOneReg);
      reg.id = id;
      reg.addr = address;
      return reg;
    });
  }

  // Pending events

  /** KVM_GET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): reads the pending exceptions, interrupts, NMIs and SMIs. */
  getVcpuEvents(events?: KvmVcpuEvents): KvmVcpuEvents {
    return this.#get('KVM_GET_VCPU_EVENTS', events);
  }

  /** KVM_SET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): sets them. `flags` says which of the optional members are valid. */
  setVcpuEvents(events: KvmVcpuEvents): void {
    this.#set('KVM_SET_VCPU_EVENTS', events);
  }

  /** KVM_GET_MP_STATE (KVM_CAP_MP_STATE): whether the vCPU runs, is halted or waits for its start: `KVM_MP_STATE_…`. */
  getMpState(state?: KvmMpState): KvmMpState {
    return this.#get('KVM_GET_MP_STATE', state);
  }

  /**
   * KVM_SET_MP_STATE (KVM_CAP_MP_STATE): sets this state.
   *
   * @throws KvmUnsupportedError, which names KVM_CAP_IRQCHIP, when the VM's interrupt controller is not in the kernel: on x86
   * the state is always KVM_MP_STATE_RUNNABLE then.
   */
  setMpState(state: KvmMpState): void {
    this.#withLapic('KVM_SET_MP_STATE', () => this.#set('KVM_SET_MP_STATE', state));
  }

  /** KVM_NMI (KVM_CAP_USER_NMI): queues a non-maskable interrupt. */
  nmi(): void {
    this.#do('KVM_NMI');
  }

  /** KVM_SMI (KVM_CAP_X86_SMM): queues a system management interrupt. */
  smi(): void {
    this.#do('KVM_SMI');
  }

  /**
   * KVM_INTERRUPT: queues an external interrupt, in a VM whose interrupt controller is not in the kernel. The guest must be
   * ready: `kvmRun.ready_for_interrupt_injection`. With `kvmRun.request_interrupt_window` the vCPU exits when it is ready.
   */
  interrupt(vector: number): void {
    const interrupt = allocate(this.bindings.KvmInterrupt);
    interrupt.irq = requireInteger('interrupt vector', vector, 0xffff_ffff);
    this.#set('KVM_INTERRUPT', interrupt);
  }

  // The local interrupt controller. If it is not in the kernel, these throw KvmUnsupportedError, which names KVM_CAP_IRQCHIP.

  /** KVM_GET_LAPIC (KVM_CAP_IRQCHIP): reads the registers of the local interrupt controller. */
  getLapic(lapic?: KvmLapicState): KvmLapicState {
    return this.#withLapic('KVM_GET_LAPIC', () => this.#get('KVM_GET_LAPIC', lapic));
  }

  /** KVM_SET_LAPIC (KVM_CAP_IRQCHIP): sets the registers of the local interrupt controller. */
  setLapic(lapic: KvmLapicState): void {
    this.#withLapic('KVM_SET_LAPIC', () => this.#set('KVM_SET_LAPIC', lapic));
  }

  /** KVM_TPR_ACCESS_REPORTING (KVM_CAP_VAPIC): whether an access to the task priority register is an exit. */
  setTprAccessReporting(enabled: boolean): void {
    const control = allocate(this.bindings.KvmTprAccessCtl);
    control.enabled = enabled ? 1 : 0;
    this.#set('KVM_TPR_ACCESS_REPORTING', control);
  }

  /** KVM_SET_VAPIC_ADDR (KVM_CAP_VAPIC): sets the guest address at which the kernel stores the task priority. 0 means none. */
  setVapicAddr(guestAddress: number | bigint): void {
    const address = allocate(this.bindings.KvmVapicAddr);
    address.vapic_addr = BigInt(guestAddress);
    this.#withLapic('KVM_SET_VAPIC_ADDR', () => this.#set('KVM_SET_VAPIC_ADDR', address));
  }

  // Configuration

  /** KVM_GET_CPUID2 (KVM_CAP_EXT_CPUID): reads all CPUID leaves of the guest. */
  getCpuid(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_CPUID2');
  }

  /** KVM_SET_CPUID2 (KVM_CAP_EXT_CPUID): sets the CPUID leaves of the guest, before its first run. */
  setCpuid(cpuid: KvmCpuid2): void {
    this.#set('KVM_SET_CPUID2', cpuid);
  }

  /** KVM_GET_SUPPORTED_HV_CPUID (KVM_CAP_HYPERV_CPUID): reads the CPUID leaves that a Hyper-V guest may have. */
  getSupportedHvCpuid(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_SUPPORTED_HV_CPUID');
  }

  #cpuid(name: 'KVM_GET_CPUID2' | 'KVM_GET_SUPPORTED_HV_CPUID'): KvmCpuid2 {
    const request = this.#supported(name);
    return grown(this.bindings.KvmCpuid2, 64, (cpuid) => this.ioctl(request, cpuid));
  }

  /** KVM_GET_TSC_KHZ (KVM_CAP_GET_TSC_KHZ): the frequency of the guest's time stamp counter. */
  getTscKhz(): number {
    return this.#do('KVM_GET_TSC_KHZ');
  }

  /** KVM_SET_TSC_KHZ (KVM_CAP_TSC_CONTROL): sets that frequency. */
  setTscKhz(khz: number): void {
    this.ioctl(this.#supported('KVM_SET_TSC_KHZ'), khz);
  }

  /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET (KVM_CAP_VCPU_ATTRIBUTES): the guest's time stamp counter minus the host's. */
  getTscOffset(): bigint {
    return BigInt.asIntN(64, this.#tscOffset('KVM_GET_DEVICE_ATTR', 0n));
  }

  /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET (KVM_CAP_VCPU_ATTRIBUTES): sets that difference. */
  setTscOffset(offset: bigint): void {
    this.#tscOffset('KVM_SET_DEVICE_ATTR', BigInt.asUintN(64, offset));
  }

  #tscOffset(name: 'KVM_GET_DEVICE_ATTR' | 'KVM_SET_DEVICE_ATTR', value: bigint): bigint {
    const { KvmDeviceAttr, KVM_VCPU_TSC_CTRL, KVM_VCPU_TSC_OFFSET } = this.bindings;
    requireCapability(this, 'KVM_CAP_VCPU_ATTRIBUTES', name);
    return this.#pointedTo(name, 8, value, (address) => {
      const attr = allocate(KvmDeviceAttr);
      attr.group = KVM_VCPU_TSC_CTRL;
      attr.attr = BigInt(KVM_VCPU_TSC_OFFSET);
      attr.addr = address;
      return attr;
    });
  }

  /** KVM_KVMCLOCK_CTRL (KVM_CAP_KVMCLOCK_CTRL): notifies a guest with kvmclock that it was paused. */
  kvmclockCtrl(): void {
    this.#do('KVM_KVMCLOCK_CTRL');
  }

  /** KVM_X86_SETUP_MCE (KVM_CAP_MCE): sets the machine check capabilities, the MSR IA32_MCG_CAP. */
  setupMce(capabilities: bigint): void {
    const { KVM_X86_SETUP_MCE } = this.bindings;
    const value = allocate(KVM_X86_SETUP_MCE.argument);
    value.value = capabilities;
    this.#set('KVM_X86_SETUP_MCE', value);
  }

  /** KVM_X86_SET_MCE (KVM_CAP_MCE): injects a machine check error. */
  setMce(mce: KvmX86Mce): void {
    this.#set('KVM_X86_SET_MCE', mce);
  }

  /** KVM_GET_NESTED_STATE (KVM_CAP_NESTED_STATE): reads the state of a guest that this guest runs. `size` is its size in bytes. */
  getNestedState(): KvmNestedState {
    const request = this.#supported('KVM_GET_NESTED_STATE');
    const { KvmNestedState } = this.bindings;
    const bytes = Math.max(KvmNestedState.$size, capabilityValue(this, 'KVM_CAP_NESTED_STATE'));
    const state = new KvmNestedState(new DataView(new ArrayBuffer(bytes)));
    state.size = bytes;
    this.ioctl(request, state);
    return state;
  }

  /** KVM_SET_NESTED_STATE (KVM_CAP_NESTED_STATE): sets this state. */
  setNestedState(state: KvmNestedState): void {
    this.#set('KVM_SET_NESTED_STATE', state);
  }

  // Debugging

  /** KVM_TRANSLATE: translates a linear address of the guest with its current page tables. */
  translate(linearAddress: number | bigint): KvmTranslation {
    const translation = allocate(this.bindings.KvmTranslation);
    translation.linear_address = BigInt(linearAddress);
    return this.#get('KVM_TRANSLATE', translation);
  }

  /**
   * KVM_SET_GUEST_DEBUG (KVM_CAP_SET_GUEST_DEBUG): sets the events that are exits with KVM_EXIT_DEBUG. Each call replaces the
   * previous one, and `{}` turns all of them off.
   *
   * @throws KvmUnsupportedError, which names KVM_CAP_SET_GUEST_DEBUG2, for an event that the kernel does not support;
   * KvmArgumentError for breakpoints that the processor does not have.
   */
  setGuestDebug(debug: GuestDebug): void {
    this.#supported('KVM_SET_GUEST_DEBUG');
    const flags = capabilityValue(this, 'KVM_CAP_SET_GUEST_DEBUG2');
    this.#set('KVM_SET_GUEST_DEBUG', guestDebug(this.bindings, debug, flags));
  }

  // What the methods share

  /** The ioctl with this name. @throws KvmUnsupportedError when the bindings or the kernel do not have it. */
  #supported<Name extends keyof Bindings>(name: Name): Bindings[Name] {
    const { [name]: ioctl, $target } = this.bindings as Partial<Bindings> & Bindings;
    if (ioctl === undefined) {
      throw new KvmUnsupportedError(name, 'absent', `the bindings of ${$target.name} do not have it`);
    }
    if (!this.#found.has(name)) {
      requireIoctl(this.#target, ioctl as AnnouncedIoctl);
      this.#found.add(name);
    }
    return ioctl;
  }

  #do(name: Plain): number {
    return this.ioctl(this.#supported(name));
  }

  #set<Name extends keyof Structs>(name: Name, view: Structs[Name]): void {
    this.ioctl(this.#supported(name) as unknown as IoctlByPointer<Structs[Name], 'vcpu'>, view);
  }

  #get<Name extends keyof Structs>(name: Name, view: Structs[Name] | undefined): Structs[Name] {
    const request = this.#supported(name) as unknown as IoctlByPointer<Structs[Name], 'vcpu'>;
    const into = view ?? allocate(request.argument);
    this.ioctl(request, into);
    return into;
  }

  /** Makes an ioctl whose struct has the address of an integer. The integer has `bytes` bytes, in scratch memory. */
  #pointedTo<Name extends keyof Structs>(
    name: Name,
    bytes: number,
    value: bigint,
    struct: (address: bigint) => Structs[Name],
  ): bigint {
    const request = this.#supported(name) as unknown as IoctlByPointer<Structs[Name], 'vcpu'>;
    if (BigInt.asUintN(8 * bytes, value) !== value) {
      throw new KvmArgumentError(`${name}: 0x${value.toString(16)} is not a value of ${bytes} bytes`);
    }
    const memory = scratch();
    const place = memory.bytes(0, bytes);
    const { byteOrder }: { readonly byteOrder: string } = this.bindings.$target;
    const turn = (): unknown => byteOrder === 'little' || place.reverse();
    for (let at = 0, rest = value; at < bytes; at++, rest >>= 8n) place[at] = Number(rest & 0xffn);
    turn();
    ioctlOfBytes(this.#target, request, struct(memory.address), request.size);
    turn();
    return place.reduceRight((high, byte) => (high << 8n) | BigInt(byte), 0n);
  }

  /** Calls `call`. If the kernel refuses because it has no local interrupt controller, the error says so. */
  #withLapic<T>(name: keyof Structs, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!isRefusal(error) || this.#hasLapic()) throw error;
      const why = 'the interrupt controller of this VM is not in the kernel; create it there before the vCPU';
      throw new KvmUnsupportedError(name, error.code, why, 'KVM_CAP_IRQCHIP');
    }
  }

  #hasLapic(): boolean {
    try {
      this.#get('KVM_GET_LAPIC', undefined);
      return true;
    } catch (error) {
      return !isRefusal(error);
    }
  }
}

function isRefusal(error: unknown): error is KvmError {
  return error instanceof KvmError && error.code === 'EINVAL';
}
