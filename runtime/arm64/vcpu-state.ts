/** The methods of `Vcpu` of arm64: its start, its registers by name, pending events and debugging. */

import type { KvmRunExit, KvmVcpuEvents } from '../../generated/arm64/linux/kvm.js';
import { allocate, type PartialOf } from '../../support/index.js';
import { requireList } from '../arguments.js';
import type { Creator } from '../construction.js';
import { namedOneReg, setNamedOneReg } from '../named-one-reg.js';
import { requireInteger, setMember } from '../numbers.js';
import type { OpenVcpu } from '../open-vcpu.js';
import { requireKnownKeys } from '../options.js';
import type { RegisterValue } from '../registers/register.js';
import { VcpuAttributes } from '../vcpu-attributes.js';
import { VcpuIoctls } from '../vcpu-ioctls.js';
import type { Bindings } from './bindings.js';
import { type CoreRegisters, coreRegisterKeys, coreRegisterNames } from './core-registers.js';
import { type GuestDebug, guestDebug } from './guest-debug.js';
import { preferredTarget } from './preferred-target.js';
import { type RegisterName, type RegisterWidths, registerNamed } from './registers/names.js';

const featuresPerWord = 32;

/** The options of `Vcpu.vcpuInit`. */
export interface VcpuInitOptions {
  /** The numbers of the features, `KVM_ARM_VCPU_…`. By default none. */
  readonly features?: readonly number[];
  /** The processor that the guest sees, `KVM_ARM_TARGET_…`. By default that of `Vm.preferredTarget`. */
  readonly target?: number;
}

/** The part of `Vcpu` of arm64 that only arm64 has. */
export abstract class Arm64VcpuState extends VcpuAttributes<Bindings, KvmRunExit> {
  readonly #vcpu: OpenVcpu<Bindings>;
  readonly #ioctls: VcpuIoctls<Bindings>;

  protected constructor(given: Creator, vcpu: OpenVcpu<Bindings>) {
    super(given, vcpu);
    this.#vcpu = vcpu;
    this.#ioctls = new VcpuIoctls(vcpu);
  }

  // The start

  /**
   * KVM_ARM_VCPU_INIT: sets the processor that the guest sees and its features, and resets the registers. Call this method before the
   * first run. A later call resets the vCPU; its target and its features must be the same.
   *
   * @param options the features and the target.
   * @throws KvmArgumentError for a wrong feature, KvmError with code `EINVAL` for features that the kernel does not have or that exclude
   * each other, KvmBusyError while another thread runs the vCPU.
   * @example
   * vcpu.vcpuInit({ features: [KVM_ARM_VCPU_PSCI_0_2] });
   * @see api.rst, "KVM_ARM_VCPU_INIT"
   */
  vcpuInit(options: VcpuInitOptions = {}): void {
    const name = 'KVM_ARM_VCPU_INIT';
    requireKnownKeys<VcpuInitOptions>(name, options, { features: true, target: true });
    const init = allocate(this.bindings.KvmVcpuInit);
    if (options.target === undefined) init.target = preferredTarget(this.#vcpu).target;
    else setMember(name, init, 'target', 'target', options.target);
    const most = init.features.length * featuresPerWord - 1;
    for (const feature of requireList(name, 'features', options.features ?? [])) {
      const number = requireInteger(name, 'feature', feature, most);
      const word = Math.floor(number / featuresPerWord);
      init.features.set(word, init.features.get(word) | (1 << (number % featuresPerWord)));
    }
    this.#ioctls.set(name, init);
  }

  /**
   * KVM_ARM_VCPU_FINALIZE: ends the configuration of a feature. Before it, the registers of the feature cannot be accessed, and after it
   * the configuration cannot change.
   *
   * @param feature the number of the feature: `KVM_ARM_VCPU_SVE`.
   * @throws KvmError with code `EPERM` when the feature is finalized already, or with code `EINVAL` when `vcpuInit` has not set the feature.
   * @see api.rst, "KVM_ARM_VCPU_FINALIZE"
   */
  vcpuFinalize(feature: number): void {
    const { KVM_ARM_VCPU_FINALIZE } = this.bindings;
    const value = allocate(KVM_ARM_VCPU_FINALIZE.argument);
    setMember(KVM_ARM_VCPU_FINALIZE.name, value, 'value', 'feature', feature);
    this.#ioctls.set('KVM_ARM_VCPU_FINALIZE', value);
  }

  // Registers

  /**
   * KVM_GET_ONE_REG: returns the value of a register by its name. Up to 32 bits it is a number, with 64 bits a bigint, and
   * a longer register is bytes, of which the first is the least significant.
   *
   * @param name the name of the register, such as `pc`, `SCTLR_EL1` or `PSCI_VERSION`.
   * @throws KvmArgumentError for an unknown name, KvmError with code `ENOENT` when the vCPU does not have the register.
   * @example
   * const pc = vcpu.getOneReg('pc');
   * const vector = vcpu.getOneReg('v0'); // A Uint8Array of 16 bytes.
   * @see api.rst, "KVM_GET_ONE_REG"
   */
  override getOneReg<Name extends RegisterName>(name: Name): RegisterValue<RegisterWidths[Name]>;
  /**
   * KVM_GET_ONE_REG: returns the value of a register by its id.
   *
   * @param id the id of the register, `KVM_REG_…`, which contains the size of the register. `nameOfRegister` returns its name.
   * @throws KvmError with code `ENOENT` when the vCPU does not have the register.
   * @see api.rst, "KVM_GET_ONE_REG"
   */
  override getOneReg(id: bigint): bigint;
  override getOneReg(which: RegisterName | bigint): number | bigint | Uint8Array {
    if (typeof which === 'bigint') return super.getOneReg(which);
    return namedOneReg(this.#vcpu, this.#ioctls.supported('KVM_GET_ONE_REG'), registerNamed(which));
  }

  /**
   * KVM_SET_ONE_REG: sets a register by its name.
   *
   * @param name the name of the register.
   * @param value a number up to 32 bits, a bigint for 64 bits, and bytes for a longer register.
   * @throws KvmArgumentError for an unknown name, and for a value that is longer than the register; KvmError with code `ENOENT` when
   * the vCPU does not have the register, or with code `EINVAL` or `EPERM` when the register cannot have this value.
   * @example
   * vcpu.setOneReg('pc', 0x8000_0000n);
   * @see api.rst, "KVM_SET_ONE_REG"
   */
  override setOneReg<Name extends RegisterName>(name: Name, value: RegisterValue<RegisterWidths[Name]>): void;
  /**
   * KVM_SET_ONE_REG: sets a register by its id.
   *
   * @param id the id of the register, `KVM_REG_…`, which contains the size of the register.
   * @param value an unsigned integer.
   * @throws KvmArgumentError for a value that is longer than the register, KvmError with code `ENOENT` when the vCPU does not have the
   * register.
   * @see api.rst, "KVM_SET_ONE_REG"
   */
  override setOneReg(id: bigint, value: bigint): void;
  override setOneReg(which: RegisterName | bigint, value: number | bigint | Uint8Array): void {
    if (typeof which === 'bigint') super.setOneReg(which, value as bigint);
    else setNamedOneReg(this.#vcpu, this.#ioctls.supported('KVM_SET_ONE_REG'), registerNamed(which), value);
  }

  /**
   * KVM_GET_ONE_REG of each general register: returns `x0` to `x30`, `sp`, `pc`, `pstate` and the registers of exceptions of EL1 as
   * a plain object.
   *
   * @throws KvmError with code `ENOEXEC` before `vcpuInit`, KvmBusyError while another thread runs the vCPU.
   * @example
   * const { pc, x0 } = vcpu.getRegs();
   * @see api.rst, "KVM_GET_ONE_REG"
   */
  getRegs(): CoreRegisters {
    const request = this.#ioctls.supported('KVM_GET_ONE_REG');
    const values = coreRegisterNames.map((name) => [name, namedOneReg(this.#vcpu, request, registerNamed(name))]);
    return Object.fromEntries(values) as CoreRegisters;
  }

  /**
   * KVM_SET_ONE_REG of each given register: sets these general registers and leaves the others as they are.
   *
   * @param regs the values by name.
   * @throws KvmArgumentError for an unknown name or a wrong value, KvmError when the kernel refuses.
   * @example
   * vcpu.setRegs({ pc: 0x8000_0000n, x0: 0x4000_0000n });
   * @see api.rst, "KVM_SET_ONE_REG"
   */
  setRegs(regs: Partial<CoreRegisters>): void {
    const request = this.#ioctls.supported('KVM_SET_ONE_REG');
    requireKnownKeys<Partial<CoreRegisters>>('Vcpu.setRegs', regs, coreRegisterKeys);
    for (const [name, value] of Object.entries(regs)) {
      setNamedOneReg(this.#vcpu, request, registerNamed(name as keyof CoreRegisters), value);
    }
  }

  // Pending events

  /**
   * KVM_GET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): reads whether an SError waits for the guest.
   *
   * @param events the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the vCPU.
   * @see api.rst, "KVM_GET_VCPU_EVENTS"
   */
  getVcpuEvents(events?: KvmVcpuEvents): KvmVcpuEvents {
    return this.#ioctls.get('KVM_GET_VCPU_EVENTS', events);
  }

  /**
   * KVM_SET_VCPU_EVENTS (KVM_CAP_VCPU_EVENTS): makes an SError or an external data abort pending.
   *
   * @param events the values to set. A plain object sets its members and leaves the others as they are.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have the
   * capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_VCPU_EVENTS"
   */
  setVcpuEvents(events: PartialOf<KvmVcpuEvents>): void {
    this.#ioctls.set('KVM_SET_VCPU_EVENTS', events, () => this.getVcpuEvents());
  }

  // Debugging

  /**
   * KVM_SET_GUEST_DEBUG: sets which events of the guest are exits with KVM_EXIT_DEBUG.
   *
   * @param debug the events. All others, and those of earlier calls, are not exits any more.
   * @throws KvmArgumentError for a wrong breakpoint, or for more than the processor has; KvmUnsupportedError when the kernel
   * does not have the capability.
   * @example
   * vcpu.setGuestDebug({ singleStep: true });
   * @see api.rst, "KVM_SET_GUEST_DEBUG"
   */
  setGuestDebug(debug: GuestDebug): void {
    this.#ioctls.set('KVM_SET_GUEST_DEBUG', guestDebug(this.#vcpu, debug));
  }
}
