/** MSRs: exits, filters and values, as the kernel's own tests of KVM check them. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { KvmMsrError } from '../../../runtime/index.js';
import { Kvm, type Vcpu, type Vm } from '../../../runtime/x86_64.js';
import { allocate } from '../../../support/index.js';
import { assembled, type Instruction } from '../../../tools/guests/assembler.js';
import { longMode, realMode } from '../../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run, thrownBy } from '../../helpers/vcpus.js';

const { KVM_EXIT_HLT, KVM_EXIT_SHUTDOWN, KVM_EXIT_X86_RDMSR, KVM_EXIT_X86_WRMSR } = bindings;
const { KVM_MSR_EXIT_REASON_FILTER, KVM_MSR_EXIT_REASON_INVAL, KVM_MSR_EXIT_REASON_UNKNOWN } = bindings;

const msr = {
  sysenterCs: 0x174,
  platformInfo: 0xce,
  xss: 0xda0,
  hardwareConfiguration: 0xc001_0015,
  none: 0x474f_4f00,
};
const all = KVM_MSR_EXIT_REASON_FILTER | KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN;

/** An access that the guest makes: what the VMM sees of it. */
interface Access {
  readonly access: 'read' | 'write';
  readonly index: number;
  readonly reason: number;
  readonly data?: bigint;
}

/**
 * Runs a guest of these instructions until it halts, and answers its accesses: a read gets the last value that was written to the
 * MSR. `refused` are the MSRs whose accesses fail.
 */
function accesses(instructions: readonly Instruction[], prepare: (vm: Vm) => void, refused: readonly number[] = []) {
  using machine = load(assembled(longMode.mode, 'MSRs', instructions), {}, bindings, prepare);
  const seen: Access[] = [];
  const values = new Map<number, bigint>();
  for (;;) {
    const exit = machine.vcpu.run({ timeout: 60_000 });
    if (exit.reason === KVM_EXIT_X86_RDMSR) {
      const { index, reason } = exit.msr;
      seen.push({ access: 'read', index, reason });
      exit.msr.data = values.get(index) ?? 0n;
      exit.msr.error = refused.includes(index) ? 1 : 0;
    } else if (exit.reason === KVM_EXIT_X86_WRMSR) {
      const { index, reason, data } = exit.msr;
      seen.push({ access: 'write', index, reason, data });
      values.set(index, data);
      exit.msr.error = refused.includes(index) ? 1 : 0;
    } else {
      const { rax, rdx } = machine.vcpu.getRegs();
      return { seen, end: exit.reason, value: (rdx << 32n) | (rax & 0xffff_ffffn) };
    }
  }
}

const read = (index: number): Instruction => ({ does: 'rdmsr', index });
const write = (index: number): Instruction => ({ does: 'wrmsr', index });
const value = (of: number): Instruction => ({ does: 'value', of: 'eax', value: of });
const halt: Instruction = { does: 'hlt' };

describe.skipIf(!hasKvm)(`exits of MSRs ${needsKvm}`, () => {
  // Shows: selftest x86/userspace_msr_exit_test msr_filter_deny
  // Shows: kvm-ioctls vcpu::test_userspace_rdmsr_exit, kvm-ioctls vcpu::test_userspace_wrmsr_exit
  it('each access to an MSR that the filter denies or that does not exist is an exit with its reason', () => {
    const {
      seen,
      end,
      value: last,
    } = accesses(
      [value(0x1234), write(msr.sysenterCs), write(msr.none), value(0), read(msr.none), read(msr.sysenterCs), halt],
      (vm) => {
        vm.enableCap('KVM_CAP_X86_USER_SPACE_MSR', all);
        vm.setMsrFilter({ ranges: [{ base: msr.sysenterCs, count: 1 }] });
      },
    );
    expect(seen).toEqual([
      { access: 'write', index: msr.sysenterCs, reason: KVM_MSR_EXIT_REASON_FILTER, data: 0x1234n },
      { access: 'write', index: msr.none, reason: KVM_MSR_EXIT_REASON_UNKNOWN, data: 0x1234n },
      { access: 'read', index: msr.none, reason: KVM_MSR_EXIT_REASON_UNKNOWN },
      { access: 'read', index: msr.sysenterCs, reason: KVM_MSR_EXIT_REASON_FILTER },
    ]);
    expect([end, last]).toEqual([KVM_EXIT_HLT, 0x1234n]);
  });

  // Shows: selftest x86/userspace_msr_exit_test msr_filter_allow
  it('the VMM gives the guest the value of an MSR that does not exist, or a fault', () => {
    const filtered = (vm: Vm): void => {
      vm.enableCap('KVM_CAP_X86_USER_SPACE_MSR', KVM_MSR_EXIT_REASON_FILTER);
      vm.setMsrFilter({ ranges: [{ base: msr.none, count: 1 }] });
    };
    const guest = [value(0x55aa), write(msr.none), value(0), read(msr.none), halt];
    expect(accesses(guest, filtered)).toMatchObject({ end: KVM_EXIT_HLT, value: 0x55aan });
    // The guest does not handle the fault.
    const faulted = accesses(guest, filtered, [msr.none]);
    expect(faulted.end).toBe(KVM_EXIT_SHUTDOWN);
    expect(faulted.seen).toHaveLength(1);
  });

  // Shows: selftest x86/userspace_msr_exit_test user_exit_msr_flags
  it('exactly the known reasons can be enabled', () => {
    using vm = createVm();
    const accepted = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit)).filter((reason) => {
      const error = thrownBy(() => vm.enableCap('KVM_CAP_X86_USER_SPACE_MSR', reason));
      if (error !== undefined) expect(error).toMatchObject({ code: 'EINVAL', ioctl: 'KVM_ENABLE_CAP' });
      return error === undefined;
    });
    const known = [KVM_MSR_EXIT_REASON_INVAL, KVM_MSR_EXIT_REASON_UNKNOWN, KVM_MSR_EXIT_REASON_FILTER].map(BigInt);
    expect(accepted).toEqual(known.toSorted((a, b) => Number(a - b)));
  });
});

describe.skipIf(!hasKvm)(`values of MSRs ${needsKvm}`, () => {
  const get = (vcpu: Vcpu, index: number): bigint | undefined => vcpu.getMsrs([index])[0]?.data;

  // Shows: selftest x86/platform_info_test
  it('the guest can read MSR_PLATFORM_INFO until KVM_CAP_MSR_PLATFORM_INFO is turned off', () => {
    for (const [enabled, end] of [
      [1, KVM_EXIT_HLT],
      [0, KVM_EXIT_SHUTDOWN],
    ]) {
      using machine = load(longMode.readMsr(msr.platformInfo));
      machine.vm.enableCap('KVM_CAP_MSR_PLATFORM_INFO', enabled ?? 0);
      machine.vcpu.setMsrs([{ index: msr.platformInfo, data: 0x1200n }]);
      expect(run(machine)).toBe(`exit ${end}`);
      if (enabled === 1) expect(machine.vcpu.getRegs().rax).toBe(0x1200n);
    }
  });

  // Shows: selftest x86/msrs_test
  it('the guest and the host see what the other has written, for each MSR that has a value of 64 bits', () => {
    for (const index of [0x175, 0x176, 0xc000_0082, 0xc000_0102]) {
      const data = 0x1234_5678n + BigInt(index % 16);
      using writing = load(longMode.writeMsr(index, data));
      expect(run(writing)).toBe(`exit ${KVM_EXIT_HLT}`);
      expect(get(writing.vcpu, index)).toBe(data);
      using reading = load(longMode.readMsr(index));
      reading.vcpu.setMsrs([{ index, data: data + 1n }]);
      expect(run(reading)).toBe(`exit ${KVM_EXIT_HLT}`);
      expect(reading.vcpu.getRegs().rax).toBe(data + 1n);
    }
  });

  it('setMsrs accepts exactly the bits of IA32_XSS that the CPUID has', () => {
    using kvm = Kvm.open();
    using machine = load(realMode.halt);
    const cpuid = kvm.getSupportedCpuid();
    machine.vcpu.setCpuid2(cpuid);
    const leaf = [...cpuid.entries].find((entry) => entry.function === 0xd && entry.index === 1);
    const hasXsaves = ((leaf?.eax ?? 0) & 8) !== 0;
    const supported = hasXsaves ? (BigInt(leaf?.edx ?? 0) << 32n) | BigInt(leaf?.ecx ?? 0) : null;
    for (let bit = 0n; bit < 64n; bit++) {
      const data = 1n << bit;
      const error = thrownBy(() => machine.vcpu.setMsrs([{ index: msr.xss, data }]));
      if (supported !== null && (supported & data) !== 0n) expect(error).toBeUndefined();
      else expect(error).toBeInstanceOf(KvmMsrError);
    }
    expect(thrownBy(() => machine.vcpu.setMsrs([{ index: msr.xss, data: 0n }])) === undefined).toBe(hasXsaves);
  });

  it('setMsrs stores, ignores or refuses each bit of HWCR', () => {
    using machine = load(realMode.halt);
    const ignored = [3, 6, 8];
    const stored = [18, 24];
    for (let bit = 0; bit < 64; bit++) {
      const data = 1n << BigInt(bit);
      const set = (): void => machine.vcpu.setMsrs([{ index: msr.hardwareConfiguration, data }]);
      if (![...ignored, ...stored].includes(bit)) {
        expect(thrownBy(set), `bit ${bit}`).toMatchObject({ index: msr.hardwareConfiguration });
        continue;
      }
      set();
      expect(get(machine.vcpu, msr.hardwareConfiguration)).toBe(stored.includes(bit) ? data : 0n);
      machine.vcpu.setMsrs([{ index: msr.hardwareConfiguration, data: 0n }]);
    }
  });

  it('each feature MSR can be read on /dev/kvm, and a new vCPU can be given its value', () => {
    using kvm = Kvm.open();
    using machine = load(realMode.halt);
    const indices = kvm.getMsrFeatureIndexList();
    expect(indices.length).toBeGreaterThan(0);
    const values = kvm.getMsrs(indices);
    expect(values.map(({ index }) => index)).toEqual(indices);
    machine.vcpu.setCpuid2(kvm.getSupportedCpuid());
    const settable = values.filter(({ index }) => kvm.getMsrIndexList().includes(index));
    machine.vcpu.setMsrs(settable);
    expect(machine.vcpu.getMsrs(settable.map(({ index }) => index))).toEqual(settable);
  });

  // Shows: selftest x86/pmu_event_filter_test
  it('setPmuEventFilter accepts exactly the known actions, flags and numbers of events', () => {
    using vm = createVm();
    const most = 300;
    const set = (events: number, members: Partial<bindings.KvmPmuEventFilter>): unknown => {
      const filter = allocate(bindings.KvmPmuEventFilter, events);
      Object.assign(filter, members);
      return thrownBy(() => vm.setPmuEventFilter(filter));
    };
    const { KVM_PMU_EVENT_ALLOW, KVM_PMU_EVENT_DENY, KVM_PMU_EVENT_FLAG_MASKED_EVENTS } = bindings;
    const einval = { code: 'EINVAL', ioctl: 'KVM_SET_PMU_EVENT_FILTER' };
    for (const action of [KVM_PMU_EVENT_ALLOW, KVM_PMU_EVENT_DENY]) expect(set(1, { action })).toBeUndefined();
    expect(set(1, { action: 2 })).toMatchObject(einval);
    expect(set(1, { flags: Number(KVM_PMU_EVENT_FLAG_MASKED_EVENTS) })).toBeUndefined();
    expect(set(1, { flags: 2 })).toMatchObject(einval);
    expect(set(most, {})).toBeUndefined();
    expect(set(most + 1, {})).toMatchObject({ code: 'E2BIG' });
    // A counter that the processor does not have may be in the bitmap.
    expect(set(1, { fixed_counter_bitmap: 0xffff_fff0 })).toBeUndefined();
  });
});

describe.skipIf(!hasKvm)(`machine checks ${needsKvm}`, () => {
  // Shows: selftest x86/ucna_injection_test
  it('an error that needs no action is stored in its bank, and the guest is not interrupted', () => {
    using machine = load(realMode.outForEver);
    const { vcpu } = machine;
    const [valid, notCorrected, enabled, address] = [1n << 63n, 1n << 61n, 1n << 60n, 1n << 58n];
    vcpu.setupMce(4n | (1n << 8n) | (1n << 24n));
    const mce = allocate(bindings.KvmX86Mce);
    const status = valid | notCorrected | enabled | address | 0x9fn;
    Object.assign(mce, { status, addr: 0x1234_5000n, misc: 0n, mcg_status: 0n, bank: 1 });
    vcpu.setMce(mce);
    expect(vcpu.getMsrs([0x405, 0x406, 0x401]).map(({ data }) => data)).toEqual([status, 0x1234_5000n, 0n]);
    expect(vcpu.getVcpuEvents().exception.pending).toBe(0);
    expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_IO}`);
  });
});
