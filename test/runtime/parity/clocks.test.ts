/** The clocks and the paravirtual features of a guest, as the kernel's own tests of KVM check them. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { Kvm, type Vcpu } from '../../../runtime/x86_64.js';
import { realMode, userMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run, sent, thrownBy } from '../../helpers/vcpus.js';

const msr = { tsc: 0x10, systemTime: 0x4b56_4d01, stealTime: 0x4b56_4d03, pollControl: 0x4b56_4d05 } as const;
const at = 0x9000;

describe.skipIf(!hasKvm)(`clocks ${needsKvm}`, () => {
  // Shows: selftest x86/kvm_clock_test
  it('the time that a guest computes from its kvmclock is between two times of getClock', () => {
    using machine = load(userMode.timeStamp);
    const { vm, vcpu, memory } = machine;
    vcpu.setMsrs([{ index: msr.systemTime, data: BigInt(at | 1) }]);
    for (const start of [0n, 1_000_000_000n, 123_456_789_012n]) {
      const clock = vm.getClock();
      Object.assign(clock, { flags: 0, clock: start });
      vm.setClock(clock);
      const before = vm.getClock().clock;
      const regs = vcpu.getRegs();
      regs.rip = 0x1000n;
      vcpu.setRegs(regs);
      expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_IO}`);
      const after = vm.getClock().clock;
      const { rax, rcx } = vcpu.getRegs();
      const counter = ((rcx & 0xffff_ffffn) << 32n) | (rax & 0xffff_ffffn);
      const view = memory.dataView(at, 32);
      expect(view.getUint32(0, true) % 2).toBe(0);
      const shift = view.getInt8(28);
      const ticks = counter - view.getBigUint64(8, true);
      const shifted = shift < 0 ? ticks >> BigInt(-shift) : ticks << BigInt(shift);
      const time = view.getBigUint64(16, true) + ((shifted * BigInt(view.getUint32(24, true))) >> 32n);
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(after);
      expect(before).toBeGreaterThanOrEqual(start);
    }
  });

  // Shows: selftest steal_time
  it('the steal time of a vCPU is in the memory that its MSR names, and never decreases', () => {
    using machine = load(userMode.out);
    const { vcpu, memory } = machine;
    memory.write(at, new Uint8Array(64).fill(0xff));
    for (const invalid of [BigInt(at | 2), BigInt(at | 0x21)]) {
      expect(thrownBy(() => vcpu.setMsrs([{ index: msr.stealTime, data: invalid }]))).toMatchObject({
        index: msr.stealTime,
      });
    }
    vcpu.setMsrs([{ index: msr.stealTime, data: BigInt(at | 1) }]);
    expect(vcpu.getMsrs([msr.stealTime])[0]?.data).toBe(BigInt(at | 1));
    const view = memory.dataView(at, 64);
    view.setUint32(8, 0, true);
    view.setBigUint64(0, 0n, true);
    let [steal, version] = [0n, 0];
    for (let times = 0; times < 10; times++) {
      sent(machine, 1);
      const [now, next] = [view.getBigUint64(0, true), view.getUint32(8, true)];
      expect(now).toBeGreaterThanOrEqual(steal);
      expect(next % 2).toBe(0);
      expect(next).toBeGreaterThan(version);
      [steal, version] = [now, next];
    }
  });

  // Shows: selftest system_counter_offset_test
  it('the counter that the guest reads is the counter of the host with the offset of the vCPU', () => {
    using machine = load(userMode.timeStamp);
    const { vcpu } = machine;
    const which = { group: bindings.KVM_VCPU_TSC_CTRL, attr: bindings.KVM_VCPU_TSC_OFFSET };
    expect(vcpu.hasDeviceAttr(which)).toBe(true);
    const offset = (): bigint => {
      const bytes = vcpu.getDeviceAttr(which, 8);
      return new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
    };
    const counter = (of: Vcpu): bigint => of.getMsrs([msr.tsc])[0]?.data ?? 0n;
    const before = counter(vcpu);
    const regs = vcpu.getRegs();
    regs.rip = 0x1000n;
    vcpu.setRegs(regs);
    run(machine);
    const { rax, rcx } = vcpu.getRegs();
    const read = (rcx << 32n) | (rax & 0xffff_ffffn);
    expect(read).toBeGreaterThanOrEqual(before);
    expect(read).toBeLessThanOrEqual(counter(vcpu));
    // The host's counter was 0 when the machine started.
    expect(read - offset()).toBeGreaterThan(0n);
  });

  // Shows: selftest x86/apic_bus_clock_test
  it('the timer of the local APIC counts with the period that KVM_CAP_X86_APIC_BUS_CYCLES_NS sets', () => {
    const register = { spurious: 0xf0, timer: 0x320, initial: 0x380, current: 0x390, divide: 0x3e0 } as const;
    for (const period of [8n, 40n, 100n]) {
      using vm = createVm();
      const set = (): void => vm.enableCap('KVM_CAP_X86_APIC_BUS_CYCLES_NS', period);
      expect(thrownBy(set)).toMatchObject({ code: 'ENXIO' });
      vm.createIrqchip();
      set();
      using vcpu = vm.createVcpu();
      expect(thrownBy(set)).toMatchObject({ code: 'EINVAL' });
      const lapic = vcpu.getLapic();
      const bytes = lapic.regs.bytes();
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const initial = 0xffff_ffff;
      view.setUint32(register.spurious, 0x1ff, true);
      view.setUint32(register.timer, 0x1_0000, true);
      view.setUint32(register.divide, 0xb, true);
      view.setUint32(register.initial, initial, true);
      view.setUint32(register.current, initial, true);
      const began = process.hrtime.bigint();
      vcpu.setLapic(lapic);
      const begun = process.hrtime.bigint();
      while (process.hrtime.bigint() - begun < 5_000_000n);
      const reading = process.hrtime.bigint();
      const now = vcpu.getLapic().regs.bytes();
      const read = process.hrtime.bigint();
      const current = new DataView(now.buffer, now.byteOffset).getUint32(register.current, true);
      const elapsed = BigInt(initial - current) * period;
      expect(elapsed).toBeGreaterThanOrEqual(reading - begun - period);
      expect(elapsed).toBeLessThanOrEqual(read - began + period);
    }
  });
});

describe.skipIf(!hasKvm)(`paravirtual features ${needsKvm}`, () => {
  // Shows: selftest x86/kvm_pv_test
  it('a paravirtual MSR exists for the guest only if its CPUID has the feature', () => {
    const features = 0x4000_0001;
    const reads = (enforced: number, eax: number): string => {
      using kvm = Kvm.open();
      using machine = load(realMode.halt);
      const { vcpu, memory } = machine;
      const cpuid = kvm.getSupportedCpuid();
      const leaf = [...cpuid.entries].find((entry) => entry.function === features);
      if (leaf !== undefined) leaf.eax = eax;
      vcpu.enableCap(bindings.KVM_CAP_ENFORCE_PV_FEATURE_CPUID, enforced);
      vcpu.setCpuid2(cpuid);
      machine.vm.enableCap(
        'KVM_CAP_X86_USER_SPACE_MSR',
        bindings.KVM_MSR_EXIT_REASON_UNKNOWN | bindings.KVM_MSR_EXIT_REASON_INVAL,
      );
      // mov ecx, MSR; rdmsr; hlt
      const index = new Uint8Array(Uint32Array.of(msr.pollControl).buffer);
      memory.write(0x1000, Uint8Array.of(0x66, 0xb9, ...index, 0x0f, 0x32, 0xf4));
      return run(machine);
    };
    const pollControl = 1 << 12;
    expect(reads(0, 0)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
    expect(reads(1, pollControl)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
    expect(reads(1, 0)).toBe(`exit ${bindings.KVM_EXIT_X86_RDMSR}`);
  });

  // Shows: selftest x86/set_boot_cpu_id
  it('the boot vCPU has the bit in its APIC base, and cannot be changed after the first vCPU', () => {
    const boot = (vcpu: Vcpu): boolean => ((vcpu.getMsrs([0x1b])[0]?.data ?? 0n) & 0x100n) !== 0n;
    for (const chosen of [0, 1, null]) {
      using vm = createVm();
      vm.createIrqchip();
      if (chosen !== null) vm.setBootCpuId(chosen);
      using first = vm.createVcpu(0);
      expect(thrownBy(() => vm.setBootCpuId(1))).toMatchObject({ code: 'EBUSY' });
      using second = vm.createVcpu(1);
      expect(thrownBy(() => vm.setBootCpuId(1))).toMatchObject({ code: 'EBUSY' });
      expect([boot(first), boot(second)]).toEqual(chosen === 1 ? [false, true] : [true, false]);
    }
  });
});
