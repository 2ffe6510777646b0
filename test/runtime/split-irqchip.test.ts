/** The split irqchip: the local APICs are in the kernel, and the IOAPIC is a program in user space. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, KvmError } from '../../runtime/index.js';
import { Kvm, type RunResult, type Vcpu, type Vm } from '../../runtime/x86_64.js';
import { realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, needsKvm, watchdogMs } from '../helpers/vcpus.js';

const { acknowledging, acknowledgedVector: vector } = realMode;

/** The number of pins of the IOAPIC. */
const pins = 24;
/** In the data of a message: the interrupt is level-triggered, and its line is high. */
const levelTriggered = 0xc000;
const message = (data: number) => ({ address: 0xfee0_0000, data });

/** The bits of `apic_base` for the local APIC in x2APIC mode. */
const x2apic = 0xc00n;

interface SplitMachine extends Disposable {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
}

/** Loads the guest, and runs it until it waits for interrupts. */
function load(): SplitMachine {
  using kvm = Kvm.open();
  const vm = kvm.createVm();
  vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', pins);
  const loaded = acknowledging.load(vm);
  const { vcpu } = loaded;
  vcpu.setCpuid2(kvm.getSupportedCpuid());
  const sregs = vcpu.getSregs();
  sregs.apic_base |= x2apic;
  vcpu.setSregs(sregs);
  const close = (): void => {
    loaded[Symbol.dispose]();
    vm.close();
  };
  const machine = { vm, vcpu, [Symbol.dispose]: close };
  expect(next(machine)).toBe('R');
  return machine;
}

/** Runs until the next exit: the letter that the guest writes, the vector that it acknowledges, or the reason. */
function next({ vcpu }: SplitMachine): string {
  return shown(vcpu.run({ timeout: watchdogMs }));
}

function shown(exit: RunResult): string {
  switch (exit.reason) {
    case bindings.KVM_EXIT_IO:
      return String.fromCharCode(...exit.data.bytes());
    case bindings.KVM_EXIT_IOAPIC_EOI:
      return `EOI ${exit.eoi.vector}`;
    default:
      return String(exit.reason);
  }
}

/** Runs for a short time. The result is the exit, or `interrupted` while the guest waits. */
function nextSoon({ vcpu }: SplitMachine): string {
  return shown(vcpu.run({ timeout: 50 }));
}

/** An IOAPIC with one level-triggered pin: it sends the message again after each EOI while the line is high. */
class LevelPin {
  readonly #send: () => void;
  #high = 0;
  #waits = false;

  constructor(send: () => void) {
    this.#send = send;
  }

  /** Makes the device's line high for this number of interrupts. */
  raise(times: number): void {
    this.#high = times;
    this.#sendIfHigh();
  }

  /** The guest has acknowledged the interrupt. */
  acknowledge(): void {
    this.#waits = false;
    this.#high--;
    this.#sendIfHigh();
  }

  #sendIfHigh(): void {
    if (this.#high <= 0 || this.#waits) return;
    this.#waits = true;
    this.#send();
  }
}

describe.skipIf(!hasKvm)(`the split irqchip ${needsKvm}`, () => {
  const route = { gsi: 4, msi: message(vector | levelTriggered) };

  // Shows: KVM_SET_GSI_ROUTING, KVM_IRQ_LINE
  it('the guest acknowledges each level-triggered interrupt of a route with one EOI exit', () => {
    using machine = load();
    machine.vm.setGsiRouting([route]);
    const pin = new LevelPin(() => machine.vm.setIrqLine(4, true));
    pin.raise(3);
    const exits: string[] = [];
    for (let exit = next(machine); exits.push(exit) < 6; exit = next(machine)) {
      if (exit.startsWith('EOI')) pin.acknowledge();
    }
    expect(exits).toEqual(['I', `EOI ${vector}`, 'I', `EOI ${vector}`, 'I', `EOI ${vector}`]);
    pin.acknowledge();
    expect(nextSoon(machine)).toBe('interrupted');
  });

  // Shows: KVM_SIGNAL_MSI
  it('a message of a device is delivered like one of a route, and an edge-triggered interrupt has no EOI exit', () => {
    using machine = load();
    machine.vm.setGsiRouting([route]);
    expect(machine.vm.signalMsi(message(vector | levelTriggered))).toBe(true);
    expect([next(machine), next(machine)]).toEqual(['I', `EOI ${vector}`]);
    machine.vm.setGsiRouting([{ gsi: 4, msi: message(vector) }]);
    for (let count = 0; count < 3; count++) {
      expect(machine.vm.signalMsi(message(vector))).toBe(true);
      expect(next(machine)).toBe('I');
    }
    expect(nextSoon(machine)).toBe('interrupted');
  });

  // Shows: KVM_IRQFD
  it('an eventfd raises the interrupt of its route', () => {
    using machine = load();
    using event = EventFd.create();
    machine.vm.setGsiRouting([route]);
    machine.vm.registerIrqfd(event, 4);
    for (let count = 0; count < 2; count++) {
      event.signal();
      expect([next(machine), next(machine)]).toEqual(['I', `EOI ${vector}`]);
    }
    machine.vm.unregisterIrqfd(event, 4);
    event.signal();
    expect(nextSoon(machine)).toBe('interrupted');
  });

  it('only the routes of the pins of the IOAPIC have EOI exits', () => {
    using machine = load();
    machine.vm.setGsiRouting([{ gsi: pins, msi: message(vector | levelTriggered) }]);
    machine.vm.setIrqLine(pins, true);
    expect(next(machine)).toBe('I');
    expect(nextSoon(machine)).toBe('interrupted');
  });

  it('the VM has no IOAPIC and no PIC in the kernel', () => {
    using vm = createVm();
    vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', pins);
    expect(() => vm.getIrqchip(bindings.KVM_IRQCHIP_IOAPIC)).toThrow(KvmError);
    expect(() => vm.createIrqchip()).toThrow(/^KVM_CREATE_IRQCHIP: EEXIST: /);
  });
});
