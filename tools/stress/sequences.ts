/** Random sequences of everything that can be done to vCPUs, in any order and from several threads. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Kvm } from '../../runtime/index.js';
import { HangError } from '../lib/patience.js';
import { chosenRuns } from '../lib/random-runs.js';
import { Machine, programs } from './machine.js';
import { Pool } from './pool.js';
import { Watchdog } from './watchdog.js';

/** What a step does, and how often it is chosen. A thread costs some 40 ms, and a Worker that was ended too. */
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

type Does = keyof typeof weights;

interface Step {
  readonly does: Does;
  /** Which machine, and which of several ways. */
  readonly machine: number;
  readonly choice: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.oneof(
    ...Object.entries(weights).map(([does, weight]) => ({ weight, arbitrary: fc.constant(does as Does) })),
  ),
  machine: fc.nat(2),
  choice: fc.nat(5039),
});
const sequence: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });

/** Told the number of sequences that are done. */
export type SequencesProgress = (done: number) => void;

/**
 * Does so many sequences, each step of which has to do what is expected.
 *
 * @throws an Error that names the seed and the steps of a sequence that does not, made as short as can be.
 */
export async function runSequences(count: number, progress: SequencesProgress = () => {}): Promise<void> {
  let done = 0;
  let hangs = false;
  await using watchdog = new Watchdog();
  await using pool = new Pool(2);
  using kvm = Kvm.open();
  const property = fc.asyncProperty(sequence, async (steps) => {
    // Behind one that hangs no other can be judged.
    if (hangs) return;
    try {
      watchdog.begin(JSON.stringify(steps));
      await runSequence(kvm, pool, steps, () => watchdog.beat());
    } catch (error) {
      hangs ||= error instanceof HangError;
      throw error;
    }
    progress(++done);
  });
  await fc.assert(property, chosenRuns(count));
}

async function runSequence(kvm: Kvm, pool: Pool, steps: readonly Step[], beat: () => void): Promise<void> {
  const machines: Machine[] = [];
  try {
    for (const { does, machine: index, choice } of steps) {
      if (does === 'collect') collect();
      if (does === 'open' && machines.length < 3) machines.push(open(kvm, choice));
      beat();
      const machine = machines[index];
      if (machine !== undefined) await doTo(machine, does, choice, pool);
    }
  } catch (error) {
    // What comes of the rest says no more.
    await Promise.allSettled(machines.map((machine) => machine.finish(pool)));
    throw error;
  }
  for (const machine of machines) await machine.finish(pool);
}

function open(kvm: Kvm, choice: number): Machine {
  const program = programs[choice % programs.length] as (typeof programs)[number];
  const mechanism = Math.floor(choice / 7) % 2 === 0 ? 'immediate_exit' : 'signal_mask';
  return new Machine(kvm, program, { mechanism, ...(Math.floor(choice / 14) % 3 === 0 ? { signal: 40 } : {}) });
}

/** With no handle left, only what does without one. */
const withoutHandle: ReadonlySet<Does> = new Set(['runInWorker', 'abort', 'pause', 'resume', 'end', 'attach']);

async function doTo(machine: Machine, does: Does, choice: number, pool: Pool): Promise<void> {
  if (does === 'open' || does === 'collect') return;
  if (!machine.hasHandles && !withoutHandle.has(does)) return;
  await machine[does](choice, pool);
}

let gc: (() => void) | undefined;

function collect(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
