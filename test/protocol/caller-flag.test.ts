/** A caller stores into `kvmRun.immediate_exit`. The runtime honours the store: it is a kick, on any thread. */

import { beforeAll, describe, expect, it } from 'vitest';
import { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_MMIO } from '../../generated/x86_64/linux/kvm.js';
import { atomic } from '../../support/index.js';
import { type Guest, places, protectedMode, realMode, userMode } from '../../tools/guests/index.js';
import { type Gap, Hooks, useHooks } from '../../tools/lib/native-test-hooks.js';
import {
  counterOf,
  Helper,
  hasKvm,
  load as loadWith,
  type Machine,
  mechanisms,
  needsKvm,
  run,
  until,
  untilCounting,
} from '../helpers/vcpus.js';

const exitHlt = `exit ${KVM_EXIT_HLT}`;
const exitIo = `exit ${KVM_EXIT_IO}`;
const exitMmio = `exit ${KVM_EXIT_MMIO}`;
const kicked = 'interrupted by kick';

describe.skipIf(!hasKvm).each(mechanisms)(`immediate_exit of a caller with %s ${needsKvm}`, (mechanism) => {
  beforeAll(useHooks);

  const load = (guest: Guest): Machine => loadWith(guest, { mechanism });

  /** A machine whose runs only the protocol interrupts, not the ticker. */
  const loadHooked = (guest: Guest): Machine & { readonly hooks: Hooks } => {
    const machine = load(guest);
    const hooks = new Hooks(machine.vcpu.share());
    hooks.change('ticker');
    return { ...machine, hooks };
  };

  // Shows: statement 74, security 26
  // Shows: kvm-ioctls VcpuFd::set_kvm_immediate_exit, kvm-ioctls vcpu::test_set_kvm_immediate_exit
  it.each([1, 2, 0x80, 0xff])(
    'a store of %i before a run interrupts that run once, before the first instruction',
    (value) => {
      using machine = load(realMode.out);
      const { vcpu } = machine;
      const { rip } = vcpu.getRegs();
      vcpu.kvmRun.immediate_exit = value;
      expect(run(machine)).toBe(kicked);
      expect([vcpu.getRegs().rip, vcpu.kvmRun.immediate_exit]).toEqual([rip, 0]);
      expect([run(machine), run(machine)]).toEqual([exitIo, exitHlt]);
    },
  );

  it('the example of the documentation interrupts the next run', () => {
    using machine = load(realMode.out);
    atomic(machine.vcpu.kvmRun, 'immediate_exit').store(1);
    expect([run(machine), run(machine)]).toEqual([kicked, exitIo]);
  });

  it('a caller can take its store back before the run', () => {
    using machine = load(realMode.out);
    machine.vcpu.kvmRun.immediate_exit = 1;
    machine.vcpu.kvmRun.immediate_exit = 0;
    expect(run(machine)).toBe(exitIo);
  });

  it('a store and a kick before a run are delivered as one', () => {
    using machine = load(realMode.out);
    machine.vcpu.kick();
    machine.vcpu.kvmRun.immediate_exit = 1;
    expect([run(machine), run(machine)]).toEqual([kicked, exitIo]);
  });

  it('a run with a timeout of 0 leaves the store for the next run', () => {
    using machine = load(realMode.out);
    machine.vcpu.kvmRun.immediate_exit = 1;
    expect([run(machine, 0), run(machine), run(machine)]).toEqual(['interrupted by timeout', kicked, exitIo]);
  });

  // Shows: statement 74
  it('a store is delivered after all fragments of an operation, and completeExit leaves it for the next run', () => {
    using machine = load(protectedMode.mmioInFragments);
    const { vcpu } = machine;
    expect(run(machine)).toBe(exitMmio);
    vcpu.kvmRun.immediate_exit = 1;
    expect(run(machine)).toBe(exitMmio);
    let fragments = 0;
    vcpu.completeExit(() => {
      fragments++;
    });
    expect(fragments).toBe(2);
    expect([run(machine), run(machine)]).toEqual([kicked, exitHlt]);
  });

  // Shows: statement 2
  it('a store without a signal has no effect on a running guest until the next entry, which delivers it', async () => {
    await using helper = await Helper.start();
    using machine = loadHooked(userMode.spin);
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    machine.vcpu.kvmRun.immediate_exit = 1;
    for (let looks = 0; looks < 5; looks++) await untilCounting(machine);
    machine.hooks.stray();
    expect(await outcomes).toEqual([kicked]);
  });

  // Shows: statement 75
  it('the teardown ticker delivers a store of another thread during a run', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await untilCounting(machine);
    machine.vcpu.kvmRun.immediate_exit = 1;
    expect(await outcomes).toEqual([kicked]);
    expect(machine.vcpu.kvmRun.immediate_exit).toBe(0);
  });

  type HookedMachine = Machine & { readonly hooks: Hooks };

  /**
   * Has the Worker run the vCPU once. While the runner is in the gap, does an action with the vCPU of this thread. The end of a
   * Worker of `Helper` kicks the vCPU, so the Worker must live as long as the test.
   */
  const inGap = async (helper: Helper, machine: HookedMachine, gap: Gap, action: () => void): Promise<string[]> => {
    machine.hooks.hold(gap);
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await until(() => machine.hooks.isHeld(0), `the runner is in the gap before ${gap}`);
    action();
    machine.hooks.release();
    return await outcomes;
  };

  // Shows: statement 75
  it.each(['R1', 'R2', 'R4'])('a store of another thread in the gap before %s interrupts the run', async (gap) => {
    await using helper = await Helper.start();
    using machine = loadHooked(userMode.spin);
    const store = (): void => {
      machine.vcpu.kvmRun.immediate_exit = 1;
    };
    expect(await inGap(helper, machine, gap, store)).toEqual([kicked]);
    expect(counterOf(machine)).toBe(0);
  });

  // Shows: statement 75
  it('a store of another thread stays when a stray signal arrives after it, in the gap before R4', async () => {
    await using helper = await Helper.start();
    using machine = loadHooked(userMode.spin);
    const storeAndSignal = (): void => {
      machine.vcpu.kvmRun.immediate_exit = 1;
      machine.hooks.stray();
    };
    expect(await inGap(helper, machine, 'R4', storeAndSignal)).toEqual([kicked]);
    expect(counterOf(machine)).toBe(0);
  });

  // Shows: statement 75
  it('a store of another thread after KVM_RUN has returned with an exit interrupts the next run', async () => {
    await using helper = await Helper.start();
    using machine = loadHooked(realMode.out);
    const store = (): void => {
      machine.vcpu.kvmRun.immediate_exit = 1;
    };
    expect(await inGap(helper, machine, 'R5', store)).toEqual([exitIo]);
    expect(machine.vcpu.kvmRun.immediate_exit).toBe(0);
    expect([run(machine), run(machine)]).toEqual([kicked, exitHlt]);
  });

  // Shows: statement 75
  it('a store of another thread after a kick is taken interrupts the next run', async () => {
    await using helper = await Helper.start();
    using machine = loadHooked(realMode.out);
    machine.vcpu.kick();
    const store = (): void => {
      machine.vcpu.kvmRun.immediate_exit = 1;
    };
    expect(await inGap(helper, machine, 'R7', store)).toEqual([kicked]);
    expect([run(machine), run(machine)]).toEqual([kicked, exitIo]);
    expect(machine.vcpu.getRegs().rip).toBeGreaterThan(BigInt(places.code));
  });

  // Shows: statement 75
  it('a store of 0 by another thread delays a kick at most until the next tick', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const hooks = new Hooks(machine.vcpu.share());
    hooks.hold('R4');
    const outcomes = helper.do('run', { vcpu: machine.vcpu.share() });
    await until(() => hooks.isHeld(0), 'the runner is in the gap before R4');
    machine.vcpu.kick();
    machine.vcpu.kvmRun.immediate_exit = 0;
    hooks.release();
    expect(await outcomes).toEqual([kicked]);
  });
});
