/** Interrupts: the controllers in the kernel, their lines and routes, messages, eventfds, and the timer chip. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, type Interrupts, KvmArgumentError, KvmClosedError, type Vcpu, type Vm } from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { createVm, hasKvm, needsKvm, openFiles, until } from '../helpers/vcpus.js';

const { KVM_IRQCHIP_IOAPIC, KVM_IRQCHIP_PIC_MASTER } = bindings;

function withChips(): Vm {
  const vm = createVm();
  vm.interrupts.createChips();
  return vm;
}

/** Places in the registers of a local APIC. */
const apic = { spurious: 0xf0, requests: 0x200 } as const;

function lapicOf(vcpu: Vcpu): { registers: DataView; set(): void } {
  const state = allocate(bindings.KvmLapicState);
  vcpu.ioctl(bindings.KVM_GET_LAPIC, state);
  const { view, offset, length } = state.regs;
  const registers = new DataView(view.buffer, view.byteOffset + offset, length);
  return { registers, set: () => void vcpu.ioctl(bindings.KVM_SET_LAPIC, state) };
}

/** A VM with a vCPU whose local APIC takes interrupts, and whether one of a vector has come. */
function listening() {
  const vm = withChips();
  const vcpu = vm.createVcpu();
  const { registers, set } = lapicOf(vcpu);
  registers.setUint32(apic.spurious, 0x1ff, true);
  set();
  const came = (vector: number): boolean => {
    const word = lapicOf(vcpu).registers.getUint32(apic.requests + (vector >> 5) * 0x10, true);
    return ((word >>> (vector & 31)) & 1) === 1;
  };
  const close = (): void => {
    vcpu.close();
    vm.close();
  };
  return { vm, came, [Symbol.dispose]: close };
}

/** A message to the local APIC 0. */
const message = (vector: number) => ({ address: 0xfee0_0000n, data: vector });

describe.skipIf(!hasKvm)(`the interrupt controllers in the kernel ${needsKvm}`, () => {
  it('are made once, before the first vCPU', () => {
    using vm = withChips();
    expect(() => vm.interrupts.createChips()).toThrow(/^KVM_CREATE_IRQCHIP: EEXIST: /);
    using other = createVm();
    using _ = other.createVcpu();
    expect(() => other.interrupts.createChips()).toThrow(/^KVM_CREATE_IRQCHIP: EINVAL: /);
  });

  it('show their registers, and take them', () => {
    using vm = withChips();
    const ioapic = vm.interrupts.getChip(KVM_IRQCHIP_IOAPIC);
    ioapic.chip.ioapic.redirtbl.get(5).bits = 0x1_0033n;
    vm.interrupts.setChip(ioapic);
    const again = allocate(bindings.KvmIrqchip);
    expect(vm.interrupts.getChip(KVM_IRQCHIP_IOAPIC, again)).toBe(again);
    expect(again.chip.ioapic.redirtbl.get(5).bits).toBe(0x1_0033n);
    expect(() => vm.interrupts.getChip(9)).toThrow(/^KVM_GET_IRQCHIP: EINVAL: /);
    again.chip_id = 9;
    expect(() => vm.interrupts.setChip(again)).toThrow(/^KVM_SET_IRQCHIP: EINVAL: /);
  });

  it('have lines, up and down', () => {
    using vm = withChips();
    const asked = (): number => vm.interrupts.getChip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irr;
    expect(asked()).toBe(0);
    vm.interrupts.setLine(4, true);
    expect(asked()).toBe(1 << 4);
    // Level-triggered, it goes with its line.
    const pic = vm.interrupts.getChip(KVM_IRQCHIP_PIC_MASTER);
    pic.chip.pic.elcr = 1 << 5;
    vm.interrupts.setChip(pic);
    vm.interrupts.setLine(5, true);
    expect(asked()).toBe((1 << 4) | (1 << 5));
    vm.interrupts.setLine(5, false);
    expect(asked()).toBe(1 << 4);
  });

  it('tell what has become of an edge', () => {
    using vm = withChips();
    const masked = 23;
    expect(vm.interrupts.setLineStatus(3, true)).toBe(1);
    expect(vm.interrupts.setLineStatus(masked, true)).toBe(-1);
  });

  it('are missing where they are not made', () => {
    using vm = createVm();
    const { interrupts } = vm;
    for (const use of [
      () => interrupts.getChip(KVM_IRQCHIP_IOAPIC),
      () => interrupts.setChip(allocate(bindings.KvmIrqchip)),
      () => interrupts.setLine(4, true),
      () => interrupts.setLineStatus(4, true),
    ]) {
      expect(use).toThrow(/: ENXIO: there is no such device, register or irqchip$/);
    }
  });

  it.each<[string, (interrupts: Interrupts) => unknown]>([
    ['createChips', (interrupts) => interrupts.createChips()],
    ['setLine', (interrupts) => interrupts.setLine(4, true)],
    ['setLineStatus', (interrupts) => interrupts.setLineStatus(4, true)],
    ['setRouting', (interrupts) => interrupts.setRouting([])],
    ['signalMsi', (interrupts) => interrupts.signalMsi(message(0x41))],
    ['createPit', (interrupts) => interrupts.createPit()],
    ['getPit', (interrupts) => interrupts.getPit()],
    ['setPitReinjection', (interrupts) => interrupts.setPitReinjection(true)],
  ])('are refused by a VM that is closed: %s', (_, use) => {
    const vm = withChips();
    vm.close();
    expect(() => use(vm.interrupts)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`messages and routes ${needsKvm}`, () => {
  it('bring an interrupt to a local APIC', () => {
    using machine = listening();
    const { vm, came } = machine;
    expect(vm.interrupts.signalMsi(message(0x41))).toBe(true);
    expect([came(0x41), came(0x42)]).toEqual([true, false]);
  });

  it('are for the APIC that their address names, in its upper half as well', () => {
    using machine = listening();
    const { vm, came } = machine;
    const KVM_X2APIC_API_USE_32BIT_IDS = 1;
    vm.enableCap('KVM_CAP_X2APIC_API', KVM_X2APIC_API_USE_32BIT_IDS);
    expect(vm.interrupts.signalMsi({ address: 0x100_fee0_0000n, data: 0x44 })).toBe(false);
    expect(came(0x44)).toBe(false);
    // Bits that are reserved.
    expect(() => vm.interrupts.signalMsi({ address: 0x1_fee0_0000n, data: 0x44 })).toThrow(/^KVM_SIGNAL_MSI: EINVAL: /);
    expect(vm.interrupts.signalMsi({ address: 0xfee0_0000n, data: 0x44 })).toBe(true);
    expect(came(0x44)).toBe(true);
  });

  it('are refused when they are none, or nobody takes them', () => {
    using machine = listening();
    const { interrupts } = machine.vm;
    expect(() => interrupts.signalMsi({ address: -1n, data: 0 })).toThrow(KvmArgumentError);
    expect(() => interrupts.signalMsi({ address: 2n ** 64n, data: 0 })).toThrow(/it must have 64 bits$/);
    using deaf = createVm();
    expect(() => deaf.interrupts.signalMsi(message(0x41))).toThrow(/^KVM_SIGNAL_MSI: E/);
  });

  it('lead interrupt numbers to pins and to messages, and the others nowhere', () => {
    using machine = listening();
    const { vm, came } = machine;
    const asked = (): number => vm.interrupts.getChip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irr;
    vm.interrupts.setRouting([
      { gsi: 30, msi: message(0x51) },
      { gsi: 31, irqchip: KVM_IRQCHIP_PIC_MASTER, pin: 6 },
    ]);
    vm.interrupts.setLine(30, true);
    expect(came(0x51)).toBe(true);
    vm.interrupts.setLine(31, true);
    expect(asked()).toBe(1 << 6);
    vm.interrupts.setLine(4, true);
    expect(asked()).toBe(1 << 6);
  });

  it('are refused beyond the last interrupt number or pin', () => {
    using vm = withChips();
    const route = (gsi: number, pin: number) => () =>
      vm.interrupts.setRouting([{ gsi, irqchip: KVM_IRQCHIP_IOAPIC, pin }]);
    expect(route(1_000_000, 1)).toThrow(/^KVM_SET_GSI_ROUTING: EINVAL: /);
    expect(route(1, 99)).toThrow(/^KVM_SET_GSI_ROUTING: EINVAL: /);
    expect(route(1, 1)).not.toThrow();
  });
});

describe.skipIf(!hasKvm)(`an eventfd ${needsKvm}`, () => {
  it('counts until it is asked', () => {
    const before = openFiles();
    const event = EventFd.create();
    expect(event.take()).toBe(0n);
    event.signal();
    event.signal();
    expect(event.take()).toBe(2n);
    expect(event.take()).toBe(0n);
    event.close();
    event.close();
    for (const use of [() => event.take(), () => event.signal(), () => event.fd]) {
      expect(use).toThrow(KvmClosedError);
      expect(use).toThrow(/^this EventFd is closed$/);
    }
    expect(openFiles()).toBe(before);
  });

  it('is an interrupt as long as it is assigned', async () => {
    using machine = listening();
    const { vm, came } = machine;
    using event = EventFd.create();
    vm.interrupts.setRouting([{ gsi: 30, msi: message(0x61) }]);
    vm.interrupts.assignEvent(event, 30);
    event.signal();
    await until(() => came(0x61), 'the interrupt of the eventfd');

    vm.interrupts.setRouting([{ gsi: 30, msi: message(0x62) }]);
    vm.interrupts.unassignEvent(event, 30);
    event.take();
    event.signal();
    expect(event.take()).toBe(1n);
    expect(came(0x62)).toBe(false);
  });

  it('is one interrupt at a time, as long as it is open', () => {
    using vm = withChips();
    using event = EventFd.create();
    using resample = EventFd.create();
    vm.interrupts.assignEvent(event, 5, { resample });
    expect(() => vm.interrupts.assignEvent(event, 6)).toThrow(
      /^KVM_IRQFD: EBUSY: the eventfd is an interrupt already$/,
    );
    vm.interrupts.unassignEvent(event, 5);
    vm.interrupts.assignEvent(event, 6);
    event.close();
    expect(() => vm.interrupts.assignEvent(event, 7)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`the timer chip ${needsKvm}`, () => {
  it('shows its registers, and takes them', () => {
    using vm = withChips();
    vm.interrupts.createPit(bindings.KVM_PIT_SPEAKER_DUMMY);
    const pit = vm.interrupts.getPit();
    pit.channels.get(2).count = 1234;
    pit.channels.get(2).mode = 3;
    vm.interrupts.setPit(pit);
    const again = allocate(bindings.KvmPitState2);
    expect(vm.interrupts.getPit(again)).toBe(again);
    expect([again.channels.get(2).count, again.channels.get(2).mode]).toEqual([1234, 3]);
    vm.interrupts.setPitReinjection(false);
    expect(() => vm.interrupts.createPit()).toThrow(/^KVM_CREATE_PIT2: EEXIST: /);
  });

  it('does so in its old form', () => {
    using vm = withChips();
    vm.interrupts.createOldPit();
    const pit = vm.interrupts.getOldPit();
    pit.channels.get(2).count = 4321;
    vm.interrupts.setOldPit(pit);
    expect(vm.interrupts.getPit().channels.get(2).count).toBe(4321);
    expect(() => vm.interrupts.createOldPit()).toThrow(/^KVM_CREATE_PIT: EEXIST: /);
  });

  it('is missing where it is not made, and needs the controllers', () => {
    using vm = createVm();
    const { interrupts } = vm;
    expect(() => interrupts.createPit()).toThrow(/^KVM_CREATE_PIT2: ENOENT: /);
    for (const use of [
      () => interrupts.getPit(),
      () => interrupts.setPit(allocate(bindings.KvmPitState2)),
      () => interrupts.getOldPit(),
      () => interrupts.setOldPit(allocate(bindings.KvmPitState)),
      () => interrupts.setPitReinjection(true),
    ]) {
      expect(use).toThrow(/: ENXIO: /);
    }
  });
});
