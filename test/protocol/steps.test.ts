/**
 * Every step of the kick protocol in runtime/native/kick.h is necessary. A property that holds with the step does not hold when
 * the step is left out. `docs/race-free-exit.md` lists the steps.
 */

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Kvm, type Mechanism, type VcpuOptions } from '../../runtime/x86_64.js';
import { type Guest, type Loaded, realMode, userMode } from '../../tools/guests/index.js';
import { type Change, changes, type Gap, Hooks, useHooks } from '../../tools/lib/native-test-hooks.js';
import { KickedVcpu } from '../../tools/stress/kicked-vcpu.js';
import { kickInGap } from '../../tools/stress/kicks.js';
import {
  counterOf,
  Helper,
  hasKvm,
  load,
  type Machine,
  mechanisms,
  needsKvm,
  until,
  untilCounting,
  watchdogMs,
} from '../helpers/vcpus.js';

const kicked = ['interrupted by kick'];
/** A result that does not arrive within this time is missing, because the step is left out. */
const patienceMs = 200;

interface HookedMachine extends Machine {
  readonly hooks: Hooks;
}

/** A machine whose vCPU runs without these steps, and without the ticker: only the protocol gets the vCPU out of a run. */
function loadWithout(leftOut: readonly Change[], guest: Guest, options: VcpuOptions): HookedMachine {
  const machine = load(guest, options);
  const hooks = new Hooks(machine.vcpu.share());
  for (const change of ['ticker', ...leftOut]) hooks.change(change);
  return { ...machine, hooks };
}

/** How long to wait for a result. With all steps the result arrives, however busy the machine is. */
const lateMs = (leftOut: readonly Change[]): number => (leftOut.length === 0 ? watchdogMs : patienceMs);

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Has the Worker run the vCPU once. */
const start = (helper: Helper, { vcpu }: Loaded) => helper.do('run', { vcpu: vcpu.share() });

/** Tests one property. Returns whether it holds. */
type Probe = (mechanism: Mechanism, leftOut: readonly Change[]) => Promise<boolean>;

/**
 * Kicks in the gap are delivered. A step that is left out loses only a kick that finds the vCPU in the guest, and on a busy
 * machine many kicks come earlier. So such kicks go on until one is lost.
 */
const deliveredIn =
  (gap: Gap): Probe =>
  async (mechanism, changes) => {
    using kvm = Kvm.open();
    await using target = new KickedVcpu(kvm, userMode.spin, { mechanism, changes, lostAfterMs: lateMs(changes) });
    await target.started();
    const most = changes.length === 0 ? 3 : 1000;
    for (let kicks = 0; kicks < most && target.counts.isClean; kicks++) kickInGap([target], gap, 1);
    return target.counts.isClean;
  };

/** The guest goes on after a signal without a request. */
const goesOnAfterStray: Probe = async (mechanism, leftOut) => {
  await using helper = await Helper.start();
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  const outcomes = start(helper, machine);
  await untilCounting(machine);
  machine.hooks.stray();
  await pause(patienceMs);
  const before = counterOf(machine);
  for (let waited = 0; counterOf(machine) === before && waited < lateMs(leftOut); waited += 10) await pause(10);
  const goesOn = counterOf(machine) !== before;
  machine.vcpu.kick();
  expect(await outcomes).toEqual(kicked);
  return goesOn;
};

/** A kick sends no signal when the vCPU is not in a run. */
const leavesIdleThreadAlone: Probe = async (mechanism, leftOut) => {
  await using helper = await Helper.start();
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  const outcomes = start(helper, machine);
  await untilCounting(machine);
  machine.vcpu.kick();
  expect(await outcomes).toEqual(kicked);
  const before = machine.hooks.sent;
  machine.vcpu.kick();
  return machine.hooks.sent === before;
};

/** Puts a kicker in the gap before K3. The run that the kicker has seen ends before the kicker continues. */
async function overtakenKick(helper: Helper, machine: HookedMachine): Promise<void> {
  const outcomes = start(helper, machine);
  await untilCounting(machine);
  machine.hooks.hold('K3');
  machine.hooks.kickAside();
  await until(() => machine.hooks.isHeld(0), 'the kicker is before K3');
  machine.hooks.stray();
  expect(await outcomes).toEqual(kicked);
}

/** A kick is delivered although a signal arrived between two runs. */
const deliveredAfterLateSignal: Probe = async (mechanism, leftOut) => {
  await using helper = await Helper.start();
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  await overtakenKick(helper, machine);
  const before = machine.hooks.sent;
  machine.hooks.release();
  await until(() => machine.hooks.sent > before, 'the late signal');
  let hasReturned = false;
  const outcomes = start(helper, machine).finally(() => {
    hasReturned = true;
  });
  await untilCounting(machine);
  machine.vcpu.kick();
  for (let waited = 0; !hasReturned && waited < lateMs(leftOut); waited += 10) await pause(10);
  const inTime = hasReturned;
  machine.hooks.change('reset_in_flight', false);
  // Without the step a kick finds a signal in flight. Without the check for that, the next kick gets the vCPU out.
  if (!inTime) machine.hooks.change('one_in_flight');
  machine.vcpu.kick();
  expect(await outcomes).toEqual(kicked);
  return inTime;
};

/** No signal goes to a thread that has ended. */
const leavesEndedThreadAlone: Probe = async (mechanism, leftOut) => {
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  {
    await using helper = await Helper.start();
    await overtakenKick(helper, machine);
  }
  const { sent, refused } = machine.hooks;
  machine.hooks.release();
  await pause(patienceMs);
  return machine.hooks.sent === sent && machine.hooks.refused === refused;
};

/** A thousand kicks send one signal. The queue belongs to the user, so other processes may have signals in it. */
const doesNotFillQueue: Probe = async (mechanism, leftOut) => {
  await using helper = await Helper.start();
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  const queued = (): number => Number(/^SigQ:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  machine.hooks.hold('R4');
  const outcomes = start(helper, machine);
  await until(() => machine.hooks.isHeld(0), 'the run is before R4');
  const before = queued();
  for (let kicks = 0; kicks < 1000; kicks++) machine.vcpu.kick();
  const after = queued();
  machine.hooks.release();
  expect(await outcomes).toEqual(kicked);
  return after - before < 500;
};

/** A kick before a run interrupts the run. */
const deliveredByNextRun: Probe = async (mechanism, leftOut) => {
  using machine = loadWithout(leftOut, realMode.out, { mechanism });
  machine.vcpu.kick();
  return machine.vcpu.run().reason === 'interrupted';
};

/** A Worker that is in a run can be ended. */
const endsWorker: Probe = async (mechanism, leftOut) => {
  using machine = loadWithout(leftOut, userMode.spin, { mechanism });
  if (leftOut.length === 0) machine.hooks.change('ticker', false);
  const helper = await Helper.start();
  start(helper, machine).catch(() => {});
  await untilCounting(machine);
  let hasEnded = false;
  const ended = helper.terminate().finally(() => {
    hasEnded = true;
  });
  for (let waited = 0; !hasEnded && waited < lateMs(leftOut); waited += 10) await pause(10);
  const inTime = hasEnded;
  machine.hooks.change('ticker', false);
  await ended;
  return inTime;
};

/** A flag that a caller has set interrupts the next run. */
const honoursCallersFlag: Probe = async (mechanism, leftOut) => {
  using machine = loadWithout(leftOut, realMode.out, { mechanism });
  machine.vcpu.kvmRun.immediate_exit = 1;
  return machine.vcpu.run().reason === 'interrupted';
};

interface Row {
  readonly step: Change;
  readonly what: string;
  readonly probe: Probe;
  readonly mechanisms?: readonly Mechanism[];
}

const rows: readonly Row[] = [
  { step: 'K1', what: 'a kick is delivered', probe: deliveredIn('R4') },
  { step: 'K2', what: 'a kick between two runs sends no signal', probe: leavesIdleThreadAlone },
  { step: 'K3', what: 'a kick gets a running guest out', probe: deliveredIn('K3') },
  { step: 'R1', what: 'a kick finds the vCPU running', probe: deliveredIn('K2') },
  { step: 'R3', what: 'a kick before R1 is delivered', probe: deliveredIn('R1') },
  { step: 'R5', what: 'a kick between two runs sends no signal', probe: leavesIdleThreadAlone },
  { step: 'R6', what: 'a stray signal does not keep the guest out', probe: goesOnAfterStray },
  { step: 'R7', what: 'a kick is delivered by the run that it ends', probe: deliveredIn('R4') },
  {
    step: 'flag',
    what: 'a kick before R4 is delivered',
    probe: deliveredIn('R4'),
    mechanisms: ['immediate_exit'],
  },
  {
    step: 'thread_mask',
    what: 'a kick before R4 is delivered',
    probe: deliveredIn('R4'),
    mechanisms: ['signal_mask'],
  },
  {
    step: 'mask_inside',
    what: 'a kick before a run is delivered',
    probe: deliveredByNextRun,
    mechanisms: ['signal_mask'],
  },
  // The probes of the step thread_mask come before those that run a vCPU on this thread, because Workers inherit its mask.
  { step: 'caller_flag', what: "a caller's immediate_exit interrupts the next run", probe: honoursCallersFlag },
  {
    step: 'reset_in_flight',
    what: 'a signal between two runs does not prevent a later one',
    probe: deliveredAfterLateSignal,
    mechanisms: ['immediate_exit'],
  },
  { step: 'one_in_flight', what: 'many kicks send one signal', probe: doesNotFillQueue, mechanisms: ['signal_mask'] },
  { step: 'forget', what: 'no signal goes to a thread that has ended', probe: leavesEndedThreadAlone },
  { step: 'ticker', what: 'a Worker that is in a run can be ended', probe: endsWorker },
];

const cases = rows.flatMap(({ mechanisms: those = mechanisms, ...row }) =>
  those.map((mechanism) => ({ ...row, mechanism })),
);

describe.skipIf(!hasKvm)(`the steps of the protocol ${needsKvm}`, () => {
  beforeAll(useHooks);

  for (const { step, what, probe, mechanism } of cases) {
    // Shows: statement 31, statement 34, statement 51
    it(`the step ${step} is necessary so that ${what} (${mechanism})`, async () => {
      expect(await probe(mechanism, [])).toBe(true);
      expect(await probe(mechanism, [step])).toBe(false);
    });
  }

  it('kicks are lost if the runner clears the flag just before R4 (control)', async () => {
    expect(await deliveredIn('R4')('immediate_exit', ['clear_before_entry'])).toBe(false);
  });

  it('the table of this file has every change that the addon can make', () => {
    expect(rows.map(({ step }) => step).toSorted()).toEqual(
      changes()
        .filter((change) => change !== 'clear_before_entry')
        .toSorted(),
    );
  });
});
