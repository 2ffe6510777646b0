/** Random sequences of all actions on vCPUs, in any order and from several threads. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Kvm } from '../../runtime/x86_64.js';
import { chosenRuns } from '../lib/random-runs.js';
import { HangError } from '../lib/timeouts.js';
import { Machine, programs } from './machine.js';
import { Pool } from './pool.js';
import { Watchdog } from './watchdog.js';

/** The actions of a step, with their weights. Starting a thread or replacing a Worker takes some 40 ms. */
const weights = {
  open: 6,
  run: 8,
  runInWorker: 8,
  startThread: 2,
  kick: 10,
  abort: 5,
  pause: 3,
  resume: 3,
  end: 2,
  complete: 4,
  getRegs: 4,
  attach: 4,
  closeVcpu: 3,
  closeVm: 2,
  closeMemory: 2,
  drop: 1,
  collect: 1,
} as const;

type Action = keyof typeof weights;

interface Step {
  readonly action: Action;
  /** Which machine, and which of several variants of the action. */
  readonly machine: number;
  readonly choice: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    ...Object.entries(weights).map(([action, weight]) => ({ weight, arbitrary: fc.constant(action as Action) })),
  ),
  machine: fc.nat(2),
  choice: fc.nat(5039),
});
const sequence: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });

/** Called with the number of sequences that are done. */
export type SequencesProgress = (done: number) => void;

/**
 * Runs this many sequences. Each step must do what the model expects.
 *
 * @throws Error with the seed and the steps of a sequence that fails. The sequence is reduced to as few steps as possible.
 */
export async function runSequences(count: number, progress: SequencesProgress = () => {}): Promise<void> {
  let done = 0;
  let hangs = false;
  await using watchdog = new Watchdog();
  await using pool = new Pool(2);
  using kvm = Kvm.open();
  const property = fc.asyncProperty(sequence, async (steps) => {
    // After a sequence that hangs, the results of other sequences mean nothing.
    if (hangs) return;
    try {
      watchdog.begin(JSON.stringify(steps));
      await runSequence(kvm, pool, steps, () => watchdog.step());
    } catch (error) {
      hangs ||= error instanceof HangError;
      throw error;
    }
    progress(++done);
  });
  await fc.assert(property, chosenRuns(count));
}

async function runSequence(kvm: Kvm, pool: Pool, steps: readonly Step[], onStep: () => void): Promise<void> {
  const machines: Machine[] = [];
  try {
    for (const { action, machine: index, choice } of steps) {
      if (action === 'collect') collect();
      if (action === 'open' && machines.length < 3) machines.push(open(kvm, choice));
      onStep();
      const machine = machines[index];
      if (machine !== undefined) await act(machine, action, choice, pool);
    }
  } catch (error) {
    // The first error is the interesting one, so errors of the clean-up are ignored.
    await Promise.allSettled(machines.map((machine) => machine.finish(pool)));
    throw error;
  }
  for (const machine of machines) await machine.finish(pool);
}

function open(kvm: Kvm, choice: number): Machine {
  const program = programs[choice % programs.length] as (typeof programs)[number];
  const mechanism = Math.floor(choice / 7) % 2 === 0 ? 'immediate_exit' : 'signal_mask';
  return new Machine(kvm, program, { mechanism, ...(Math.floor(choice / 14) % 3 === 0 ? { kickSignal: 40 } : {}) });
}

/** The actions that are possible when no handle is left. */
const withoutHandle: ReadonlySet<Action> = new Set(['runInWorker', 'abort', 'pause', 'resume', 'end', 'attach']);

async function act(machine: Machine, action: Action, choice: number, pool: Pool): Promise<void> {
  if (action === 'open' || action === 'collect') return;
  if (!machine.hasHandles && !withoutHandle.has(action)) return;
  await machine[action](choice, pool);
}

let gc: (() => void) | undefined;

function collect(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
