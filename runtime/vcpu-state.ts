/**
 * The methods of `Vcpu` that every architecture has: capabilities, registers by their ids, the state of multiprocessing, memory and
 * statistics.
 */

import type { KvmMpState, KvmRegList } from '../generated/x86_64/linux/kvm.js';
import { allocate, type PartialOf } from '../support/index.js';
import { type CapabilityOf, checkExtension, requireExtension } from './capability.js';
import { type Creator, requireCreator } from './construction.js';
import type { Bindings, GenericIoctl, VcpuContext } from './context.js';
import { grown } from './growing-views.js';
import { setMember } from './numbers.js';
import { oneReg } from './one-reg.js';
import { defineAbsent } from './other-architectures.js';
import { preFault } from './pre-fault.js';
import { makeStats, type Stats } from './stats.js';
import { VcpuIoctls } from './vcpu-ioctls.js';

/**
 * The part of `Vcpu` with its state. A method that gets a struct takes a view to fill, or makes a new one. All methods throw
 * KvmUnsupportedError, which names the capability, when the kernel does not have the ioctl; KvmBusyError while another thread
 * runs the vCPU; KvmClosedError when the vCPU is closed; KvmArgumentError for a view of another struct; and KvmError when the
 * kernel refuses.
 */
export abstract class VcpuState<B extends Bindings> {
  /** The bindings that `Kvm.open` or `Vcpu.attach` was given. */
  readonly bindings: B;
  /** Makes any ioctl of the vCPU file descriptor. @throws KvmBusyError while another thread runs it. */
  readonly ioctl: GenericIoctl<'vcpu'>;
  readonly #vcpu: VcpuContext<B>;
  readonly #ioctls: VcpuIoctls<Bindings>;

  protected constructor(given: Creator, vcpu: VcpuContext<B>) {
    requireCreator(given, 'Vcpu', 'Vm.createVcpu, Vcpu.attach or Vcpu.fromFd');
    this.#vcpu = vcpu;
    this.#ioctls = new VcpuIoctls<Bindings>(vcpu);
    this.bindings = vcpu.bindings;
    this.ioctl = vcpu.ioctl;
  }

  // Capabilities

  /**
   * KVM_CHECK_EXTENSION of the VM of this vCPU: returns 0 if the VM does not have a capability, and otherwise 1 or a
   * number that the capability defines. The call works while the vCPU runs, too.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmArgumentError for a name that the bindings do not have.
   */
  checkExtension(capability: CapabilityOf<B>): number {
    return checkExtension(this.#vcpu, capability);
  }

  /**
   * KVM_CHECK_EXTENSION of the VM of this vCPU: throws an error if the VM does not have a capability.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmUnsupportedError, which names the capability, when the VM does not have it, KvmArgumentError for a name
   * that the bindings do not have.
   */
  requireExtension(capability: CapabilityOf<B>): void {
    requireExtension(this.#vcpu, capability);
  }

  // Registers

  /**
   * KVM_GET_REG_LIST (KVM_CAP_ONE_REG): returns the ids of the registers for `getOneReg`. On x86 few kernels have such
   * registers.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_REG_LIST"
   */
  getRegList(): KvmRegList {
    const request = this.#ioctls.supported('KVM_GET_REG_LIST');
    return grown(this.bindings.KvmRegList, 64, (list) => this.ioctl(request, list));
  }

  /**
   * KVM_GET_ONE_REG (KVM_CAP_ONE_REG): returns the value of a register.
   *
   * @param id the id of the register, `KVM_REG_…`, which contains the size of the register.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_ONE_REG"
   */
  getOneReg(id: bigint): bigint {
    return oneReg(this.#vcpu, this.#ioctls.supported('KVM_GET_ONE_REG'), id, 0n);
  }

  /**
   * KVM_SET_ONE_REG (KVM_CAP_ONE_REG): sets a register.
   *
   * @param id the id of the register, `KVM_REG_…`, which contains the size of the register.
   * @param value an unsigned integer.
   * @throws KvmArgumentError for a value that is longer than the register, KvmUnsupportedError when the kernel does not
   * have the capability.
   * @see api.rst, "KVM_SET_ONE_REG"
   */
  setOneReg(id: bigint, value: bigint): void {
    oneReg(this.#vcpu, this.#ioctls.supported('KVM_SET_ONE_REG'), id, value);
  }

  // State

  /**
   * KVM_GET_MP_STATE (KVM_CAP_MP_STATE): reads whether the vCPU runs, is halted or waits for its start
   * (`KVM_MP_STATE_…`).
   *
   * @param state the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_MP_STATE"
   */
  getMpState(state?: KvmMpState): KvmMpState {
    return this.#ioctls.get('KVM_GET_MP_STATE', state);
  }

  /**
   * KVM_SET_MP_STATE (KVM_CAP_MP_STATE): sets whether the vCPU runs, is halted or waits for its start
   * (`KVM_MP_STATE_…`).
   *
   * @param state the values to set. A plain object sets its members and leaves the others as they are.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have the
   * capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_MP_STATE"
   */
  setMpState(state: PartialOf<KvmMpState>): void {
    this.#ioctls.set('KVM_SET_MP_STATE', state, () => this.getMpState());
  }

  /**
   * KVM_PRE_FAULT_MEMORY (KVM_CAP_PRE_FAULT_MEMORY): maps pages of the guest now, so that the guest does not wait for them later. If
   * the kernel stops early, the ioctl is made again until the whole range is done.
   *
   * @param address the guest-physical address of the first byte, a multiple of the page size.
   * @param size the number of bytes, a multiple of the page size.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError with code `ENOENT` when an address is in no
   * memory slot (the pages before it are mapped), KvmBusyError while another thread runs the vCPU.
   * @example
   * vcpu.preFaultMemory(0, memory.size);
   * @see api.rst, "KVM_PRE_FAULT_MEMORY"
   */
  preFaultMemory(address: number | bigint, size: number | bigint): void {
    const name = 'KVM_PRE_FAULT_MEMORY';
    const range = allocate(this.bindings.KvmPreFaultMemory);
    setMember(name, range, 'gpa', 'address', address);
    setMember(name, range, 'size', 'size', size);
    preFault(range, () => this.#ioctls.get(name, range));
  }

  // Statistics

  /**
   * KVM_GET_STATS_FD (KVM_CAP_BINARY_STATS_FD): returns a new file descriptor of the statistics of the vCPU. The caller
   * closes the file descriptor. `stats` reads the statistics.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_STATS_FD"
   */
  getStatsFd(): number {
    return this.#ioctls.do('KVM_GET_STATS_FD');
  }

  /**
   * KVM_GET_STATS_FD (KVM_CAP_BINARY_STATS_FD): opens the statistics of the vCPU.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmBusyError while another thread runs the
   * vCPU, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_STATS_FD"
   */
  stats(): Stats {
    return makeStats(this.#vcpu.createFile(this.#ioctls.supported('KVM_GET_STATS_FD')), this.bindings);
  }

  static {
    defineAbsent(VcpuState, 'Vcpu');
  }
}
