/** Interrupts, local APICs and many vCPUs, as the kernel's own tests of KVM check them. Every interrupt is counted. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { EventFd } from '../../../runtime/index.js';
import { Kvm, type Vcpu, type Vm } from '../../../runtime/x86_64.js';
import { knownAnswers, places } from '../../../tools/guests/index.js';
import {
  createVm,
  Helper,
  hasKvm,
  loadWithIrqchip,
  type Machine,
  needsKvm,
  run,
  thrownBy,
  until,
} from '../../helpers/vcpus.js';

const { KVM_EXIT_IO, KVM_IRQCHIP_PIC_MASTER, KVM_MP_STATE_RUNNABLE } = bindings;

/** Registers of a local APIC by their offset. */
const apic = {
  id: 0x20,
  taskPriority: 0x80,
  spurious: 0xf0,
  requests: 0x200,
  command: 0x300,
  destination: 0x310,
} as const;
const apicBase = { msr: 0x1b, address: 0xfee0_0000n, x2apic: 1n << 10n, enabled: 1n << 11n } as const;

function register(vcpu: Vcpu, offset: number): number {
  const bytes = vcpu.getLapic().regs.bytes();
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}

/** Turns the local APIC of a vCPU on. */
function turnOn(vcpu: Vcpu): void {
  const lapic = vcpu.getLapic();
  lapic.regs.set(apic.spurious, 0xff);
  lapic.regs.set(apic.spurious + 1, 1);
  vcpu.setLapic(lapic);
}

/** Sets the base of es to the local APIC, and some registers. */
function atApic(vcpu: Vcpu, members: Partial<bindings.KvmRegs>): void {
  const sregs = vcpu.getSregs();
  Object.assign(sregs.cs, { base: 0n, selector: 0 });
  sregs.es.base = apicBase.address;
  vcpu.setSregs(sregs);
  const regs = vcpu.getRegs();
  Object.assign(regs, { rflags: 2n, ...members });
  vcpu.setRegs(regs);
}

const counted = ({ memory }: Machine): number => memory.dataView(places.data, 4).getUint32(0, true);

describe.skipIf(!hasKvm)(`irqfds ${needsKvm}`, () => {
  // Shows: selftest irqfd_test
  it('an eventfd is an irqfd of one VM and one GSI at a time, and unregisterIrqfd accepts other GSIs', () => {
    using first = withChips();
    using second = withChips();
    using event = EventFd.create();
    const busy = { code: 'EBUSY', ioctl: 'KVM_IRQFD' };
    first.registerIrqfd(event, 10);
    expect(thrownBy(() => first.registerIrqfd(event, 11))).toMatchObject(busy);
    expect(thrownBy(() => second.registerIrqfd(event, 12))).toMatchObject(busy);
    for (const gsi of [11, 12, 13, 14, 10]) first.unregisterIrqfd(event, gsi);
    second.registerIrqfd(event, 12);
    expect(thrownBy(() => first.registerIrqfd(event, 10))).toMatchObject(busy);
  });

  /** Loads the guest that counts the interrupts of a line of the master PIC. */
  function counting(line: number, levelTriggered: boolean): Machine {
    const machine = loadWithIrqchip(knownAnswers.countInterrupts);
    const pic = machine.vm.getIrqchip(KVM_IRQCHIP_PIC_MASTER);
    const elcr = levelTriggered ? 1 << line : 0;
    Object.assign(pic.chip.pic, { irq_base: knownAnswers.countedVector, imr: 0xff & ~(1 << line), elcr });
    machine.vm.setIrqchip(pic);
    // The guest sets the entry of line 0 in its table itself. The handler is at 0x100a.
    machine.memory.write(4 * (knownAnswers.countedVector + line), Uint8Array.of(0x0a, 0x10));
    return machine;
  }

  // Shows: kvm-ioctls VmFd::register_irqfd, kvm-ioctls VmFd::unregister_irqfd
  it('the guest counts each interrupt of an irqfd', async () => {
    const times = 200;
    await using helper = await Helper.start();
    using machine = counting(0, false);
    const { vm, vcpu } = machine;
    using event = EventFd.create();
    vm.registerIrqfd(event, 0);
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    for (let sent = 1; sent <= times; sent++) {
      event.signal();
      await until(() => counted(machine) >= sent, `interrupt ${sent}`);
      expect(counted(machine)).toBe(sent);
    }
    vm.unregisterIrqfd(event, 0);
    event.signal();
    vcpu.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
    expect(counted(machine)).toBe(times);
  });

  // Shows: kvm-ioctls VmFd::register_irqfd_with_resample
  it('the eventfd of resample counts each end of a level-triggered interrupt', async () => {
    const times = 100;
    await using helper = await Helper.start();
    using machine = counting(5, true);
    const { vm, vcpu } = machine;
    using event = EventFd.create();
    using resample = EventFd.create();
    vm.registerIrqfd(event, 5, { resample });
    const outcomes = helper.do('run', { vcpu: vcpu.share() });
    for (let sent = 1; sent <= times; sent++) {
      event.signal();
      expect(await resample.read()).toBe(1n);
      expect(counted(machine)).toBe(sent);
    }
    vcpu.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
    expect([counted(machine), resample.take()]).toEqual([times, 0n]);
  });
});

function withChips(): Vm {
  const vm = createVm();
  vm.createIrqchip();
  return vm;
}

describe.skipIf(!hasKvm)(`local APICs ${needsKvm}`, () => {
  // Shows: selftest x86/xapic_ipi_test
  it('a vCPU counts each interrupt that another vCPU sends to it', async () => {
    const times = 500;
    await using helper = await Helper.start();
    using machine = loadWithIrqchip(knownAnswers.countIpis);
    const { vm, vcpu: receiver, memory } = machine;
    atApic(receiver, {});
    using sender = vm.createVcpu(1);
    const code = places.code + 0x800;
    memory.write(code, Uint8Array.from(knownAnswers.sendIpis.listing.flatMap(({ bytes }) => [...bytes])));
    const state = sender.getMpState();
    state.mp_state = KVM_MP_STATE_RUNNABLE;
    sender.setMpState(state);
    for (const vcpu of [receiver, sender]) turnOn(vcpu);
    atApic(sender, { rip: BigInt(code), rcx: BigInt(times), rbx: 0n });
    const outcomes = helper.do('run', { vcpu: receiver.share() });
    // A halted vCPU waits in the kernel, so a kick ends the run.
    const isDone = (): boolean => {
      sender.run({ timeout: 100 });
      return counted(machine) === times && sender.getRegs().rcx === 0n;
    };
    await until(isDone, 'all interrupts are sent');
    receiver.kick();
    expect(await outcomes).toEqual(['interrupted by kick']);
    expect(counted(machine)).toBe(times);
  });

  // Shows: selftest x86/xapic_state_test
  it('getLapic returns the interrupt command that the guest has written', () => {
    const assert = 1 << 14;
    for (const [high, low] of [
      [0, (1 << 18) | assert | 0x41],
      [5 << 24, assert | 0xff],
      [0x7700_0000, assert | 0xff],
    ] as const) {
      using machine = loadWithIrqchip(knownAnswers.writeIcr);
      const { vcpu } = machine;
      turnOn(vcpu);
      atApic(vcpu, { rbx: BigInt(high), rax: BigInt(low) });
      expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
      expect([register(vcpu, apic.destination), register(vcpu, apic.command)]).toEqual([high, low]);
      const isSelf = (low & (1 << 18)) !== 0;
      expect(register(vcpu, apic.requests + 2 * 0x10)).toBe(isSelf ? 2 : 0);
    }
  });

  it('the APIC id has the format of the mode of the local APIC', () => {
    using vm = withChips();
    vm.enableCap('KVM_CAP_X2APIC_API', 1);
    using kvm = Kvm.open();
    for (const id of [0, 1, 2]) {
      using vcpu = vm.createVcpu(id);
      vcpu.setCpuid2(kvm.getSupportedCpuid());
      const [base] = vcpu.getMsrs([apicBase.msr]);
      const set = (data: bigint): number => {
        vcpu.setMsrs([{ index: apicBase.msr, data }]);
        return register(vcpu, apic.id);
      };
      const data = base?.data ?? 0n;
      expect(data & apicBase.enabled).toBe(apicBase.enabled);
      expect([set(data), set(data | apicBase.x2apic), set(data)]).toEqual([id << 24, id, id << 24]);
    }
  });

  // Shows: selftest x86/recalc_apic_map_test
  it('messages reach the right vCPU while local APICs are turned off and on', () => {
    const vcpus = 32;
    using kvm = Kvm.open();
    using vm = withChips();
    vm.enableCap('KVM_CAP_X2APIC_API', 1);
    const all = Array.from({ length: vcpus }, (_, id) => vm.createVcpu(id));
    for (const vcpu of all) {
      vcpu.setCpuid2(kvm.getSupportedCpuid());
      vcpu.setMsrs([{ index: apicBase.msr, data: apicBase.address | apicBase.enabled | apicBase.x2apic }]);
      turnOn(vcpu);
    }
    const [last] = all.slice(-1);
    const toLast = { address: 0xfee0_0000n | (BigInt(vcpus - 1) << 12n), data: 0x41 };
    for (let times = 0; times < 50; times++) {
      last?.setMsrs([{ index: apicBase.msr, data: apicBase.address }]);
      turnOn(all[0] as Vcpu);
      expect(vm.signalMsi(toLast)).toBe(false);
      last?.setMsrs([{ index: apicBase.msr, data: apicBase.address | apicBase.enabled }]);
      last?.setMsrs([{ index: apicBase.msr, data: apicBase.address | apicBase.enabled | apicBase.x2apic }]);
      turnOn(last as Vcpu);
      expect(vm.signalMsi(toLast)).toBe(true);
    }
    for (const vcpu of all) vcpu.close();
  });
});

describe.skipIf(!hasKvm)(`numbers of vCPUs ${needsKvm}`, () => {
  // Shows: selftest kvm_create_max_vcpus
  it('a VM takes exactly as many vCPUs as KVM_CAP_MAX_VCPUS says', () => {
    using vm = createVm();
    const most = vm.checkExtension('KVM_CAP_MAX_VCPUS');
    const ids = vm.checkExtension('KVM_CAP_MAX_VCPU_ID');
    expect(ids).toBeGreaterThanOrEqual(most);
    const all = Array.from({ length: most }, (_, index) => vm.createVcpu(ids - 1 - index));
    expect(thrownBy(() => vm.createVcpu(0))).toMatchObject({ code: 'EINVAL' });
    for (const vcpu of all) vcpu.close();
  });

  // Shows: selftest x86/max_vcpuid_cap_test
  it('KVM_CAP_MAX_VCPU_ID limits the ids of vCPUs, and cannot be changed afterwards', () => {
    using vm = createVm();
    const limit = 32;
    const set = (ids: number): void => vm.enableCap('KVM_CAP_MAX_VCPU_ID', ids);
    const einval = { code: 'EINVAL', ioctl: 'KVM_ENABLE_CAP' };
    expect(thrownBy(() => set(vm.checkExtension('KVM_CAP_MAX_VCPU_ID') + 1))).toMatchObject(einval);
    set(limit);
    expect(thrownBy(() => set(limit + 1))).toMatchObject(einval);
    expect(thrownBy(() => vm.createVcpu(limit))).toMatchObject({ code: 'EINVAL', ioctl: 'KVM_CREATE_VCPU' });
    using _ = vm.createVcpu(limit - 1);
    expect(thrownBy(() => set(limit - 1))).toMatchObject(einval);
    set(limit);
  });
});
