/** The interrupts of a VM: the controllers that the kernel emulates, their lines, the routing, and the timer chip. */

import type {
  KvmIrqchip,
  KvmIrqLevel,
  KvmIrqRoutingEntry,
  KvmPitState,
  KvmPitState2,
} from '../generated/x86_64/linux/kvm.js';
import { allocate } from '../support/index.js';
import type { VmContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import type { EventFd } from './eventfd.js';
import { read } from './ioctl.js';

/** A message-signalled interrupt. */
export interface Msi {
  readonly address: number | bigint;
  readonly data: number;
  /** The device that sends the message (KVM_CAP_MSI_DEVID). */
  readonly devid?: number;
}

/** The destination of a global interrupt number: a pin of a controller in the kernel, or a message. */
export type Route = { readonly gsi: number } & (
  | { readonly irqchip: number; readonly pin: number }
  | { readonly msi: Msi }
);

export interface IrqfdOptions {
  /** For level-triggered interrupts: the kernel signals this when the guest has acknowledged (KVM_CAP_IRQFD_RESAMPLE). */
  readonly resample?: EventFd;
}

export class Interrupts {
  readonly #vm: VmContext;

  /** Only `Vm` calls this. */
  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /** KVM_CREATE_IRQCHIP: creates two PICs, an IOAPIC, and a local APIC in each vCPU that is created later. */
  createChips(): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_CREATE_IRQCHIP);
  }

  /** KVM_GET_IRQCHIP: reads the registers of one of the `KVM_IRQCHIP_…`, into `into` or a new view. */
  getChip(chip: number, into: KvmIrqchip = allocate(this.#vm.bindings.KvmIrqchip)): KvmIrqchip {
    into.chip_id = chip;
    this.#vm.ioctl(this.#vm.bindings.KVM_GET_IRQCHIP, into);
    return into;
  }

  /** KVM_SET_IRQCHIP: sets the registers of the controller `chip.chip_id`. */
  setChip(chip: KvmIrqchip): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_SET_IRQCHIP, chip);
  }

  /** KVM_IRQ_LINE: sets the level of a line, by its global interrupt number. An edge is high and then low. */
  setLine(gsi: number, high: boolean): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_IRQ_LINE, this.#level(gsi, high));
  }

  /**
   * KVM_IRQ_LINE_STATUS: sets the level of a line.
   *
   * @returns the number of vCPUs that got the interrupt, 0 when it was pending already, -1 when it is masked.
   */
  setLineStatus(gsi: number, high: boolean): number {
    const level = this.#level(gsi, high);
    this.#vm.ioctl(this.#vm.bindings.KVM_IRQ_LINE_STATUS, level);
    return level.status | 0;
  }

  #level(gsi: number, high: boolean): KvmIrqLevel {
    const level = allocate(this.#vm.bindings.KvmIrqLevel);
    level.irq = gsi;
    level.level = high ? 1 : 0;
    return level;
  }

  /** KVM_SET_GSI_ROUTING: sets the routes of all global interrupt numbers. A number that is not named has no destination. */
  setRouting(routes: readonly Route[]): void {
    const { KvmIrqRouting, KVM_SET_GSI_ROUTING } = this.#vm.bindings;
    const routing = allocate(KvmIrqRouting, routes.length);
    for (const [index, route] of routes.entries()) this.#route(routing.entries.get(index), route);
    this.#vm.ioctl(KVM_SET_GSI_ROUTING, routing);
  }

  #route(entry: KvmIrqRoutingEntry, route: Route): void {
    const { KVM_IRQ_ROUTING_IRQCHIP, KVM_IRQ_ROUTING_MSI, KVM_MSI_VALID_DEVID } = this.#vm.bindings;
    entry.gsi = route.gsi;
    if ('msi' in route) {
      const { data, devid, ...address } = halves(route.msi);
      entry.type = KVM_IRQ_ROUTING_MSI;
      entry.flags = devid === undefined ? 0 : KVM_MSI_VALID_DEVID;
      Object.assign(entry.u.msi, { data, devid: devid ?? 0, ...address });
    } else {
      entry.type = KVM_IRQ_ROUTING_IRQCHIP;
      Object.assign(entry.u.irqchip, { irqchip: route.irqchip, pin: route.pin });
    }
  }

  /** KVM_SIGNAL_MSI: sends a message. @returns false when the guest has masked it. */
  signalMsi(msi: Msi): boolean {
    const { KvmMsi, KVM_SIGNAL_MSI, KVM_MSI_VALID_DEVID } = this.#vm.bindings;
    const { devid, ...rest } = halves(msi);
    const flags = devid === undefined ? 0 : KVM_MSI_VALID_DEVID;
    const message = Object.assign(allocate(KvmMsi), { devid: devid ?? 0, flags, ...rest });
    return this.#vm.ioctl(KVM_SIGNAL_MSI, message) > 0;
  }

  /** KVM_IRQFD: from now on a signal of `event` is an interrupt, without a call of the runtime. */
  assignEvent(event: EventFd, gsi: number, { resample }: IrqfdOptions = {}): void {
    const { KVM_IRQFD_FLAG_RESAMPLE } = this.#vm.bindings;
    this.#irqfd(event, gsi, resample ? KVM_IRQFD_FLAG_RESAMPLE : 0, resample?.fd ?? 0);
  }

  /** KVM_IRQFD: ends `assignEvent`. After this call the eventfd causes no more interrupts. */
  unassignEvent(event: EventFd, gsi: number): void {
    this.#irqfd(event, gsi, this.#vm.bindings.KVM_IRQFD_FLAG_DEASSIGN, 0);
  }

  #irqfd({ fd }: EventFd, gsi: number, flags: number, resamplefd: number): void {
    const { KvmIrqfd, KVM_IRQFD } = this.#vm.bindings;
    this.#vm.ioctl(KVM_IRQFD, Object.assign(allocate(KvmIrqfd), { fd, gsi, flags, resamplefd }));
  }

  /** KVM_CREATE_PIT2: creates the timer chip, an i8254. `createChips` comes first. @param flags `KVM_PIT_SPEAKER_DUMMY`. */
  createPit(flags: number = 0): void {
    const { KvmPitConfig, KVM_CREATE_PIT2 } = this.#vm.bindings;
    this.#vm.ioctl(KVM_CREATE_PIT2, Object.assign(allocate(KvmPitConfig), { flags }));
  }

  /** KVM_GET_PIT2: reads the timer chip, into `into` or a new view. */
  getPit(into?: KvmPitState2): KvmPitState2 {
    return read(this.#vm.ioctl, this.#vm.bindings.KVM_GET_PIT2, into);
  }

  /** KVM_SET_PIT2: sets the timer chip. */
  setPit(pit: KvmPitState2): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_SET_PIT2, pit);
  }

  /** KVM_REINJECT_CONTROL: whether the guest gets missed ticks of the timer later. */
  setPitReinjection(on: boolean): void {
    const { KvmReinjectControl, KVM_REINJECT_CONTROL } = this.#vm.bindings;
    this.#vm.ioctl(KVM_REINJECT_CONTROL, Object.assign(allocate(KvmReinjectControl), { pit_reinject: on ? 1 : 0 }));
  }

  /** KVM_CREATE_PIT: creates the timer chip on kernels without KVM_CAP_PIT2. */
  createOldPit(): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_CREATE_PIT);
  }

  /** KVM_GET_PIT: reads the timer chip without its flags, into `into` or a new view, on kernels without KVM_CAP_PIT_STATE2. */
  getOldPit(into: KvmPitState = allocate(this.#vm.bindings.KvmPitState)): KvmPitState {
    this.#vm.ioctl(this.#vm.bindings.KVM_GET_PIT, into);
    return into;
  }

  /** KVM_SET_PIT: sets the timer chip without its flags. */
  setOldPit(pit: KvmPitState): void {
    this.#vm.ioctl(this.#vm.bindings.KVM_SET_PIT, pit);
  }
}

/** A message with its address in two halves, as in the structs. @throws KvmArgumentError for an address of more than 64 bits. */
function halves({ address, ...rest }: Msi): Omit<Msi, 'address'> & { address_lo: number; address_hi: number } {
  const whole = BigInt(address);
  if (BigInt.asUintN(64, whole) !== whole) throw new KvmArgumentError(`MSI address ${address}; it must have 64 bits`);
  return { ...rest, address_lo: Number(whole & 0xffff_ffffn), address_hi: Number(whole >> 32n) };
}
