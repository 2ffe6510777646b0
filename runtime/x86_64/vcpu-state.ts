/** The methods of `Vcpu` for its state: registers, pending events and configuration. There is one method for each ioctl. */

import type {
  KvmCpuid,
  KvmCpuid2,
  KvmDebugregs,
  KvmFpu,
  KvmLapicState,
  KvmMpState,
  KvmNestedState,
  KvmRegs,
  KvmRunExit,
  KvmSregs,
  KvmSregs2,
  KvmTranslation,
  KvmVcpuEvents,
  KvmX86Mce,
  KvmXcrs,
  KvmXenVcpuAttr,
  KvmXsave,
} from '../../generated/x86_64/linux/kvm.js';
import { allocate, type PartialOf } from '../../support/index.js';
import type { MemoryRange } from '../addressed-ioctl.js';
import { requireList } from '../arguments.js';
import { type CapabilityOf, capabilityValue, enableCapability } from '../capability.js';
import type { Creator } from '../construction.js';
import { KvmError, KvmUnsupportedError } from '../errors.js';
import { grown } from '../growing-views.js';
import { ioctlOfBytes } from '../ioctl.js';
import { requireU32, setMember } from '../numbers.js';
import type { OpenVcpu } from '../open-vcpu.js';
import { wholeStruct } from '../struct-values.js';
import { VcpuAttributes } from '../vcpu-attributes.js';
import { VcpuIoctls } from '../vcpu-ioctls.js';
import type { Bindings } from './bindings.js';
import { type GuestDebug, guestDebug } from './guest-debug.js';
import {
  type EncryptCommand,
  type EncryptCommandAlone,
  type EncryptOptions,
  type EncryptResult,
  memoryEncryptOp,
} from './memory-encryption.js';
import { type Msr, transferMsrs } from './msrs.js';
import { type SyncRegs, syncRegs } from './sync-regs.js';
import { xenVcpuGetAttr, xenVcpuSetAttr } from './xen.js';

/** The part of `Vcpu` of x86-64 with the state that only x86-64 has. */
export abstract class X86VcpuState extends VcpuAttributes<Bindings, KvmRunExit> {
  readonly #vcpu: OpenVcpu<Bindings>;
  readonly #ioctls: VcpuIoctls<Bindings>;

  protected constructor(given: Creator, vcpu: OpenVcpu<Bindings>) {
    super(given, vcpu);
    this.#vcpu = vcpu;
    this.#ioctls = new VcpuIoctls(vcpu);
  }

  // Capabilities

  /**
   * KVM_ENABLE_CAP: enables a capability of the vCPU that is off by default.
   *
   * @param args up to four arguments. The section of the capability in the kernel's document says what they are.
   * @throws KvmUnsupportedError, which names the capability, when the kernel does not have it, KvmBusyError while
   * another thread runs the vCPU, KvmError when the kernel refuses the arguments.
   * @see api.rst, "KVM_ENABLE_CAP"
   */
  enableCap(capability: CapabilityOf<Bindings>, ...args: readonly (number | bigint)[]): void {
    this.#ioctls.supported('KVM_ENABLE_CAP');
    enableCapability(this.#vcpu, capability, args);
  }

  // Registers

  /**
   * KVM_GET_REGS: reads the general registers, the instruction pointer and the flags.
   *
   * @param regs the view to fill, by default a new view.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_REGS"
   */
  getRegs(regs?: KvmRegs): KvmRegs {
    return this.#ioctls.get('KVM_GET_REGS', regs);
  }

  /**
   * KVM_SET_REGS: sets the general registers, the instruction pointer and the flags.
   *
   * @param regs the values to set. A plain object sets its members and leaves the other registers as they are. The method
   * then reads them first.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmBusyError while another thread runs the vCPU,
   * KvmError when the kernel refuses.
   * @example
   * vcpu.setRegs({ rip: 0x1000n, rflags: 2n });
   * @see api.rst, "KVM_SET_REGS"
   */
  setRegs(regs: PartialOf<KvmRegs>): void {
    this.#ioctls.set('KVM_SET_REGS', regs, () => this.getRegs());
  }

  /**
   * KVM_GET_SREGS: reads the segments, the descriptor tables and the control registers.
   *
   * @param sregs the view to fill, by default a new view.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_SREGS"
   */
  getSregs(sregs?: KvmSregs): KvmSregs {
    return this.#ioctls.get('KVM_GET_SREGS', sregs);
  }

  /**
   * KVM_SET_SREGS: sets the segments, the descriptor tables and the control registers. With PAE paging the kernel loads
   * the page directory pointers from guest memory.
   *
   * @param sregs the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmBusyError while another thread runs the vCPU,
   * KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_SREGS"
   */
  setSregs(sregs: PartialOf<KvmSregs>): void {
    this.#ioctls.set('KVM_SET_SREGS', sregs, () => this.getSregs());
  }

  /**
   * KVM_GET_SREGS2 (KVM_CAP_SREGS2): reads the registers of `getSregs` without the pending interrupts, and the page
   * directory pointers of PAE paging.
   *
   * @param sregs the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_SREGS2"
   */
  getSregs2(sregs?: KvmSregs2): KvmSregs2 {
    return this.#ioctls.get('KVM_GET_SREGS2', sregs);
  }

  /**
   * KVM_SET_SREGS2 (KVM_CAP_SREGS2): sets the registers of `getSregs2`. The kernel uses `pdptrs` only with the flag
   * KVM_SREGS2_FLAGS_PDPTRS_VALID.
   *
   * @param sregs the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_SREGS2"
   */
  setSregs2(sregs: PartialOf<KvmSregs2>): void {
    this.#ioctls.set('KVM_SET_SREGS2', sregs, () => this.getSregs2());
  }

  /**
   * KVM_GET_FPU: reads the x87 and SSE registers.
   *
   * @param fpu the view to fill, by default a new view.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_FPU"
   */
  getFpu(fpu?: KvmFpu): KvmFpu {
    return this.#ioctls.get('KVM_GET_FPU', fpu);
  }

  /**
   * KVM_SET_FPU: sets the x87 and SSE registers. Some kernels ignore the values of registers that the guest has never
   * used. `setXsave` also sets which registers are in use.
   *
   * @param fpu the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmBusyError while another thread runs the vCPU,
   * KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_FPU"
   */
  setFpu(fpu: PartialOf<KvmFpu>): void {
    this.#ioctls.set('KVM_SET_FPU', fpu, () => this.getFpu());
  }

  /**
   * KVM_GET_XSAVE (KVM_CAP_XSAVE): reads the XSAVE area, if it has at most 4096 bytes.
   *
   * @param xsave the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_XSAVE"
   */
  getXsave(xsave?: KvmXsave): KvmXsave {
    return this.#ioctls.get('KVM_GET_XSAVE', xsave);
  }

  /**
   * KVM_GET_XSAVE2 (KVM_CAP_XSAVE2): reads the whole XSAVE area.
   *
   * @param xsave the view to fill, with as many bytes as `checkExtension('KVM_CAP_XSAVE2')` returns, by default a new
   * view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_XSAVE2"
   */
  getXsave2(xsave?: KvmXsave): KvmXsave {
    const request = this.#ioctls.supported('KVM_GET_XSAVE2');
    const bytes = this.#xsaveBytes();
    const { $size, $flexible } = this.bindings.KvmXsave;
    const into = xsave ?? allocate(this.bindings.KvmXsave, Math.ceil((bytes - $size) / $flexible.elementSize));
    ioctlOfBytes(this.#vcpu.target, request, into, bytes);
    return into;
  }

  /**
   * KVM_SET_XSAVE (KVM_CAP_XSAVE): sets the XSAVE area, from `getXsave` or `getXsave2`.
   *
   * @param xsave the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_XSAVE"
   */
  setXsave(xsave: PartialOf<KvmXsave>): void {
    const request = this.#ioctls.supported('KVM_SET_XSAVE');
    const bytes = this.#xsaveBytes();
    const whole = wholeStruct(request.name, xsave, () =>
      bytes > request.argument.$size ? this.getXsave2() : this.getXsave(),
    );
    ioctlOfBytes(this.#vcpu.target, request, whole, bytes);
  }

  /** The number of bytes that the kernel reads and writes. Without KVM_CAP_XSAVE2 it is the size of the struct. */
  #xsaveBytes(): number {
    const { KvmXsave } = this.bindings as Partial<Bindings>;
    return Math.max(capabilityValue(this.#vcpu, 'KVM_CAP_XSAVE2'), KvmXsave?.$size ?? 0);
  }

  /**
   * KVM_GET_XCRS (KVM_CAP_XCRS): reads the extended control registers. Today's processors have XCR0 only.
   *
   * @param xcrs the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_XCRS"
   */
  getXcrs(xcrs?: KvmXcrs): KvmXcrs {
    return this.#ioctls.get('KVM_GET_XCRS', xcrs);
  }

  /**
   * KVM_SET_XCRS (KVM_CAP_XCRS): sets the extended control registers.
   *
   * @param xcrs the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_XCRS"
   */
  setXcrs(xcrs: PartialOf<KvmXcrs>): void {
    this.#ioctls.set('KVM_SET_XCRS', xcrs, () => this.getXcrs());
  }

  /**
   * KVM_GET_DEBUGREGS (KVM_CAP_DEBUGREGS): reads the guest's own debug registers.
   *
   * @param debugregs the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_DEBUGREGS"
   */
  getDebugregs(debugregs?: KvmDebugregs): KvmDebugregs {
    return this.#ioctls.get('KVM_GET_DEBUGREGS', debugregs);
  }

  /**
   * KVM_SET_DEBUGREGS (KVM_CAP_DEBUGREGS): sets the guest's own debug registers.
   *
   * @param debugregs the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_DEBUGREGS"
   */
  setDebugregs(debugregs: PartialOf<KvmDebugregs>): void {
    this.#ioctls.set('KVM_SET_DEBUGREGS', debugregs, () => this.getDebugregs());
  }

  /**
   * KVM_GET_MSRS: reads model-specific registers, in the order of `indices`.
   *
   * @param indices the indices of the MSRs.
   * @throws KvmMsrError with the index of the first MSR that this vCPU does not have.
   * @see api.rst, "KVM_GET_MSRS"
   */
  getMsrs<const Indices extends readonly number[]>(indices: Indices): { -readonly [At in keyof Indices]: Msr };
  getMsrs(indices: Iterable<number>): Msr[];
  getMsrs(indices: Iterable<number>): Msr[] {
    const msrs = requireList('KVM_GET_MSRS', 'indices', indices).map((index) => ({ index, data: 0n }));
    return this.#msrs('KVM_GET_MSRS', msrs);
  }

  /**
   * KVM_SET_MSRS: sets model-specific registers, in the order of `msrs`.
   *
   * @param msrs pairs of an index and a value. An element is a result of `getMsrs`, an entry of a `KvmMsrs`, or any
   * object with these members.
   * @throws KvmMsrError with the index of the first MSR that is refused. The MSRs before it are set.
   * @see api.rst, "KVM_SET_MSRS"
   */
  setMsrs(msrs: Iterable<Msr>): void {
    this.#msrs('KVM_SET_MSRS', msrs);
  }

  #msrs(name: 'KVM_GET_MSRS' | 'KVM_SET_MSRS', msrs: Iterable<Msr>): Msr[] {
    const request = this.#ioctls.supported(name);
    const { target } = this.#vcpu;
    return transferMsrs(
      this.bindings,
      name,
      msrs,
      (some) => this.ioctl(request, some),
      (entry) => target.rules?.broken(target, name, 'ERR_KVM_MSR_REFUSED', entry, false),
    );
  }

  /**
   * Synchronizes these sets of registers (KVM_CAP_SYNC_REGS). From now on each run stores them and applies what was written
   * to them, without an ioctl. Sets that are not named are not synchronized any more. Between two runs use either these
   * views, or `getRegs` and `setRegs`: neither sees what was written with the other.
   *
   * @param names the sets: `'regs'`, `'sregs'`, `'events'`.
   * @throws KvmUnsupportedError, which names KVM_CAP_SYNC_REGS, when the kernel does not synchronize one of the sets.
   * @example
   * const { regs } = vcpu.syncRegs('regs');
   * vcpu.run();
   * regs.rip += 2n;
   */
  syncRegs<Name extends keyof SyncRegs>(...names: Name[]): Pick<SyncRegs, Name> {
    return syncRegs(this.#vcpu, names);
  }

  // Pending events

  /**
   * KVM_GET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): reads the pending exceptions, interrupts, NMIs and SMIs.
   *
   * @param events the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_VCPU_EVENTS"
   */
  getVcpuEvents(events?: KvmVcpuEvents): KvmVcpuEvents {
    return this.#ioctls.get('KVM_GET_VCPU_EVENTS', events);
  }

  /**
   * KVM_SET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): sets the pending exceptions, interrupts, NMIs and SMIs.
   *
   * @param events the values to set. The member `flags` says which of the optional members are valid. A plain object sets
   * its members, as in `setRegs`. If it does not have `flags`, the bits of `flags` that `getVcpuEvents` returns are
   * kept.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_VCPU_EVENTS"
   */
  setVcpuEvents(events: PartialOf<KvmVcpuEvents>): void {
    this.#ioctls.set('KVM_SET_VCPU_EVENTS', events, () => this.getVcpuEvents());
  }

  /**
   * KVM_SET_MP_STATE (KVM_CAP_MP_STATE): sets whether the vCPU runs, is halted or waits for its start
   * (`KVM_MP_STATE_…`).
   *
   * @param state the values to set. A plain object sets its members, as in `setRegs`. The read also accepts a pending
   * INIT or SIPI of the vCPU.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError, which names KVM_CAP_IRQCHIP,
   * when the interrupt controller of the VM is not in the kernel. On x86 the state is always KVM_MP_STATE_RUNNABLE then.
   * @see api.rst, "KVM_SET_MP_STATE"
   */
  override setMpState(state: PartialOf<KvmMpState>): void {
    this.#withLapic('KVM_SET_MP_STATE', () => this.#ioctls.set('KVM_SET_MP_STATE', state, () => this.getMpState()));
  }

  /**
   * KVM_NMI (KVM_CAP_USER_NMI): queues a non-maskable interrupt.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_NMI"
   */
  nmi(): void {
    this.#ioctls.do('KVM_NMI');
  }

  /**
   * KVM_SMI (KVM_CAP_X86_SMM): queues a system management interrupt.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SMI"
   */
  smi(): void {
    this.#ioctls.do('KVM_SMI');
  }

  /**
   * KVM_INTERRUPT: queues an external interrupt, in a VM whose interrupt controller is not in the kernel. The guest must
   * be ready: `kvmRun.ready_for_interrupt_injection`. With `kvmRun.request_interrupt_window` the vCPU exits when it is
   * ready.
   *
   * @param vector the number of the interrupt, 0 to 255.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_INTERRUPT"
   */
  interrupt(vector: number): void {
    const interrupt = allocate(this.bindings.KvmInterrupt);
    setMember('KVM_INTERRUPT', interrupt, 'irq', 'vector', vector);
    this.#ioctls.set('KVM_INTERRUPT', interrupt);
  }

  // The local interrupt controller. If it is not in the kernel, these throw KvmUnsupportedError, which names KVM_CAP_IRQCHIP.

  /**
   * KVM_GET_LAPIC (KVM_CAP_IRQCHIP): reads the registers of the local interrupt controller.
   *
   * @param lapic the view to fill, by default a new view.
   * @throws KvmUnsupportedError, which names KVM_CAP_IRQCHIP, when the interrupt controller of the VM is not in the
   * kernel, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_LAPIC"
   */
  getLapic(lapic?: KvmLapicState): KvmLapicState {
    return this.#withLapic('KVM_GET_LAPIC', () => this.#ioctls.get('KVM_GET_LAPIC', lapic));
  }

  /**
   * KVM_SET_LAPIC (KVM_CAP_IRQCHIP): sets the registers of the local interrupt controller.
   *
   * @param lapic the values to set. A plain object sets its members, as in `setRegs`.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError, which names KVM_CAP_IRQCHIP,
   * when the interrupt controller of the VM is not in the kernel, KvmBusyError while another thread runs the vCPU,
   * KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_LAPIC"
   */
  setLapic(lapic: PartialOf<KvmLapicState>): void {
    this.#withLapic('KVM_SET_LAPIC', () => this.#ioctls.set('KVM_SET_LAPIC', lapic, () => this.getLapic()));
  }

  /**
   * KVM_TPR_ACCESS_REPORTING (KVM_CAP_VAPIC): sets whether an access to the task priority register is an exit.
   *
   * @param enabled true if it is an exit.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   */
  setTprAccessReporting(enabled: boolean): void {
    const control = allocate(this.bindings.KvmTprAccessCtl);
    control.enabled = enabled ? 1 : 0;
    this.#ioctls.set('KVM_TPR_ACCESS_REPORTING', control);
  }

  /**
   * KVM_SET_VAPIC_ADDR (KVM_CAP_VAPIC): sets the address at which the kernel stores the task priority.
   *
   * @param guestAddress a guest-physical address. 0 means none.
   * @throws KvmUnsupportedError, which names KVM_CAP_IRQCHIP, when the interrupt controller of the VM is not in the
   * kernel, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   */
  setVapicAddr(guestAddress: number | bigint): void {
    const address = allocate(this.bindings.KvmVapicAddr);
    setMember('KVM_SET_VAPIC_ADDR', address, 'vapic_addr', 'guestAddress', guestAddress);
    this.#withLapic('KVM_SET_VAPIC_ADDR', () => this.#ioctls.set('KVM_SET_VAPIC_ADDR', address));
  }

  // Configuration

  /**
   * KVM_GET_CPUID2 (KVM_CAP_EXT_CPUID): returns all CPUID leaves of the guest.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   */
  getCpuid2(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_CPUID2');
  }

  /**
   * KVM_SET_CPUID2 (KVM_CAP_EXT_CPUID): sets the CPUID leaves of the guest, before its first run.
   *
   * @param cpuid the CPUID leaves, such as those of `Kvm.getSupportedCpuid`.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   */
  setCpuid2(cpuid: KvmCpuid2): void {
    this.#ioctls.set('KVM_SET_CPUID2', cpuid);
  }

  /**
   * KVM_SET_CPUID: sets CPUID leaves without subleaves. `setCpuid2` replaces it on all kernels of today.
   *
   * @param cpuid the CPUID leaves.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_CPUID"
   */
  setCpuid(cpuid: KvmCpuid): void {
    this.#ioctls.set('KVM_SET_CPUID', cpuid);
  }

  /**
   * KVM_GET_SUPPORTED_HV_CPUID (KVM_CAP_HYPERV_CPUID): returns the CPUID leaves that a Hyper-V guest may have.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_SUPPORTED_HV_CPUID"
   */
  getSupportedHvCpuid(): KvmCpuid2 {
    return this.#cpuid('KVM_GET_SUPPORTED_HV_CPUID');
  }

  #cpuid(name: 'KVM_GET_CPUID2' | 'KVM_GET_SUPPORTED_HV_CPUID'): KvmCpuid2 {
    const request = this.#ioctls.supported(name);
    return grown(this.bindings.KvmCpuid2, 64, (cpuid) => this.ioctl(request, cpuid));
  }

  /**
   * KVM_GET_TSC_KHZ (KVM_CAP_GET_TSC_KHZ): returns the frequency of the guest's time stamp counter in kHz.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_TSC_KHZ"
   */
  getTscKhz(): number {
    return this.#ioctls.do('KVM_GET_TSC_KHZ');
  }

  /**
   * KVM_SET_TSC_KHZ (KVM_CAP_TSC_CONTROL): sets the frequency of the guest's time stamp counter.
   *
   * @param khz the frequency in kHz.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_TSC_KHZ"
   */
  setTscKhz(khz: number): void {
    this.ioctl(this.#ioctls.supported('KVM_SET_TSC_KHZ'), requireU32('KVM_SET_TSC_KHZ', 'khz', khz));
  }

  /**
   * KVM_KVMCLOCK_CTRL (KVM_CAP_KVMCLOCK_CTRL): notifies a guest with kvmclock that it was paused.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_KVMCLOCK_CTRL"
   */
  kvmclockCtrl(): void {
    this.#ioctls.do('KVM_KVMCLOCK_CTRL');
  }

  /**
   * KVM_X86_SETUP_MCE (KVM_CAP_MCE): sets the machine check capabilities, the MSR IA32_MCG_CAP.
   *
   * @param capabilities a mask.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_X86_SETUP_MCE"
   */
  setupMce(capabilities: bigint): void {
    const { KVM_X86_SETUP_MCE } = this.bindings;
    const value = allocate(KVM_X86_SETUP_MCE.argument);
    setMember(KVM_X86_SETUP_MCE.name, value, 'value', 'capabilities', capabilities);
    this.#ioctls.set('KVM_X86_SETUP_MCE', value);
  }

  /**
   * KVM_X86_SET_MCE (KVM_CAP_MCE): injects a machine check error.
   *
   * @param mce the error. The members that a plain object does not have are 0, because no ioctl reads them.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_X86_SET_MCE"
   */
  setMce(mce: PartialOf<KvmX86Mce>): void {
    this.#ioctls.set('KVM_X86_SET_MCE', mce, () => allocate(this.bindings.KvmX86Mce));
  }

  /**
   * KVM_GET_NESTED_STATE (KVM_CAP_NESTED_STATE): returns the state of a guest that this guest runs. The member `size` is
   * the size of the state in bytes.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_NESTED_STATE"
   */
  getNestedState(): KvmNestedState {
    const request = this.#ioctls.supported('KVM_GET_NESTED_STATE');
    const { KvmNestedState } = this.bindings;
    const bytes = Math.max(KvmNestedState.$size, capabilityValue(this.#vcpu, 'KVM_CAP_NESTED_STATE'));
    const state = new KvmNestedState(new DataView(new ArrayBuffer(bytes)));
    state.size = bytes;
    this.ioctl(request, state);
    return state;
  }

  /**
   * KVM_SET_NESTED_STATE (KVM_CAP_NESTED_STATE): sets the state of a guest that this guest runs.
   *
   * @param state the values to set.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_NESTED_STATE"
   */
  setNestedState(state: KvmNestedState): void {
    this.#ioctls.set('KVM_SET_NESTED_STATE', state);
  }

  // Debugging

  /**
   * KVM_TRANSLATE: translates a linear address of the guest with its current page tables.
   *
   * @param linearAddress an address of 64 bits.
   * @throws KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_TRANSLATE"
   */
  translate(linearAddress: number | bigint): KvmTranslation {
    const translation = allocate(this.bindings.KvmTranslation);
    setMember('KVM_TRANSLATE', translation, 'linear_address', 'linearAddress', linearAddress);
    return this.#ioctls.get('KVM_TRANSLATE', translation);
  }

  /**
   * KVM_SET_GUEST_DEBUG (KVM_CAP_SET_GUEST_DEBUG): sets the events that are exits with KVM_EXIT_DEBUG. Each call
   * replaces the previous one, and `{}` turns all of them off.
   *
   * @param debug the events.
   * @throws KvmUnsupportedError, which names KVM_CAP_SET_GUEST_DEBUG2, for an event that the kernel does not support;
   * KvmArgumentError for breakpoints that the processor does not have.
   * @see api.rst, "KVM_SET_GUEST_DEBUG"
   */
  setGuestDebug(debug: GuestDebug): void {
    this.#ioctls.supported('KVM_SET_GUEST_DEBUG');
    const flags = capabilityValue(this.#vcpu, 'KVM_CAP_SET_GUEST_DEBUG2');
    this.#ioctls.set('KVM_SET_GUEST_DEBUG', guestDebug(this.bindings, debug, flags));
  }

  // Xen

  /**
   * KVM_XEN_VCPU_GET_ATTR (KVM_CAP_XEN_HVM): reads an attribute of the vCPU of a Xen guest.
   *
   * @param type the number of the attribute, `KVM_XEN_VCPU_ATTR_TYPE_…`.
   * @param into the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_XEN_VCPU_GET_ATTR"
   */
  xenVcpuGetAttr(type: number, into?: KvmXenVcpuAttr): KvmXenVcpuAttr {
    this.#ioctls.supported('KVM_XEN_VCPU_GET_ATTR');
    return xenVcpuGetAttr(this.#vcpu, type, into);
  }

  /**
   * KVM_XEN_VCPU_SET_ATTR (KVM_CAP_XEN_HVM): sets an attribute of the vCPU of a Xen guest.
   *
   * @param attr the type and the value of the attribute.
   * @param memory the `struct vcpu_info`, only for `KVM_XEN_VCPU_ATTR_TYPE_VCPU_INFO_HVA`: 64 bytes of a guest memory. The
   * VM keeps the memory. Without it the vCPU has no `struct vcpu_info` any more.
   * @throws KvmArgumentError when another attribute has memory, KvmUnsupportedError when the kernel does not have the
   * capability, KvmBusyError while another thread runs the vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_XEN_VCPU_SET_ATTR"
   */
  xenVcpuSetAttr(attr: KvmXenVcpuAttr, memory?: MemoryRange): void {
    this.#ioctls.supported('KVM_XEN_VCPU_SET_ATTR');
    xenVcpuSetAttr(this.#vcpu, attr, memory);
  }

  // Encryption

  /**
   * KVM_MEMORY_ENCRYPT_OP: makes a command of TDX on a vCPU. The kernel's document of the commands is
   * Documentation/virt/kvm/x86/intel-tdx.rst.
   *
   * @param command the name of the command, such as `KVM_TDX_INIT_VCPU`.
   * @param options `argument` is the struct or the value of the command, `memory` the data for the addresses in the struct,
   * as of `Vm.memoryEncryptOp`, and `flags` the flags of the command.
   * @returns the struct, with what the kernel has written.
   * @throws KvmFirmwareError when the firmware refuses, KvmUnsupportedError when this vCPU cannot be encrypted, KvmBusyError
   * while another thread runs the vCPU, KvmError when the kernel refuses, KvmArgumentError for data of a wrong length.
   * @example
   * const region = allocate(KvmTdxInitMemRegion);
   * region.gpa = 0xffff_f000n;
   * vcpu.memoryEncryptOp('KVM_TDX_INIT_MEM_REGION', { argument: region, memory: { source_addr: new Uint8Array(4096) } });
   * @see api.rst, "KVM_MEMORY_ENCRYPT_OP"
   */
  memoryEncryptOp<Name extends EncryptCommandAlone<'vcpu'>>(command: Name): EncryptResult<Name>;
  memoryEncryptOp<Name extends EncryptCommand<'vcpu'>>(
    command: Name,
    options: EncryptOptions<Name>,
  ): EncryptResult<Name>;
  memoryEncryptOp<Name extends EncryptCommand<'vcpu'>>(
    command: Name,
    options?: EncryptOptions<Name>,
  ): EncryptResult<Name> {
    return memoryEncryptOp(this.#vcpu, command, options);
  }

  // What the methods share

  /** Calls `call`. If the kernel refuses because it has no local interrupt controller, the error says so. */
  #withLapic<T>(name: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!isRefusal(error) || error.rule !== undefined || this.#hasLapic()) throw error;
      const why =
        'the interrupt controller of this VM is not in the kernel; create it there before the vCPU: call vm.createIrqchip(), or enable KVM_CAP_SPLIT_IRQCHIP';
      throw new KvmUnsupportedError(name, why, 'KVM_CAP_IRQCHIP', error);
    }
  }

  #hasLapic(): boolean {
    try {
      this.#ioctls.get('KVM_GET_LAPIC', undefined);
      return true;
    } catch (error) {
      return !isRefusal(error);
    }
  }
}

function isRefusal(error: unknown): error is KvmError {
  return error instanceof KvmError && error.code === 'EINVAL';
}
