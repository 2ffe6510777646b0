/** The methods of `Vm` of x86-64 for its interrupt controllers and its timer. */

import type { KvmIrqchip, KvmPitState, KvmPitState2 } from '../../generated/x86_64/linux/kvm.js';
import { allocate, type PartialOf } from '../../support/index.js';
import type { Creator } from '../construction.js';
import { read, requireView } from '../ioctl.js';
import { setMember } from '../numbers.js';
import type { OpenVm } from '../open-vm.js';
import { wholeStruct } from '../struct-values.js';
import type { VmMakers } from '../vm.js';
import { irqLevel } from '../vm-interrupts.js';
import type { Bindings } from './bindings.js';
import { type Classes, X86VmSettings } from './vm-settings.js';

/** The part of `Vm` of x86-64 with its interrupt controllers. */
export abstract class X86VmIrqchips extends X86VmSettings {
  protected constructor(given: Creator, vm: OpenVm<Bindings>, makers: VmMakers<Bindings, Classes>) {
    super(given, vm, makers);
  }

  // Controllers

  /**
   * KVM_CREATE_IRQCHIP: creates two PICs, an IOAPIC, and a local APIC in each vCPU that is created later. Call it before
   * the first vCPU.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_CREATE_IRQCHIP"
   */
  createIrqchip(): void {
    this.ioctl(this.bindings.KVM_CREATE_IRQCHIP);
  }

  /**
   * KVM_GET_IRQCHIP: reads the registers of an interrupt controller.
   *
   * @param chipId the controller, `KVM_IRQCHIP_…`.
   * @param into the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_IRQCHIP"
   */
  getIrqchip(chipId: number, into: KvmIrqchip = allocate(this.bindings.KvmIrqchip)): KvmIrqchip {
    requireView('KVM_GET_IRQCHIP', into, this.bindings.KvmIrqchip);
    setMember('KVM_GET_IRQCHIP', into, 'chip_id', 'chipId', chipId);
    this.ioctl(this.bindings.KVM_GET_IRQCHIP, into);
    return into;
  }

  /**
   * KVM_SET_IRQCHIP: sets the registers of an interrupt controller.
   *
   * @param irqchip the values to set. The member `chip_id` selects the controller. A plain object with this member sets
   * its members and leaves the others as they are.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_IRQCHIP"
   */
  setIrqchip(irqchip: PartialOf<KvmIrqchip>): void {
    const { KVM_SET_IRQCHIP: request } = this.bindings;
    this.ioctl(
      request,
      wholeStruct('KVM_SET_IRQCHIP', irqchip, ({ chip_id }) => this.getIrqchip(chip_id as number)),
    );
  }

  /**
   * KVM_IRQ_LINE_STATUS (KVM_CAP_IRQ_INJECT_STATUS): sets the level of an interrupt line.
   *
   * @param gsi the number of the line.
   * @param high the level.
   * @returns the number of vCPUs that got the interrupt, 0 when it was pending already, -1 when it is masked.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   */
  setIrqLineStatus(gsi: number, high: boolean): number {
    const level = irqLevel(this.bindings, 'KVM_IRQ_LINE_STATUS', gsi, high);
    this.ioctl(this.bindings.KVM_IRQ_LINE_STATUS, level);
    return level.status | 0;
  }

  // The programmable interval timer

  /**
   * KVM_CREATE_PIT2 (KVM_CAP_PIT2): creates the timer, an i8254. Call `createIrqchip` first.
   *
   * @param flags 0 or `KVM_PIT_SPEAKER_DUMMY`.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_CREATE_PIT2"
   */
  createPit2(flags: number = 0): void {
    const { KvmPitConfig, KVM_CREATE_PIT2 } = this.bindings;
    const config = allocate(KvmPitConfig);
    setMember(KVM_CREATE_PIT2.name, config, 'flags', 'flags', flags);
    this.ioctl(KVM_CREATE_PIT2, config);
  }

  /**
   * KVM_GET_PIT2 (KVM_CAP_PIT_STATE2): reads the timer.
   *
   * @param into the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_PIT2"
   */
  getPit2(into?: KvmPitState2): KvmPitState2 {
    return read(this.ioctl, this.bindings.KVM_GET_PIT2, into);
  }

  /**
   * KVM_SET_PIT2 (KVM_CAP_PIT_STATE2): sets the timer.
   *
   * @param pit the values to set. A plain object sets its members and leaves the others as they are. The kernel starts
   * all counts again.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SET_PIT2"
   */
  setPit2(pit: PartialOf<KvmPitState2>): void {
    const { KVM_SET_PIT2: request } = this.bindings;
    this.ioctl(
      request,
      wholeStruct('KVM_SET_PIT2', pit, () => this.getPit2()),
    );
  }

  /**
   * KVM_REINJECT_CONTROL (KVM_CAP_REINJECT_CONTROL): sets whether the guest gets missed ticks of the timer later.
   *
   * @param reinject true if the guest gets the missed ticks.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_REINJECT_CONTROL"
   */
  reinjectControl(reinject: boolean): void {
    const { KvmReinjectControl, KVM_REINJECT_CONTROL } = this.bindings;
    const control = allocate(KvmReinjectControl);
    control.pit_reinject = reinject ? 1 : 0;
    this.ioctl(KVM_REINJECT_CONTROL, control);
  }

  /**
   * KVM_CREATE_PIT: creates the timer on kernels without KVM_CAP_PIT2.
   *
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   */
  createPit(): void {
    this.ioctl(this.bindings.KVM_CREATE_PIT);
  }

  /**
   * KVM_GET_PIT: reads the timer without its flags, on kernels without KVM_CAP_PIT_STATE2.
   *
   * @param into the view to fill, by default a new view.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   */
  getPit(into: KvmPitState = allocate(this.bindings.KvmPitState)): KvmPitState {
    this.ioctl(this.bindings.KVM_GET_PIT, into);
    return into;
  }

  /**
   * KVM_SET_PIT: sets the timer without its flags, on kernels without KVM_CAP_PIT_STATE2.
   *
   * @param pit the values to set. A plain object sets its members and leaves the others as they are. The kernel starts
   * all counts again.
   * @throws KvmArgumentError for an unknown member or a wrong value, KvmUnsupportedError when the kernel does not have
   * the capability, KvmError when the kernel refuses.
   */
  setPit(pit: PartialOf<KvmPitState>): void {
    const { KVM_SET_PIT: request } = this.bindings;
    this.ioctl(
      request,
      wholeStruct('KVM_SET_PIT', pit, () => this.getPit()),
    );
  }
}
