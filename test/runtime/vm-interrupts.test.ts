/** The interrupts of a VM: the controllers in the kernel, their lines and routes, messages, irqfds, and the PIT. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { EventFd, KvmArgumentError, KvmClosedError } from '../../runtime/index.js';
import type { Vcpu, Vm } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { createVm, hasKvm, needsKvm, until } from '../helpers/vcpus.js';

const { KVM_IRQCHIP_IOAPIC, KVM_IRQCHIP_PIC_MASTER } = bindings;

function withChips(): Vm {
  const vm = createVm();
  vm.createIrqchip();
  return vm;
}

/** Offsets of registers of a local APIC. */
const apic = { spurious: 0xf0, requests: 0x200 } as const;

function lapicOf(vcpu: Vcpu): { registers: DataView; set(): void } {
  const state = allocate(bindings.KvmLapicState);
  vcpu.ioctl(bindings.KVM_GET_LAPIC, state);
  const { view, offset, length } = state.regs;
  const registers = new DataView(view.buffer, view.byteOffset + offset, length);
  return { registers, set: () => void vcpu.ioctl(bindings.KVM_SET_LAPIC, state) };
}

/** Returns a VM with a vCPU whose local APIC takes interrupts. `came` returns whether an interrupt has come. */
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

/** Returns a message to the local APIC 0. */
const message = (vector: number) => ({ address: 0xfee0_0000n, data: vector });

describe.skipIf(!hasKvm)(`the interrupt controllers ${needsKvm}`, () => {
  // Shows: KVM_CREATE_IRQCHIP
  it('createIrqchip creates the controllers once, before the first vCPU', () => {
    using vm = withChips();
    expect(() => vm.createIrqchip()).toThrow(/^KVM_CREATE_IRQCHIP: EEXIST: /);
    using other = createVm();
    using _ = other.createVcpu();
    expect(() => other.createIrqchip()).toThrow(/^KVM_CREATE_IRQCHIP: EINVAL: /);
  });

  // Shows: KVM_GET_IRQCHIP, KVM_SET_IRQCHIP
  // Shows: kvm-ioctls vm::test_irq_chip
  it('getIrqchip returns the registers that setIrqchip has set', () => {
    using vm = withChips();
    const ioapic = vm.getIrqchip(KVM_IRQCHIP_IOAPIC);
    ioapic.chip.ioapic.redirtbl.get(5).bits = 0x1_0033n;
    vm.setIrqchip(ioapic);
    const again = allocate(bindings.KvmIrqchip);
    expect(vm.getIrqchip(KVM_IRQCHIP_IOAPIC, again)).toBe(again);
    expect(again.chip.ioapic.redirtbl.get(5).bits).toBe(0x1_0033n);
    expect(() => vm.getIrqchip(9)).toThrow(/^KVM_GET_IRQCHIP: EINVAL: /);
    again.chip_id = 9;
    expect(() => vm.setIrqchip(again)).toThrow(/^KVM_SET_IRQCHIP: EINVAL: /);
  });

  // Shows: KVM_IRQ_LINE
  // Shows: kvm-ioctls vm::test_set_irq_line
  it('setIrqLine raises and lowers a line of a controller', () => {
    using vm = withChips();
    const asked = (): number => vm.getIrqchip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irr;
    expect(asked()).toBe(0);
    vm.setIrqLine(4, true);
    expect(asked()).toBe(1 << 4);
    // A level-triggered interrupt ends when its line goes down.
    const pic = vm.getIrqchip(KVM_IRQCHIP_PIC_MASTER);
    pic.chip.pic.elcr = 1 << 5;
    vm.setIrqchip(pic);
    vm.setIrqLine(5, true);
    expect(asked()).toBe((1 << 4) | (1 << 5));
    vm.setIrqLine(5, false);
    expect(asked()).toBe(1 << 4);
  });

  // Shows: KVM_IRQ_LINE_STATUS
  it('setIrqLineStatus returns the number of vCPUs that got the interrupt, or -1 for a masked interrupt', () => {
    using vm = withChips();
    const masked = 23;
    expect(vm.setIrqLineStatus(3, true)).toBe(1);
    expect(vm.setIrqLineStatus(masked, true)).toBe(-1);
  });

  it('every method for the controllers fails with ENXIO when the VM does not have controllers', () => {
    using vm = createVm();
    for (const use of [
      () => vm.getIrqchip(KVM_IRQCHIP_IOAPIC),
      () => vm.setIrqchip(allocate(bindings.KvmIrqchip)),
      () => vm.setIrqLine(4, true),
      () => vm.setIrqLineStatus(4, true),
    ]) {
      expect(use).toThrow(/: ENXIO: .*the VM has no (interrupt controller|timer) in the kernel/);
    }
  });

  it.each<[string, (vm: Vm) => unknown]>([
    ['createIrqchip', (vm) => vm.createIrqchip()],
    ['setIrqLine', (vm) => vm.setIrqLine(4, true)],
    ['setIrqLineStatus', (vm) => vm.setIrqLineStatus(4, true)],
    ['setGsiRouting', (vm) => vm.setGsiRouting([])],
    ['signalMsi', (vm) => vm.signalMsi(message(0x41))],
    ['createPit2', (vm) => vm.createPit2()],
    ['getPit2', (vm) => vm.getPit2()],
    ['reinjectControl', (vm) => vm.reinjectControl(true)],
  ])('%s refuses a closed VM', (_, use) => {
    const vm = withChips();
    vm.close();
    expect(() => use(vm)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`messages and routing ${needsKvm}`, () => {
  // Shows: KVM_SIGNAL_MSI
  it('signalMsi brings an interrupt to a local APIC', () => {
    using machine = listening();
    const { vm, came } = machine;
    expect(vm.signalMsi(message(0x41))).toBe(true);
    expect([came(0x41), came(0x42)]).toEqual([true, false]);
  });

  it('signalMsi sends the message to the APIC in the address, whose upper half counts too', () => {
    using machine = listening();
    const { vm, came } = machine;
    const KVM_X2APIC_API_USE_32BIT_IDS = 1;
    vm.enableCap('KVM_CAP_X2APIC_API', KVM_X2APIC_API_USE_32BIT_IDS);
    expect(vm.signalMsi({ address: 0x100_fee0_0000n, data: 0x44 })).toBe(false);
    expect(came(0x44)).toBe(false);
    // These bits are reserved.
    expect(() => vm.signalMsi({ address: 0x1_fee0_0000n, data: 0x44 })).toThrow(/^KVM_SIGNAL_MSI: EINVAL: /);
    expect(vm.signalMsi({ address: 0xfee0_0000n, data: 0x44 })).toBe(true);
    expect(came(0x44)).toBe(true);
  });

  // Shows: kvm-ioctls vm::test_signal_msi_failure
  it('signalMsi refuses an invalid address, and a VM without a local APIC', () => {
    using machine = listening();
    const { vm } = machine;
    expect(() => vm.signalMsi({ address: -1n, data: 0 })).toThrow(KvmArgumentError);
    expect(() => vm.signalMsi({ address: 2n ** 64n, data: 0 })).toThrow(/it must be an integer from 0 to 2\^64 - 1$/);
    using deaf = createVm();
    expect(() => deaf.signalMsi(message(0x41))).toThrow(/^KVM_SIGNAL_MSI: E/);
  });

  // Shows: KVM_SET_GSI_ROUTING
  it('setGsiRouting routes GSIs to pins and to messages, and removes all other routes', () => {
    using machine = listening();
    const { vm, came } = machine;
    const asked = (): number => vm.getIrqchip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irr;
    vm.setGsiRouting([
      { gsi: 30, msi: message(0x51) },
      { gsi: 31, irqchip: KVM_IRQCHIP_PIC_MASTER, pin: 6 },
    ]);
    vm.setIrqLine(30, true);
    expect(came(0x51)).toBe(true);
    vm.setIrqLine(31, true);
    expect(asked()).toBe(1 << 6);
    vm.setIrqLine(4, true);
    expect(asked()).toBe(1 << 6);
  });

  it('setGsiRouting refuses a route that has both a pin and a message, and a route that has neither', () => {
    using vm = createVm();
    const route = { gsi: 24, irqchip: 0, pin: 1, msi: { address: 0, data: 0 } };
    expect(() => vm.setGsiRouting([route as never])).toThrow(
      'KVM_SET_GSI_ROUTING: the route of GSI 24 has a pin and a message; it must have irqchip and pin, or msi',
    );
    expect(() => vm.setGsiRouting([{ gsi: 24 } as never])).toThrow(/^KVM_SET_GSI_ROUTING: irqchip undefined; /);
  });

  it('setGsiRouting refuses a GSI and a pin that are too large', () => {
    using vm = withChips();
    const route = (gsi: number, pin: number) => () => vm.setGsiRouting([{ gsi, irqchip: KVM_IRQCHIP_IOAPIC, pin }]);
    expect(route(1_000_000, 1)).toThrow(/^KVM_SET_GSI_ROUTING: EINVAL: /);
    expect(route(1, 99)).toThrow(/^KVM_SET_GSI_ROUTING: EINVAL: /);
    expect(route(1, 1)).not.toThrow();
  });
});

describe.skipIf(!hasKvm)(`an irqfd ${needsKvm}`, () => {
  // Shows: KVM_IRQFD
  it('registerIrqfd makes an eventfd an interrupt until unregisterIrqfd', async () => {
    using machine = listening();
    const { vm, came } = machine;
    using event = EventFd.create();
    vm.setGsiRouting([{ gsi: 30, msi: message(0x61) }]);
    vm.registerIrqfd(event, 30);
    event.signal();
    await until(() => came(0x61), 'the interrupt of the eventfd');

    vm.setGsiRouting([{ gsi: 30, msi: message(0x62) }]);
    vm.unregisterIrqfd(event, 30);
    event.take();
    event.signal();
    expect(event.take()).toBe(1n);
    expect(came(0x62)).toBe(false);
  });

  // Shows: kvm-ioctls vm::test_register_unregister_irqfd
  it('registerIrqfd refuses an eventfd that is registered already, and a closed one', () => {
    using vm = withChips();
    using event = EventFd.create();
    using resample = EventFd.create();
    vm.registerIrqfd(event, 5, { resample });
    expect(() => vm.registerIrqfd(event, 6)).toThrow(/^KVM_IRQFD: EBUSY: GSI 6: the eventfd is registered already;/);
    vm.unregisterIrqfd(event, 5);
    vm.registerIrqfd(event, 6);
    event.close();
    expect(() => vm.registerIrqfd(event, 7)).toThrow(KvmClosedError);
  });
});

describe.skipIf(!hasKvm)(`the PIT ${needsKvm}`, () => {
  // Shows: KVM_CREATE_PIT2, KVM_GET_PIT2, KVM_SET_PIT2, KVM_REINJECT_CONTROL
  // Shows: kvm-ioctls vm::test_pit2
  it('getPit2 returns the registers that setPit2 has set', () => {
    using vm = withChips();
    vm.createPit2(bindings.KVM_PIT_SPEAKER_DUMMY);
    const pit = vm.getPit2();
    pit.channels.get(2).count = 1234;
    pit.channels.get(2).mode = 3;
    vm.setPit2(pit);
    const again = allocate(bindings.KvmPitState2);
    expect(vm.getPit2(again)).toBe(again);
    expect([again.channels.get(2).count, again.channels.get(2).mode]).toEqual([1234, 3]);
    vm.reinjectControl(false);
    expect(() => vm.createPit2()).toThrow(/^KVM_CREATE_PIT2: EEXIST: /);
  });

  // Shows: KVM_CREATE_PIT, KVM_GET_PIT, KVM_SET_PIT
  it('setPit sets the registers of a PIT that createPit has created', () => {
    using vm = withChips();
    vm.createPit();
    const pit = vm.getPit();
    pit.channels.get(2).count = 4321;
    vm.setPit(pit);
    expect(vm.getPit2().channels.get(2).count).toBe(4321);
    expect(() => vm.createPit()).toThrow(/^KVM_CREATE_PIT: EEXIST: /);
  });

  it('createPit2 needs the controllers, and every other method for the PIT fails with ENXIO without a PIT', () => {
    using vm = createVm();
    expect(() => vm.createPit2()).toThrow(/^KVM_CREATE_PIT2: ENOENT: /);
    for (const use of [
      () => vm.getPit2(),
      () => vm.setPit2(allocate(bindings.KvmPitState2)),
      () => vm.getPit(),
      () => vm.setPit(allocate(bindings.KvmPitState)),
      () => vm.reinjectControl(true),
    ]) {
      expect(use).toThrow(/: ENXIO: /);
    }
  });
});
