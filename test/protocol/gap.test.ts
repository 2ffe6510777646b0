/**
 * The gap between KVM_RUN and the last time that a run reads the requests, with the addon's test hooks. A kick in the gap
 * that only sends a signal is always lost. The controls lose such a kick, to show that these tests can fail.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import type { Vcpu } from '../../runtime/x86_64.js';
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
function inGap(helper: Helper, vcpu: Vcpu, action: () => void, timeout?: number): Promise<Outcome[]> {
  const hooks = new Hooks(vcpu.share());
  // A tick of the teardown ticker can come at any time, and its signal sets the flag too.
  hooks.change('ticker');
  hooks.hold('R4');
  const outcomes = helper.do('run', { vcpu: vcpu.share(), ...(timeout === undefined ? {} : { timeout }) });
  try {
    if (!hooks.isHeld(watchdogMs)) throw new Error(`the runner in the gap before R4: timed out after ${watchdogMs} ms`);
    action();
  } finally {
    hooks.release();
  }
  return outcomes;
}

const kicked = 'interrupted by kick';
const spinning = [realMode.spin, protectedMode.spin, longMode.spin, userMode.spin];

describe.skipIf(!hasKvm)(`the gap before KVM_RUN ${needsKvm}`, () => {
  beforeAll(useHooks);

  // Shows: statement 29
  it.each(spinning)(
    'no kick of 200 in the gap is lost, and the guest executes no instruction: $name',
    async (guest) => {
      await using helper = await Helper.start();
      using machine = load(guest);
      const outcomes: Outcome[] = [];
      for (let round = 0; round < 200; round++) {
        outcomes.push(...(await inGap(helper, machine.vcpu, () => machine.vcpu.kick())));
      }
      expect(outcomes).toEqual(Array(200).fill(kicked));
      expect(counterOf(machine)).toBe(0);
    },
  );

  it('many kicks in the gap are delivered as one', async () => {
    await using helper = await Helper.start();
    using machine = load(realMode.halt);
    const outcomes = await inGap(helper, machine.vcpu, () => {
      for (let kicks = 0; kicks < 1000; kicks++) machine.vcpu.kick();
    });
    expect(outcomes).toEqual([kicked]);
    expect(await helper.do('run', { vcpu: machine.vcpu.share() })).toEqual([`exit ${bindings.KVM_EXIT_HLT}`]);
  });

  it('no timeout in the gap is lost, and the guest executes no instruction', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const { kvmRun } = machine.vcpu;
    for (let round = 0; round < 20; round++) {
      // When the flag is set, the handler has run.
      const timerFired = (): void => {
        for (const end = Date.now() + watchdogMs; kvmRun.immediate_exit === 0 && Date.now() < end; );
      };
      expect(await inGap(helper, machine.vcpu, timerFired, 1)).toEqual(['interrupted by timeout']);
    }
    expect(counterOf(machine)).toBe(0);
  });

  it('a stray signal in the gap does not end the run', async () => {
    await using helper = await Helper.start();
    using machine = load(userMode.spin);
    const thread = await helper.do('threadId', null);
    const outcomes = inGap(helper, machine.vcpu, () => process.kill(thread, 63));
    await until(() => counterOf(machine) !== 0, 'the guest runs');
    machine.vcpu.kick();
    expect(await outcomes).toEqual([kicked]);
  });

  /** Ten times: a kick in the gap is lost, because the guest runs afterwards. Another kick gets the guest out. */
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

  // Shows: statement 30
  it('a kick that only sends a signal is lost (control)', async () => {
    using machine = load(userMode.spin);
    const hooks = new Hooks(machine.vcpu.share());
    hooks.change('flag');
    await loses(machine);
    hooks.change('flag', false);
    await using helper = await Helper.start();
    expect(await inGap(helper, machine.vcpu, () => machine.vcpu.kick())).toEqual([kicked]);
  });

  it('a kick is lost if the bindings have a wrong offset of immediate_exit (control)', async () => {
    using machine = load(userMode.spin, {}, wrongAboutFlag);
    new Hooks(machine.vcpu.share()).change('ticker');
    await loses(machine);
  });

  // Shows: statement 36
  it('a signal that stays pending for one vCPU does not keep another vCPU out of KVM_RUN', () => {
    using left = load(userMode.spin, { mechanism: 'signal_mask' });
    using right = load(userMode.spin, { mechanism: 'signal_mask', kickSignal: 43 });
    const timedOut = 'interrupted by timeout';
    expect([run(left, 1), run(right, 1)]).toEqual([timedOut, timedOut]);
    new Hooks(right.vcpu.share()).stray();
    const before = counterOf(left);
    expect(run(left, 50)).toBe(timedOut);
    expect(counterOf(left)).toBeGreaterThan(before);
  });
});
