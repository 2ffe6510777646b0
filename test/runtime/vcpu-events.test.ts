/** What comes to a vCPU from outside: interrupts and their controller, machine checks; and how it is set up. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError, KvmUnsupportedError, type Vcpu } from '../../runtime/index.js';
import { allocate } from '../../support/index.js';
import { protectedMode, realMode } from '../../tools/guests/index.js';
import { hasKvm, load, loadWithIrqchip, type Machine, needsKvm, run, sent, thrownBy } from '../helpers/vcpus.js';

const { KVM_EXIT_IO, KVM_MP_STATE_HALTED, KVM_MP_STATE_RUNNABLE } = kvm;

const vectors = { debug: 1, nmi: 2, breakpoint: 3, ours: 0x20 } as const;

describe.skipIf(!hasKvm)(`interrupts ${needsKvm}`, () => {
  it.each<[string, number, (vcpu: Vcpu) => void]>([
    ['a non-maskable one', vectors.nmi, (vcpu) => vcpu.nmi()],
    ['an external one', vectors.ours, (vcpu) => vcpu.interrupt(vectors.ours)],
    [
      'one that is pending among the events',
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
  ])('reach the handler of the guest: %s', (_, vector, action) => {
    using machine = load(realMode.onInterrupt(vector));
    expect(sent(machine, 2)).toBe('AA');
    action(machine.vcpu);
    expect(sent(machine, 3)).toBe('IAA');
  });

  it('are among the events while they are pending', () => {
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

  it('are refused with a vector that there is not, or where the kernel delivers them', () => {
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

  it('are refused as events with flags that there are not', () => {
    using machine = load(realMode.halt);
    const events = machine.vcpu.getVcpuEvents();
    events.flags = 0x8000_0000;
    expect(thrownBy(() => machine.vcpu.setVcpuEvents(events))).toMatchObject({ operation: 'KVM_SET_VCPU_EVENTS' });
  });
});

describe.skipIf(!hasKvm)(`debug registers of the guest ${needsKvm}`, () => {
  it('that are set, bring its handler', () => {
    using machine = load(realMode.onInterrupt(vectors.debug));
    const { vcpu } = machine;
    expect(sent(machine, 1)).toBe('A');
    const debugregs = vcpu.getDebugregs();
    expect(debugregs.dr7 & 0xffn).toBe(0n);
    debugregs.db.set(0, vcpu.getRegs().rip);
    debugregs.dr7 |= 0x2n;
    vcpu.setDebugregs(debugregs);
    expect(vcpu.getDebugregs().db.get(0)).toBe(debugregs.db.get(0));
    // The interrupted instruction starts again, and is watched still.
    expect(sent(machine, 2)).toContain('I');
    debugregs.flags = 1n;
    expect(thrownBy(() => vcpu.setDebugregs(debugregs))).toMatchObject({
      operation: 'KVM_SET_DEBUGREGS',
      code: 'EINVAL',
    });
  });
});

describe.skipIf(!hasKvm)(`whether it runs ${needsKvm}`, () => {
  it('is set: one that halts does not, until it is runnable', () => {
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

  it('is always so without an interrupt controller in the kernel', () => {
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

describe.skipIf(!hasKvm)(`the local interrupt controller ${needsKvm}`, () => {
  /** Where its registers are. */
  const register = { priority: 0x80, spurious: 0xf0 } as const;
  const enabled = 1;

  /** Has a task priority that the guest reads. */
  function withPriority(priority: number): Machine {
    const machine = loadWithIrqchip(protectedMode.taskPriority);
    const lapic = machine.vcpu.getLapic();
    lapic.regs.set(register.priority, priority);
    lapic.regs.set(register.spurious + 1, enabled);
    machine.vcpu.setLapic(lapic);
    return machine;
  }

  it('that is set, the guest reads', () => {
    using machine = withPriority(0x50);
    expect(machine.vcpu.getLapic().regs.get(register.priority)).toBe(0x50);
    expect(sent(machine, 1)).toBe('P');
  });

  it('keeps the task priority in guest memory, and takes it from there', () => {
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

  it('reports when the guest looks at the task priority, if it is to', () => {
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
  ])('is unsupported where it is not in the kernel: %s', (operation, call) => {
    using machine = load(realMode.halt);
    expect(() => call(machine.vcpu)).toThrow(KvmUnsupportedError);
    expect(thrownBy(() => call(machine.vcpu))).toMatchObject({ operation, capability: 'KVM_CAP_IRQCHIP' });
  });
});

describe.skipIf(!hasKvm)(`machine checks ${needsKvm}`, () => {
  const msr = { capabilities: 0x179, status2: 0x409, address2: 0x40a } as const;
  const banks = 10n;
  const valid = 1n << 63n;

  it('are in the registers of the guest', () => {
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
  /** The MSR by which a guest turns its kvmclock on, and what is where in the clock's memory. */
  const systemTime = 0x4b56_4d01;
  const clock = { at: 0x9000, flags: 29, wasStopped: 2 } as const;
  const turnOn = { index: systemTime, data: BigInt(clock.at | 1) };

  it('tell the guest that it was paused, if it has turned them on', () => {
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

  it('are not there when the CPUID does not name them and that is enforced', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    vcpu.setMsrs([turnOn]);
    vcpu.enableCap(kvm.KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1);
    expect(thrownBy(() => vcpu.setMsrs([turnOn]))).toMatchObject({ name: 'KvmMsrError', index: systemTime });
    const error = thrownBy(() => vcpu.enableCap(kvm.KVM_CAP_NR_VCPUS));
    expect(error).toMatchObject({ operation: 'KVM_ENABLE_CAP', code: 'EINVAL' });
    expect(() => vcpu.enableCap(kvm.KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1n, 2n, 3n, 4n, 5n)).toThrow(KvmArgumentError);
  });

  it('have a frequency', () => {
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

  it('have an offset, which a kernel may keep as it is', () => {
    using machine = load(realMode.halt);
    const { vcpu } = machine;
    const before = vcpu.getTscOffset();
    vcpu.setTscOffset(before - 1_000_000n);
    expect([before, before - 1_000_000n]).toContain(vcpu.getTscOffset());
    // The counter of the guest is that of the host and the offset: both start near 0 with their machines.
    const [counter] = vcpu.getMsrs([0x10]);
    expect(counter.data - vcpu.getTscOffset()).toBeGreaterThan(0n);
  });
});
