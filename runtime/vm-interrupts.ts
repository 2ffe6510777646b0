/** The methods of `Vm` for interrupts: the controllers that the kernel emulates, their lines, the routing, and the PIT. */

import type { KvmIrqLevel, KvmIrqRoutingEntry } from '../generated/x86_64/linux/kvm.js';
import { allocate } from '../support/index.js';
import { requireList } from './arguments.js';
import type { Creator } from './construction.js';
import type { Bindings, VmContext } from './context.js';
import { KvmArgumentError } from './errors.js';
import { type EventFd, requireEventFd } from './eventfd.js';
import { requireU32, requireU64, setMember } from './numbers.js';
import { requireKnownKeys } from './options.js';
import { VmSettings } from './vm-settings.js';

/** A message-signalled interrupt. */
export interface Msi {
  /** The address that the message is written to, 64 bits. */
  readonly address: number | bigint;
  /** The value that is written, 32 bits. */
  readonly data: number;
  /** The device that sends the message (KVM_CAP_MSI_DEVID). */
  readonly devid?: number;
}

/** The destination of a GSI (global interrupt number): a pin of a controller in the kernel, or a message. */
export type IrqRoute = { readonly gsi: number } & (
  | { readonly irqchip: number; readonly pin: number; readonly msi?: never }
  | { readonly msi: Msi; readonly irqchip?: never; readonly pin?: never }
);

/** The options of `Vm.registerIrqfd`. */
export interface IrqfdOptions {
  /** For level-triggered interrupts: the kernel signals this eventfd when the guest acknowledges (KVM_CAP_IRQFD_RESAMPLE). */
  readonly resample?: EventFd;
}

/** The part of `Vm` with its interrupts. */
export abstract class VmInterrupts<B extends Bindings> extends VmSettings<B> {
  protected constructor(given: Creator, vm: VmContext<B>) {
    super(given, vm);
  }

  // Lines

  /**
   * KVM_IRQ_LINE: sets the level of an interrupt line. For an edge, set the level to high and then to low.
   *
   * @param gsi the number of the line.
   * @param high the level.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_IRQ_LINE"
   */
  setIrqLine(gsi: number, high: boolean): void {
    this.ioctl(this.bindings.KVM_IRQ_LINE, irqLevel(this.bindings, 'KVM_IRQ_LINE', gsi, high));
  }

  // Routing and messages

  /**
   * KVM_SET_GSI_ROUTING (KVM_CAP_IRQ_ROUTING): sets the routes of all GSIs. A GSI without a route has no destination.
   *
   * @param routes the new routes, which replace all previous ones.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @example
   * vm.setGsiRouting([
   *   { gsi: 4, irqchip: KVM_IRQCHIP_IOAPIC, pin: 4 },
   *   { gsi: 24, msi: { address: 0xfee0_0000, data: 0x31 } },
   * ]);
   * @see api.rst, "KVM_SET_GSI_ROUTING"
   */
  setGsiRouting(routes: readonly IrqRoute[]): void {
    const { KvmIrqRouting, KVM_SET_GSI_ROUTING } = this.bindings;
    const list = requireList(KVM_SET_GSI_ROUTING.name, 'routes', routes);
    const routing = allocate(KvmIrqRouting, list.length);
    for (const [index, route] of list.entries()) this.#route(routing.entries.get(index), route);
    this.ioctl(KVM_SET_GSI_ROUTING, routing);
  }

  #route(entry: KvmIrqRoutingEntry, route: IrqRoute): void {
    const { KVM_IRQ_ROUTING_IRQCHIP, KVM_IRQ_ROUTING_MSI, KVM_MSI_VALID_DEVID } = this.bindings;
    const operation = 'KVM_SET_GSI_ROUTING';
    requireKnownKeys<IrqRoute>(operation, route, { gsi: true, irqchip: true, pin: true, msi: true });
    setMember(operation, entry, 'gsi', 'gsi', route.gsi);
    if (route.msi !== undefined) {
      if (route.irqchip !== undefined || route.pin !== undefined) {
        const rule = 'it must have irqchip and pin, or msi';
        throw new KvmArgumentError(operation, `the route of GSI ${entry.gsi} has a pin and a message; ${rule}`);
      }
      const { devid, ...message } = messageOf(operation, route.msi);
      entry.type = KVM_IRQ_ROUTING_MSI;
      entry.flags = devid === undefined ? 0 : KVM_MSI_VALID_DEVID;
      Object.assign(entry.u.msi, { ...message, devid: devid ?? 0 });
    } else {
      entry.type = KVM_IRQ_ROUTING_IRQCHIP;
      setMember(operation, entry.u.irqchip, 'irqchip', 'irqchip', route.irqchip);
      setMember(operation, entry.u.irqchip, 'pin', 'pin', route.pin);
    }
  }

  /**
   * KVM_SIGNAL_MSI (KVM_CAP_SIGNAL_MSI): sends a message-signalled interrupt.
   *
   * @param msi the address and the data of the message.
   * @returns false when the guest has masked the interrupt. Always false on riscv64, whose kernel does not say whether it is delivered.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_SIGNAL_MSI"
   */
  signalMsi(msi: Msi): boolean {
    const { KvmMsi, KVM_SIGNAL_MSI, KVM_MSI_VALID_DEVID } = this.bindings;
    const { devid, ...rest } = messageOf(KVM_SIGNAL_MSI.name, msi);
    const flags = devid === undefined ? 0 : KVM_MSI_VALID_DEVID;
    const message = Object.assign(allocate(KvmMsi), { devid: devid ?? 0, flags, ...rest });
    return this.ioctl(KVM_SIGNAL_MSI, message) > 0;
  }

  // Eventfds

  /**
   * KVM_IRQFD (KVM_CAP_IRQFD): connects an eventfd with an interrupt. From now on each signal of `event` is an interrupt
   * of the guest, without a call of the runtime.
   *
   * @param event the eventfd.
   * @param gsi the number of the interrupt.
   * @param options an eventfd for level-triggered interrupts.
   * @throws KvmError with code `EBUSY` when the eventfd is registered already, KvmUnsupportedError when the kernel does
   * not have the capability.
   * @example
   * const event = EventFd.create();
   * vm.registerIrqfd(event, 4);
   * event.signal();
   * @see api.rst, "KVM_IRQFD"
   */
  registerIrqfd(event: EventFd, gsi: number, options: IrqfdOptions = {}): void {
    requireKnownKeys<IrqfdOptions>('KVM_IRQFD', options, { resample: true });
    const { resample } = options;
    const { KVM_IRQFD_FLAG_RESAMPLE } = this.bindings;
    if (resample !== undefined) requireEventFd('KVM_IRQFD', 'resample', resample);
    this.#irqfd(event, gsi, resample ? KVM_IRQFD_FLAG_RESAMPLE : 0, resample?.fd ?? 0);
  }

  /**
   * KVM_IRQFD (KVM_CAP_IRQFD): ends `registerIrqfd`. After this call the eventfd causes no more interrupts.
   *
   * @param event the eventfd of `registerIrqfd`.
   * @param gsi the number of the interrupt.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_IRQFD"
   */
  unregisterIrqfd(event: EventFd, gsi: number): void {
    this.#irqfd(event, gsi, this.bindings.KVM_IRQFD_FLAG_DEASSIGN, 0);
  }

  #irqfd(event: EventFd, gsi: number, flags: number, resamplefd: number): void {
    const { KvmIrqfd, KVM_IRQFD } = this.bindings;
    const operation = KVM_IRQFD.name;
    requireEventFd(operation, 'event', event);
    const request = allocate(KvmIrqfd);
    setMember(operation, request, 'fd', 'fd', event.fd);
    setMember(operation, request, 'gsi', 'gsi', gsi);
    request.flags = flags;
    setMember(operation, request, 'resamplefd', 'fd', resamplefd);
    this.ioctl(KVM_IRQFD, request);
  }
}

/** The argument of KVM_IRQ_LINE and KVM_IRQ_LINE_STATUS. */
export function irqLevel({ KvmIrqLevel }: Bindings, operation: string, gsi: number, high: boolean): KvmIrqLevel {
  const level = allocate(KvmIrqLevel);
  setMember(operation, level, 'irq', 'gsi', gsi);
  level.level = high ? 1 : 0;
  return level;
}

interface Message {
  readonly address_lo: number;
  readonly address_hi: number;
  readonly data: number;
  readonly devid: number | undefined;
}

/** Checks a message, and splits its address into the two halves that the structs have. */
function messageOf(operation: string, msi: Msi): Message {
  requireKnownKeys<Msi>(operation, msi, { address: true, data: true, devid: true });
  const address = requireU64(operation, 'address of the message', msi.address);
  const devid = msi.devid === undefined ? undefined : requireU32(operation, 'devid', msi.devid);
  return {
    address_lo: Number(address & 0xffff_ffffn),
    address_hi: Number(address >> 32n),
    data: requireU32(operation, 'data', msi.data),
    devid,
  };
}
