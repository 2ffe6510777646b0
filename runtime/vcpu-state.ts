/** The state of a vCPU: its registers, what is pending in it, and how it is set up. One method for one ioctl. */

import { allocate, type IoctlByPointer, type View } from '../generated/views.js';
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
import { native, type VcpuHandle } from './addon.js';
import { capabilityOf } from './capabilities.js';
import { capabilityValue, enableCapability, requireCapability, requireIoctl } from './capability.js';
import type { Bindings, CapabilityContext, GenericIoctl, IoctlTarget } from './context.js';
import { grown } from './counted.js';
import { KvmArgumentError, KvmError, KvmUnsupportedError, kernelError } from './errors.js';
import { type GuestDebug, guestDebug } from './guest-debug.js';
import { genericIoctl, ioctlOfBytes, ioctlsOfVcpu } from './ioctl.js';
import { type Msr, transferMsrs } from './msrs.js';
import { requireInteger } from './numbers.js';
import { scratch } from './scratch.js';

/** The ioctls whose argument is a struct, each with its struct. */
type Structs = {
  [Name in keyof Bindings as Bindings[Name] extends IoctlByPointer<View, 'vcpu'>
    ? Name
    : never]: Bindings[Name] extends IoctlByPointer<infer T> ? T : never;
};

/** The ioctls of a vCPU whose result is the whole answer. */
type Plain = 'KVM_NMI' | 'KVM_SMI' | 'KVM_KVMCLOCK_CTRL' | 'KVM_GET_TSC_KHZ';

/**
 * What all methods that get something take is a view to fill, or nothing for a new one. They throw KvmUnsupportedError,
 * naming the capability, when the kernel does not have the ioctl; KvmBusyError while another thread runs the vCPU;
 * KvmClosedError when it is closed; KvmArgumentError for a view of another struct; KvmError when the kernel refuses.
 */
export abstract class VcpuState implements CapabilityContext {
  abstract readonly bindings: Bindings;
  abstract get handle(): VcpuHandle;

  readonly #target: IoctlTarget = { ...ioctlsOfVcpu(() => this.handle), capabilities: this };
  /** What the kernel has been found to have. */
  readonly #found = new Set<string>();

  /** Any ioctl of the vCPU file descriptor. @throws KvmBusyError while another thread runs it. */
  readonly ioctl: GenericIoctl<'vcpu'> = genericIoctl('vcpu', this.#target);

  /** KVM_CHECK_EXTENSION as the VM of this vCPU answers it, also while the vCPU runs. */
  checkExtension(capability: number): number {
    const { KVM_CHECK_EXTENSION: request } = this.bindings;
    const result = native().ioctl(native().vcpuVmFd(this.handle), request.request, capability);
    if (result < 0) throw kernelError(request.name, result);
    return result;
  }

  /** KVM_ENABLE_CAP of the vCPU: turns on a `KVM_CAP_…` that is off by default. */
  enableCap(capability: number, ...args: readonly (number | bigint)[]): void {
    this.#supported('KVM_ENABLE_CAP');
    enableCapability(this, capability, args);
  }

  // Registers

  /** KVM_GET_REGS: general registers, instruction pointer and flags. */
  getRegs(regs?: KvmRegs): KvmRegs {
    return this.#get('KVM_GET_REGS', regs);
  }

  /** KVM_SET_REGS */
  setRegs(regs: KvmRegs): void {
    this.#set('KVM_SET_REGS', regs);
  }

  /** KVM_GET_SREGS: segments, descriptor tables, control registers. */
  getSregs(sregs?: KvmSregs): KvmSregs {
    return this.#get('KVM_GET_SREGS', sregs);
  }

  /** KVM_SET_SREGS. With PAE paging it has the page directory pointers loaded from memory; `setSregs2` sets them. */
  setSregs(sregs: KvmSregs): void {
    this.#set('KVM_SET_SREGS', sregs);
  }

  /** KVM_GET_SREGS2 (KVM_CAP_SREGS2): the same, without pending interrupts and with the page directory pointers of PAE. */
  getSregs2(sregs?: KvmSregs2): KvmSregs2 {
    return this.#get('KVM_GET_SREGS2', sregs);
  }

  /** KVM_SET_SREGS2 (KVM_CAP_SREGS2). `pdptrs` count with KVM_SREGS2_FLAGS_PDPTRS_VALID. */
  setSregs2(sregs: KvmSregs2): void {
    this.#set('KVM_SET_SREGS2', sregs);
  }

  /** KVM_GET_FPU: x87 and SSE registers. */
  getFpu(fpu?: KvmFpu): KvmFpu {
    return this.#get('KVM_GET_FPU', fpu);
  }

  /** KVM_SET_FPU. Of registers that the guest has not used yet some kernels take the initial value: `setXsave` says which are in use. */
  setFpu(fpu: KvmFpu): void {
    this.#set('KVM_SET_FPU', fpu);
  }

  /** KVM_GET_XSAVE (KVM_CAP_XSAVE): the area that XSAVE writes, as long as it has no more than 4096 bytes. */
  getXsave(xsave?: KvmXsave): KvmXsave {
    return this.#get('KVM_GET_XSAVE', xsave);
  }

  /** KVM_GET_XSAVE2 (KVM_CAP_XSAVE2): all of the area that XSAVE writes. A view to fill has as many bytes as that says. */
  getXsave2(xsave?: KvmXsave): KvmXsave {
    const request = this.#supported('KVM_GET_XSAVE2');
    const bytes = this.#xsaveBytes();
    const { $size, $flexible } = this.bindings.KvmXsave;
    const into = xsave ?? allocate(this.bindings.KvmXsave, Math.ceil((bytes - $size) / $flexible.elementSize));
    ioctlOfBytes(this.#target, request, into, bytes);
    return into;
  }

  /** KVM_SET_XSAVE (KVM_CAP_XSAVE): from `getXsave` or `getXsave2`. */
  setXsave(xsave: KvmXsave): void {
    ioctlOfBytes(this.#target, this.#supported('KVM_SET_XSAVE'), xsave, this.#xsaveBytes());
  }

  /** As many as the kernel reads and writes. A kernel without the capability has the struct's. */
  #xsaveBytes(): number {
    const { KvmXsave } = this.bindings as Partial<Bindings>;
    return Math.max(capabilityValue(this, 'KVM_CAP_XSAVE2'), KvmXsave?.$size ?? 0);
  }

  /** KVM_GET_XCRS (KVM_CAP_XCRS): extended control registers, XCR0 on today's processors. */
  getXcrs(xcrs?: KvmXcrs): KvmXcrs {
    return this.#get('KVM_GET_XCRS', xcrs);
  }

  /** KVM_SET_XCRS (KVM_CAP_XCRS) */
  setXcrs(xcrs: KvmXcrs): void {
    this.#set('KVM_SET_XCRS', xcrs);
  }

  /** KVM_GET_DEBUGREGS (KVM_CAP_DEBUGREGS): the guest's own debug registers. */
  getDebugregs(debugregs?: KvmDebugregs): KvmDebugregs {
    return this.#get('KVM_GET_DEBUGREGS', debugregs);
  }

  /** KVM_SET_DEBUGREGS (KVM_CAP_DEBUGREGS) */
  setDebugregs(debugregs: KvmDebugregs): void {
    this.#set('KVM_SET_DEBUGREGS', debugregs);
  }

  /**
   * KVM_GET_MSRS: model-specific registers, in the order of `indices`.
   *
   * @throws KvmMsrError naming the first one that this vCPU does not have.
   */
  getMsrs<const Indices extends readonly number[]>(indices: Indices): { -readonly [At in keyof Indices]: Msr };
  getMsrs(indices: Iterable<number>): Msr[];
  getMsrs(indices: Iterable<number>): Msr[] {
    const msrs = Array.from(indices, (index) => ({ index, data: 0n }));
    return this.#msrs('KVM_GET_MSRS', msrs);
  }

  /**
   * KVM_SET_MSRS, in the order of `msrs`: what `getMsrs` gives, entries of a `KvmMsrs`, or objects.
   *
   * @throws KvmMsrError naming the first one that is refused; those before it are set.
   */
  setMsrs(msrs: Iterable<Msr>): void {
    this.#msrs('KVM_SET_MSRS', [...msrs]);
  }

  #msrs(name: 'KVM_GET_MSRS' | 'KVM_SET_MSRS', msrs: readonly Msr[]): Msr[] {
    const request = this.#supported(name);
    return transferMsrs(this.bindings, name, msrs, (some) => this.ioctl(request, some));
  }

  /** KVM_GET_REG_LIST (KVM_CAP_ONE_REG): the numbers of the registers for `getOneReg`. On x86 few kernels have any. */
  getRegList(): KvmRegList {
    const request = this.#supported('KVM_GET_REG_LIST');
    return grown(this.bindings.KvmRegList, 64, (list) => this.ioctl(request, list));
  }

  /** KVM_GET_ONE_REG (KVM_CAP_ONE_REG): a register by its number, `KVM_REG_…`, which says its size as well. */
  getOneReg(id: bigint): bigint {
    return this.#oneReg('KVM_GET_ONE_REG', id, 0n);
  }

  /** KVM_SET_ONE_REG (KVM_CAP_ONE_REG). @throws KvmArgumentError for a value that is longer than the register. */
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

  // What is pending

  /** KVM_GET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): exceptions, interrupts, NMIs and SMIs that are pending. */
  getVcpuEvents(events?: KvmVcpuEvents): KvmVcpuEvents {
    return this.#get('KVM_GET_VCPU_EVENTS', events);
  }

  /** KVM_SET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS). `flags` tells which of the members without a flag of their own count. */
  setVcpuEvents(events: KvmVcpuEvents): void {
    this.#set('KVM_SET_VCPU_EVENTS', events);
  }

  /** KVM_GET_MP_STATE (KVM_CAP_MP_STATE): whether it runs, halts or waits to be started: `KVM_MP_STATE_…`. */
  getMpState(state?: KvmMpState): KvmMpState {
    return this.#get('KVM_GET_MP_STATE', state);
  }

  /**
   * KVM_SET_MP_STATE (KVM_CAP_MP_STATE)
   *
   * @throws KvmUnsupportedError naming KVM_CAP_IRQCHIP where the VM's interrupt controller is not in the kernel: on x86 a
   * vCPU is always KVM_MP_STATE_RUNNABLE then.
   */
  setMpState(state: KvmMpState): void {
    this.#withLapic('KVM_SET_MP_STATE', () => this.#set('KVM_SET_MP_STATE', state));
  }

  /** KVM_NMI (KVM_CAP_USER_NMI): a non-maskable interrupt. */
  nmi(): void {
    this.#do('KVM_NMI');
  }

  /** KVM_SMI (KVM_CAP_X86_SMM): a system management interrupt. */
  smi(): void {
    this.#do('KVM_SMI');
  }

  /**
   * KVM_INTERRUPT: an external interrupt, for a VM whose interrupt controller is not in the kernel. The guest has to be
   * ready for it: `kvmRun.ready_for_interrupt_injection`; if it is not, `request_interrupt_window` brings an exit.
   */
  interrupt(vector: number): void {
    const interrupt = allocate(this.bindings.KvmInterrupt);
    interrupt.irq = requireInteger('interrupt vector', vector, 0xffff_ffff);
    this.#set('KVM_INTERRUPT', interrupt);
  }

  // The local interrupt controller. Without one in the kernel: KvmUnsupportedError naming KVM_CAP_IRQCHIP.

  /** KVM_GET_LAPIC (KVM_CAP_IRQCHIP): its registers. */
  getLapic(lapic?: KvmLapicState): KvmLapicState {
    return this.#withLapic('KVM_GET_LAPIC', () => this.#get('KVM_GET_LAPIC', lapic));
  }

  /** KVM_SET_LAPIC (KVM_CAP_IRQCHIP) */
  setLapic(lapic: KvmLapicState): void {
    this.#withLapic('KVM_SET_LAPIC', () => this.#set('KVM_SET_LAPIC', lapic));
  }

  /** KVM_TPR_ACCESS_REPORTING (KVM_CAP_VAPIC): whether reading and writing the task priority is an exit. */
  setTprAccessReporting(enabled: boolean): void {
    const control = allocate(this.bindings.KvmTprAccessCtl);
    control.enabled = enabled ? 1 : 0;
    this.#set('KVM_TPR_ACCESS_REPORTING', control);
  }

  /** KVM_SET_VAPIC_ADDR (KVM_CAP_VAPIC): where in guest memory the kernel keeps the task priority; 0 for nowhere. */
  setVapicAddr(guestAddress: number | bigint): void {
    const address = allocate(this.bindings.KvmVapicAddr);
    address.vapic_addr = BigInt(guestAddress);
    this.#withLapic('KVM_SET_VAPIC_ADDR', () => this.#set('KVM_SET_VAPIC_ADDR', address));
  }

  // What it is set up as

  /** KVM_GET_CPUID2 (KVM_CAP_EXT_CPUID): what the guest's CPUID answers, as many entries as there are. */
  getCpuid(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_CPUID2');
  }

  /** KVM_SET_CPUID2 (KVM_CAP_EXT_CPUID): what the guest's CPUID answers, before its first run. */
  setCpuid(cpuid: KvmCpuid2): void {
    this.#set('KVM_SET_CPUID2', cpuid);
  }

  /** KVM_GET_SUPPORTED_HV_CPUID (KVM_CAP_HYPERV_CPUID): the CPUID leaves for a Hyper-V guest. */
  getSupportedHvCpuid(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_SUPPORTED_HV_CPUID');
  }

  #cpuid(name: 'KVM_GET_CPUID2' | 'KVM_GET_SUPPORTED_HV_CPUID'): KvmCpuid2 {
    const request = this.#supported(name);
    return grown(this.bindings.KvmCpuid2, 64, (cpuid) => this.ioctl(request, cpuid));
  }

  /** KVM_GET_TSC_KHZ (KVM_CAP_GET_TSC_KHZ): how fast the guest's time stamp counter runs. */
  getTscKhz(): number {
    return this.#do('KVM_GET_TSC_KHZ');
  }

  /** KVM_SET_TSC_KHZ (KVM_CAP_TSC_CONTROL) */
  setTscKhz(khz: number): void {
    this.ioctl(this.#supported('KVM_SET_TSC_KHZ'), khz);
  }

  /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET (KVM_CAP_VCPU_ATTRIBUTES): the guest's time stamp counter less the host's. */
  getTscOffset(): bigint {
    return BigInt.asIntN(64, this.#tscOffset('KVM_GET_DEVICE_ATTR', 0n));
  }

  /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET (KVM_CAP_VCPU_ATTRIBUTES) */
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

  /** KVM_KVMCLOCK_CTRL (KVM_CAP_KVMCLOCK_CTRL): tells a guest with kvmclock that it was paused. */
  kvmclockCtrl(): void {
    this.#do('KVM_KVMCLOCK_CTRL');
  }

  /** KVM_X86_SETUP_MCE (KVM_CAP_MCE): machine check capabilities, MSR IA32_MCG_CAP. */
  setupMce(capabilities: bigint): void {
    const { KVM_X86_SETUP_MCE } = this.bindings;
    const value = allocate(KVM_X86_SETUP_MCE.argument);
    value.value = capabilities;
    this.#set('KVM_X86_SETUP_MCE', value);
  }

  /** KVM_X86_SET_MCE (KVM_CAP_MCE): a machine check error. */
  setMce(mce: KvmX86Mce): void {
    this.#set('KVM_X86_SET_MCE', mce);
  }

  /** KVM_GET_NESTED_STATE (KVM_CAP_NESTED_STATE): of the guest that the guest runs. `size` tells how many bytes it has. */
  getNestedState(): KvmNestedState {
    const request = this.#supported('KVM_GET_NESTED_STATE');
    const { KvmNestedState } = this.bindings;
    const bytes = Math.max(KvmNestedState.$size, capabilityValue(this, 'KVM_CAP_NESTED_STATE'));
    const state = new KvmNestedState(new DataView(new ArrayBuffer(bytes)));
    state.size = bytes;
    this.ioctl(request, state);
    return state;
  }

  /** KVM_SET_NESTED_STATE (KVM_CAP_NESTED_STATE) */
  setNestedState(state: KvmNestedState): void {
    this.#set('KVM_SET_NESTED_STATE', state);
  }

  // Looking at the guest

  /** KVM_TRANSLATE: to what a linear address of the guest leads, as its page tables are now. */
  translate(linearAddress: number | bigint): KvmTranslation {
    const translation = allocate(this.bindings.KvmTranslation);
    translation.linear_address = BigInt(linearAddress);
    return this.#get('KVM_TRANSLATE', translation);
  }

  /**
   * KVM_SET_GUEST_DEBUG (KVM_CAP_SET_GUEST_DEBUG): from now on these are exits with KVM_EXIT_DEBUG. What is not named is
   * not any more; `{}` turns all of it off.
   *
   * @throws KvmUnsupportedError naming KVM_CAP_SET_GUEST_DEBUG2, for what this kernel cannot do; KvmArgumentError for
   * breakpoints that the processor does not have.
   */
  setGuestDebug(debug: GuestDebug): void {
    this.#supported('KVM_SET_GUEST_DEBUG');
    const flags = capabilityValue(this, 'KVM_CAP_SET_GUEST_DEBUG2');
    this.#set('KVM_SET_GUEST_DEBUG', guestDebug(this.bindings, debug, flags));
  }

  // How all of them are done

  /** The ioctl of a name, if bindings and kernel have it. */
  #supported<Name extends keyof Bindings>(name: Name): Bindings[Name] {
    const { [name]: ioctl, $target } = this.bindings as Partial<Bindings> & Bindings;
    if (ioctl === undefined) {
      throw new KvmUnsupportedError(
        name,
        'absent',
        `the bindings of ${$target.name} do not have it`,
        capabilityOf(name),
      );
    }
    if (!this.#found.has(name)) {
      requireIoctl(this, name);
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

  /** An ioctl whose struct has the address of an integer, of at most so many bytes, in memory of our own. */
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

  /** Names what is missing when the kernel has refused because there is no local interrupt controller in it. */
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
