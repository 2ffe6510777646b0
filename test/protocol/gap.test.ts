/**
 * Kicks in the gap between the last time that a run reads the requests and KVM_RUN, with the addon's test hooks. A kick
 * there that only sends a signal is always lost. The controls lose it, to show that these tests can fail.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import type { Vcpu } from '../../runtime/index.js';
import { type Loaded, longMode, protectedMode, realMode, userMode } from '../../tools/guests/index.js';
import { Hooks, useHooks } from '../../tools/lib/native-test-hooks.js';
import {
  counterOf,
  Helper,
  hasKvm,
  load,
  needsKvm,
  type Outcome,
  run,
  until,
  watchdogMs,
  wrongAboutFlag,
} from '../helpers/vcpus.js';

/** Has the Worker run the vCPU, calls `action` while the Worker is in the gap, and releases it. */
function inGap(helper: Helper, vcpu: Vcpu, action: () => void, timeoutMs?: number): Promise<Outcome[]> {
  const hooks = new Hooks(vcpu.share());
  // A tick comes at any time, and it sets the flag too.
  hooks.change('ticker');
  hooks.hold('R4');
  const outcomes = helper.do('run', { vcpu: vcpu.share(), ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  try {
    if (!hooks.isHeld(watchdogMs)) throw new Error(`the run is not in the gap after ${watchdogMs} ms`);
    action();
  } finally {
    hooks.release();
  }
  return outcomes;
}

const kicked = 'interrupted by kick';
const spinning = [realMode.spin, protectedMode.spin, longMode.spin, userMode.spin];

describe.skipIf(!hasKvm)(`in the gap before KVM_RUN ${needsKvm}`, () => {
  beforeAll(useHooks);

  it.each(spinning)('no kick of 200 is lost, and no instruction runs: $name', async (guest) => {
    await using helper = await Helper.start();
    using machine = load(guest);
    const outcomes: Outcome[] = [];
    for (let round = 0; round < 200; round++) {
      outcomes.push(...(await inGap(helper, machine.vcpu, () => machine.vcpu.kick())));
    }
    expect(outcomes).toEqual(Array(200).fill(kicked));
    expect(counterOf(machine)).toBe(0);
  });

  it('many kicks are one', async () => {
    await using helper = await Helper.start();
    using machine = load(realMode.halt);
    const outcomes = await inGap(helper, machine.vcpu, () => {
      for (let kicks = 0; kicks < 1000; kicks++) machine.vcpu.kick();
    });
    expect(outcomes).toEqual([kicked]);
    expect(await helper.do('run', { vcpu: machine.vcpu.share() })).toEqual([`exit ${bindings.KVM_EXIT_HLT}`]);
  });

  it('no timeout is lost, and no instruction runs', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { kvmRun } = machine.vcpu;
    for (let round = 0; round < 20; round++) {
      // The handler has run when the flag is up.
      const timerFired = (): void => {
        for (const end = Date.now() + watchdogMs; kvmRun.immediate_exit === 0 && Date.now() < end; );
      };
      expect(await inGap(helper, machine.vcpu, timerFired, 1)).toEqual(['interrupted by timeout']);
    }
    expect(counterOf(machine)).toBe(0);
  });

  it('a stray signal does not end the run', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const thread = await helper.do('threadId', null);
    const outcomes = inGap(helper, machine.vcpu, () => process.kill(thread, 63));
    await until(() => counterOf(machine) !== 0, 'the guest runs');
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  /** Ten times: the kick in the gap is lost, as the guest runs for all that, and another kick gets it out. */
  const loses = async (machine: Loaded): Promise<void> => {
    await using helper = await Helper.start();
    for (let round = 0; round < 10; round++) {
      let hasReturned = false;
      const before = counterOf(machine);
      const outcomes = inGap(helper, machine.vcpu, () => machine.vcpu.kick()).finally(() => {
        hasReturned = true;
      });
      await until(() => counterOf(machine) !== before || hasReturned, 'the guest runs');
      expect(hasReturned).toBe(false);
      machine.vcpu.kick();
      expect(await outcomes).toEqual([kicked]);
    }
  };

  it('control: a kick that only signals is lost', async () => {
    using machine = load(userMode.spin);
    const hooks = new Hooks(machine.vcpu.share());
    hooks.change('flag');
    await loses(machine);
    hooks.change('flag', false);
    await using helper = await Helper.start();
    expect(await inGap(helper, machine.vcpu, () => machine.vcpu.kick())).toEqual([kicked]);
  });

  it('control: with bindings that are wrong about immediate_exit, a kick is lost', async () => {
    using machine = load(userMode.spin, {}, wrongAboutFlag);
    new Hooks(machine.vcpu.share()).change('ticker');
    await loses(machine);
  });

  it('a signal that is left pending for one vCPU does not keep another one out', () => {
    using left = load(userMode.spin, { mechanism: 'signal_mask' });
    using right = load(userMode.spin, { mechanism: 'signal_mask', signal: 43 });
    const timedOut = 'interrupted by timeout';
    expect([run(left, 1), run(right, 1)]).toEqual([timedOut, timedOut]);
    new Hooks(right.vcpu.share()).stray();
    const before = counterOf(left);
    expect(run(left, 50)).toBe(timedOut);
    expect(counterOf(left)).toBeGreaterThan(before);
  });
});
