/** The events of a vCPU: interrupts, the local APIC, machine checks, the MP state and the clocks. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import type { Vcpu } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { protectedMode, realMode } from '../../tools/guests/index.js';
import { hasKvm, load, loadWithIrqchip, type Machine, needsKvm, run, sent, thrownBy } from '../helpers/vcpus.js';

const { KVM_EXIT_IO, KVM_MP_STATE_HALTED, KVM_MP_STATE_RUNNABLE } = kvm;

const vectors = { debug: 1, nmi: 2, breakpoint: 3, ours: 0x20 } as const;

describe.skipIf(!hasKvm)(`interrupts ${needsKvm}`, () => {
  // Shows: KVM_NMI, KVM_INTERRUPT, KVM_SET_VCPU_EVENTS, KVM_SET_GUEST_DEBUG
  it.each<[string, number, (vcpu: Vcpu) => void]>([
    ['a non-maskable interrupt', vectors.nmi, (vcpu) => vcpu.nmi()],
    ['an external interrupt', vectors.ours, (vcpu) => vcpu.interrupt(vectors.ours)],
    [
      'an interrupt that setVcpuEvents makes pending',
      vectors.nmi,
      (vcpu) => {
        const events = vcpu.getVcpuEvents();
        events.nmi.pending = 1;
        events.flags |= kvm.KVM_VCPUEVENT_VALID_NMI_PENDING;
        vcpu.setVcpuEvents(events);
      },
    ],
    ['a debug exception of the debugger', vectors.debug, (vcpu) => vcpu.setGuestDebug({ inject: 'debug' })],
    ['a breakpoint of the debugger', vectors.breakpoint, (vcpu) => vcpu.setGuestDebug({ inject: 'breakpoint' })],
  ])('the handler of the guest gets %s', (_, vector, action) => {
    using machine = load(realMode.onInterrupt(vector));
    expect(sent(machine, 2)).toBe('AA');
    action(machine.vcpu);
    expect(sent(machine, 3)).toBe('IAA');
  });

  // Shows: KVM_GET_VCPU_EVENTS
  it('getVcpuEvents returns the interrupts that are pending', () => {
    using machine = load(realMode.onInterrupt(vectors.ours));
    const { vcpu } = machine;
    sent(machine, 1);
    const pending = (): number[] => {
      const { nmi, interrupt } = vcpu.getVcpuEvents();
      return [nmi.pending, interrupt.injected, interrupt.nr];
    };
    vcpu.interrupt(vectors.ours);
    expect(pending()).toEqual([0, 1, vectors.ours]);
    expect(sent(machine, 1)).toBe('I');
    expect(pending().slice(0, 2)).toEqual([0, 0]);
    vcpu.nmi();
    expect(pending()[0]).toBe(1);
  });

  // Shows: KVM_INTERRUPT
  it('interrupt refuses an invalid vector, and a VM whose interrupt controller is in the kernel', () => {
    using machine = load(realMode.halt);
    expect(thrownBy(() => machine.vcpu.interrupt(256))).toMatchObject({ operation: 'KVM_INTERRUPT', code: 'EINVAL' });
    for (const vector of [-1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(thrownBy(() => machine.vcpu.interrupt(vector))).toBeInstanceOf(KvmArgumentError);
    }
    using other = loadWithIrqchip(realMode.halt);
    expect(thrownBy(() => other.vcpu.interrupt(vectors.ours))).toMatchObject({
      code: 'ENXIO',
      message: expect.stringContaining('the interrupt controller is in the kernel'),
    });
  });

  // Shows: KVM_SET_VCPU_EVENTS
  it('setVcpuEvents refuses unknown flags', () => {
    using machine = load(realMode.halt);
    const events = machine.vcpu.getVcpuEvents();
    events.flags = 0x8000_0000;
    expect(thrownBy(() => machine.vcpu.setVcpuEvents(events))).toMatchObject({ operation: 'KVM_SET_VCPU_EVENTS' });
  });
});

describe.skipIf(!hasKvm)(`debug registers ${needsKvm}`, () => {
  // Shows: KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS
  it('setDebugregs sets a breakpoint that calls the handler of the guest', () => {
    using machine = load(realMode.onInterrupt(vectors.debug));
    const { vcpu } = machine;
    expect(sent(machine, 1)).toBe('A');
    const debugregs = vcpu.getDebugregs();
    expect(debugregs.dr7 & 0xffn).toBe(0n);
    debugregs.db.set(0, vcpu.getRegs().rip);
    debugregs.dr7 |= 0x2n;
    vcpu.setDebugregs(debugregs);
    expect(vcpu.getDebugregs().db.get(0)).toBe(debugregs.db.get(0));
    // The interrupted instruction starts again, and the breakpoint is still set.
    expect(sent(machine, 2)).toContain('I');
    debugregs.flags = 1n;
    expect(thrownBy(() => vcpu.setDebugregs(debugregs))).toMatchObject({
      operation: 'KVM_SET_DEBUGREGS',
      code: 'EINVAL',
    });
  });
});

describe.skipIf(!hasKvm)(`the MP state ${needsKvm}`, () => {
  // Shows: KVM_GET_MP_STATE, KVM_SET_MP_STATE
  it('setMpState halts a vCPU and makes it runnable again', () => {
    using machine = loadWithIrqchip(realMode.out);
    const { vcpu } = machine;
    const state = vcpu.getMpState();
    expect(state.mp_state).toBe(KVM_MP_STATE_RUNNABLE);
    state.mp_state = KVM_MP_STATE_HALTED;
    vcpu.setMpState(state);
    expect(vcpu.getMpState().mp_state).toBe(KVM_MP_STATE_HALTED);
    expect(run(machine, 50)).toBe('interrupted by timeout');
    state.mp_state = KVM_MP_STATE_RUNNABLE;
    vcpu.setMpState(state);
    expect(sent(machine, 1)).toBe('A');
    state.mp_state = 0xdead;
    expect(thrownBy(() => vcpu.setMpState(state))).toMatchObject({ operation: 'KVM_SET_MP_STATE', name: 'KvmError' });
  });

  it('setMpState accepts only the state RUNNABLE without an interrupt controller in the kernel', () => {
    using machine = load(realMode.out);
    const state = allocate(kvm.KvmMpState);
    state.mp_state = KVM_MP_STATE_RUNNABLE;
    machine.vcpu.setMpState(state);
    state.mp_state = KVM_MP_STATE_HALTED;
    const set = (): void => machine.vcpu.setMpState(state);
    expect(set).toThrow(KvmUnsupportedError);
    expect(thrownBy(set)).toMatchObject({ code: 'EINVAL', capability: 'KVM_CAP_IRQCHIP' });
  });
});

describe.skipIf(!hasKvm)(`the local APIC ${needsKvm}`, () => {
  /** The offsets of registers of the local APIC. */
  const register = { priority: 0x80, spurious: 0xf0 } as const;
  const enabled = 1;

  /** Loads a guest that reads its task priority, and sets the priority. */
  function withPriority(priority: number): Machine {
    const machine = loadWithIrqchip(protectedMode.taskPriority);
    const lapic = machine.vcpu.getLapic();
    lapic.regs.set(register.priority, priority);
    lapic.regs.set(register.spurious + 1, enabled);
    machine.vcpu.setLapic(lapic);
    return machine;
  }

  // Shows: KVM_GET_LAPIC, KVM_SET_LAPIC
  it('setLapic sets registers of the local APIC that the guest then reads', () => {
    using machine = withPriority(0x50);
    expect(machine.vcpu.getLapic().regs.get(register.priority)).toBe(0x50);
    expect(sent(machine, 1)).toBe('P');
  });

  // Shows: KVM_SET_VAPIC_ADDR
  it('setVapicAddr keeps the task priority in guest memory, and the guest reads it from there', () => {
    using machine = withPriority(0x50);
    const at = 0x9000;
    const kept = machine.memory.bytes(at, 1);
    machine.vcpu.setVapicAddr(at);
    const priority = sent(machine, 1);
    expect(String.fromCharCode(...kept)).toBe(priority);
    kept[0] = 0x60;
    expect(sent(machine, 2)).toContain('`');
    machine.vcpu.setVapicAddr(0);
    kept[0] = 0x70;
    sent(machine, 1);
    expect(sent(machine, 1)).toBe('`');
  });

  // Shows: KVM_TPR_ACCESS_REPORTING
  it('setTprAccessReporting makes an access of the guest to the task priority an exit', () => {
    using machine = withPriority(0x50);
    const reasons = (): Set<string> => new Set([run(machine), run(machine), run(machine), run(machine)]);
    expect(reasons()).toEqual(new Set([`exit ${KVM_EXIT_IO}`]));
    machine.vcpu.setTprAccessReporting(true);
    expect(reasons()).toEqual(new Set([`exit ${KVM_EXIT_IO}`, `exit ${kvm.KVM_EXIT_TPR_ACCESS}`]));
    machine.vcpu.setTprAccessReporting(false);
    run(machine);
    expect(reasons()).toEqual(new Set([`exit ${KVM_EXIT_IO}`]));
  });

  it.each<[string, (vcpu: Vcpu) => unknown]>([
    ['KVM_GET_LAPIC', (vcpu) => vcpu.getLapic()],
    ['KVM_SET_LAPIC', (vcpu) => vcpu.setLapic(allocate(kvm.KvmLapicState))],
    ['KVM_SET_VAPIC_ADDR', (vcpu) => vcpu.setVapicAddr(0x9000)],
  ])('%s is unsupported without a local APIC in the kernel', (operation, call) => {
    using machine = load(realMode.halt);
    expect(() => call(machine.vcpu)).toThrow(KvmUnsupportedError);
    expect(thrownBy(() => call(machine.vcpu))).toMatchObject({ operation, capability: 'KVM_CAP_IRQCHIP' });
  });
});

describe.skipIf(!hasKvm)(`machine checks ${needsKvm}`, () => {
  const msr = { capabilities: 0x179, status2: 0x409, address2: 0x40a } as const;
  const banks = 10n;
  const valid = 1n << 63n;

  // Shows: KVM_X86_SETUP_MCE, KVM_X86_SET_MCE
  it('setupMce sets the machine check capabilities of a vCPU, and setMce injects a machine check', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const capabilities = banks | (1n << 24n);
    vcpu.setupMce(capabilities);
    const mce = allocate(kvm.KvmX86Mce);
    Object.assign(mce, { status: valid | 5n, addr: 0x77n, bank: 2 });
    vcpu.setMce(mce);
    const indices = [msr.capabilities, msr.status2, msr.address2];
    expect(vcpu.getMsrs(indices).map(({ data }) => data)).toEqual([capabilities, valid | 5n, 0x77n]);
    mce.bank = 200;
    expect(thrownBy(() => vcpu.setMce(mce))).toMatchObject({ operation: 'KVM_X86_SET_MCE', code: 'EINVAL' });
    expect(thrownBy(() => vcpu.setupMce(0xffn))).toMatchObject({ operation: 'KVM_X86_SETUP_MCE', code: 'EINVAL' });
  });
});

describe.skipIf(!hasKvm)(`clocks ${needsKvm}`, () => {
  /** The MSR with which a guest turns its kvmclock on, and the layout of the memory of the clock. */
  const systemTime = 0x4b56_4d01;
  const clock = { at: 0x9000, flags: 29, wasStopped: 2 } as const;
  const turnOn = { index: systemTime, data: BigInt(clock.at | 1) };

  // Shows: KVM_KVMCLOCK_CTRL
  it('kvmclockCtrl tells the guest that it was paused, if the guest has turned its kvmclock on', () => {
    using machine = load(realMode.outForEver);
    const { vcpu, memory } = machine;
    const wasStopped = (): boolean => ((memory.bytes(clock.at + clock.flags, 1)[0] ?? 0) & clock.wasStopped) !== 0;
    expect(thrownBy(() => vcpu.kvmclockCtrl())).toMatchObject({
      operation: 'KVM_KVMCLOCK_CTRL',
      message: expect.stringContaining('the guest has not turned its kvmclock on'),
    });
    vcpu.setMsrs([turnOn]);
    run(machine);
    expect(wasStopped()).toBe(false);
    vcpu.kvmclockCtrl();
    run(machine);
    expect(wasStopped()).toBe(true);
  });

  // Shows: KVM_ENABLE_CAP
  it('enableCap enforces that the kvmclock is missing when the CPUID does not have it', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    vcpu.setMsrs([turnOn]);
    vcpu.enableCap(kvm.KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1);
    expect(thrownBy(() => vcpu.setMsrs([turnOn]))).toMatchObject({ name: 'KvmMsrError', index: systemTime });
    const error = thrownBy(() => vcpu.enableCap(kvm.KVM_CAP_NR_VCPUS));
    expect(error).toMatchObject({ operation: 'KVM_ENABLE_CAP', code: 'EINVAL' });
    expect(() => vcpu.enableCap(kvm.KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1n, 2n, 3n, 4n, 5n)).toThrow(KvmArgumentError);
  });

  // Shows: KVM_GET_TSC_KHZ, KVM_SET_TSC_KHZ
  // Shows: kvm-ioctls vcpu::test_get_tsc_khz, kvm-ioctls vcpu::test_set_tsc_khz
  it('getTscKhz returns the frequency of the time stamp counter, and setTscKhz sets it', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const khz = vcpu.getTscKhz();
    expect(khz).toBeGreaterThan(1000);
    if (vcpu.checkExtension(kvm.KVM_CAP_TSC_CONTROL) === 0) {
      expect(thrownBy(() => vcpu.setTscKhz(khz))).toMatchObject({ capability: 'KVM_CAP_TSC_CONTROL' });
      return;
    }
    vcpu.setTscKhz(Math.floor(khz / 2));
    expect(vcpu.getTscKhz()).toBe(Math.floor(khz / 2));
  });

  // Shows: KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR
  it('getDeviceAttr returns the offset of the time stamp counter, and setDeviceAttr is accepted', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const which = { group: kvm.KVM_VCPU_TSC_CTRL, attr: kvm.KVM_VCPU_TSC_OFFSET };
    const offset = (): bigint => new DataView(vcpu.getDeviceAttr(which, 8).buffer).getBigInt64(0, true);
    expect(vcpu.hasDeviceAttr(which)).toBe(true);
    const before = offset();
    vcpu.setDeviceAttr(which, new Uint8Array(BigInt64Array.of(before - 1_000_000n).buffer));
    expect([before, before - 1_000_000n]).toContain(offset());
    // The guest's counter is the host's counter plus the offset. Each counter starts near 0 when its machine starts.
    const [counter] = vcpu.getMsrs([0x10]);
    expect(counter.data - offset()).toBeGreaterThan(0n);
  });
});
