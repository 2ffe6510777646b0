/** The methods of `Vcpu` of riscv64: its registers by name and debugging. */

import type { KvmRunExit } from '../../generated/riscv64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import type { Creator } from '../construction.js';
import { namedOneReg, setNamedOneReg } from '../named-one-reg.js';
import type { OpenVcpu } from '../open-vcpu.js';
import { requireKnownKeys } from '../options.js';
import type { Register, RegisterValue } from '../registers/register.js';
import { VcpuBase } from '../vcpu.js';
import { VcpuIoctls } from '../vcpu-ioctls.js';
import type { Bindings } from './bindings.js';
import { type RegisterName, type RegisterWidths, registerNamed } from './registers/names.js';

/** The events of the guest that are exits with KVM_EXIT_DEBUG. KVM of riscv64 has no single steps and no hardware breakpoints. */
export interface GuestDebug {
  /** Each EBREAK is an exit, also those that belong to the guest. */
  readonly softwareBreakpoints?: boolean;
}

/** The part of `Vcpu` of riscv64 that only riscv64 has. */
export abstract class Riscv64VcpuState extends VcpuBase<Bindings, KvmRunExit> {
  readonly #vcpu: OpenVcpu<Bindings>;
  readonly #ioctls: VcpuIoctls<Bindings>;

  protected constructor(given: Creator, vcpu: OpenVcpu<Bindings>) {
    super(given, vcpu);
    this.#vcpu = vcpu;
    this.#ioctls = new VcpuIoctls(vcpu);
  }

  /**
   * KVM_GET_ONE_REG: returns the value of a register by its name. Up to 32 bits it is a number, with 64 bits a bigint, and
   * a longer register is bytes, of which the first is the least significant.
   *
   * @param name the name of the register, such as `pc`, `csr.sstatus` or `isa_ext.SSTC`.
   * @throws KvmArgumentError for an unknown name, KvmError with code `ENOENT` when the vCPU does not have the register.
   * @example
   * const pc = vcpu.getOneReg('pc');
   * const sstatus = vcpu.getOneReg('csr.sstatus');
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
    return namedOneReg(this.#vcpu, this.#ioctls.supported('KVM_GET_ONE_REG'), this.#register(which));
  }

  /**
   * KVM_SET_ONE_REG: sets a register by its name.
   *
   * @param name the name of the register.
   * @param value a number up to 32 bits, a bigint for 64 bits, and bytes for a longer register.
   * @throws KvmArgumentError for an unknown name, and for a value that is longer than the register; KvmError with code `ENOENT` when
   * the vCPU does not have the register, or with code `EINVAL` or `EBUSY` when the register cannot have this value now.
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
    else setNamedOneReg(this.#vcpu, this.#ioctls.supported('KVM_SET_ONE_REG'), this.#register(which), value);
  }

  /**
   * KVM_SET_GUEST_DEBUG (KVM_CAP_SET_GUEST_DEBUG, since Linux 6.10): sets which events of the guest are exits with KVM_EXIT_DEBUG.
   *
   * @param debug the events. All others, and those of earlier calls, are not exits any more.
   * @throws KvmArgumentError for an unknown option, KvmUnsupportedError when the kernel does not have the capability.
   * @example
   * vcpu.setGuestDebug({ softwareBreakpoints: true });
   * @see api.rst, "KVM_SET_GUEST_DEBUG"
   */
  setGuestDebug(debug: GuestDebug): void {
    const name = 'KVM_SET_GUEST_DEBUG';
    requireKnownKeys<GuestDebug>(name, debug, { softwareBreakpoints: true });
    const { KvmGuestDebug, KVM_GUESTDBG_ENABLE } = this.bindings;
    const argument = allocate(KvmGuestDebug);
    argument.control = debug.softwareBreakpoints ? KVM_GUESTDBG_ENABLE : 0;
    this.#ioctls.set(name, argument);
  }

  /** The width of a vector register is that of the processor, which another register has. */
  #register(name: RegisterName): Register {
    return String(name).startsWith('vector.v[')
      ? registerNamed(name, this.getOneReg('vector.vlenb'))
      : registerNamed(name);
  }
}
