/**
 * The ways in which a process can end while guests run on its threads. Each case is a process of its own, `end.mjs` with
 * the case's arguments.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../../../runtime/addon.js';

export interface TeardownCase {
  readonly name: string;
  /** What `end.mjs` is told. */
  readonly arguments: readonly string[];
  /** How the process ends: with a code, or by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: RegExp;
}

/** On how many threads guests run, which, whose threads these are, and how they would be kicked. */
type Crowd = readonly [count: string, guest: string, runner: string, mechanism: string];

const one: Crowd = ['1', 'user', 'VcpuThread', 'immediate_exit'];
const oneOfWorkers: Crowd = ['1', 'kernel', 'Worker', 'signal_mask'];
const three: Crowd = ['3', 'halted', 'VcpuThread', 'signal_mask'];
const threeOfWorkers: Crowd = ['3', 'user', 'Worker', 'immediate_exit'];
const none: Crowd = ['0', 'user', 'Worker', 'immediate_exit'];
const all = [one, three, oneOfWorkers, threeOfWorkers];

type Ending = Omit<TeardownCase, 'name' | 'arguments'>;

const nothing = /^$/;
/** What Node says of an error that nobody has caught, and no more. */
const onPurpose = /^\n?\S+:\d+\n.*\n +\^\n\s*Error: on purpose\n(?:(?: {4}at |Emitted ).*\n)+\nNode\.js v.*\n$/;

const withCode = (code: number, stderr: RegExp = nothing): Ending => ({ code, signal: null, stderr });
const bySignal = (signal: NodeJS.Signals): Ending => ({ code: null, signal, stderr: nothing });

const endings: readonly [deed: string, ending: Ending, crowds: readonly Crowd[]][] = [
  ['terminate', withCode(0), all],
  ['process.exit', withCode(7), all],
  ['throw', withCode(1, onPurpose), [one, threeOfWorkers]],
  ['reject', withCode(1, onPurpose), [three, oneOfWorkers]],
  ['SIGINT', bySignal('SIGINT'), [three, oneOfWorkers]],
  ['SIGTERM', bySignal('SIGTERM'), [one, threeOfWorkers]],
  ['handled SIGINT', withCode(3), [one, threeOfWorkers]],
  ['end of an unreferenced main module', withCode(0), all],
  ['process.exit in a Worker', withCode(5), all],
  ['throw in a Worker', withCode(1, onPurpose), all],
  // The main thread runs a guest besides.
  ['SIGINT in a run', bySignal('SIGINT'), [none, oneOfWorkers]],
  ['SIGTERM in a run', bySignal('SIGTERM'), [none, oneOfWorkers]],
];

export const teardownCases: readonly TeardownCase[] = endings.flatMap(([deed, ending, crowds]) =>
  crowds.map((crowd) => ({ name: `${deed}: ${crowd.join(' ')}`, arguments: [deed, ...crowd], ...ending })),
);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From right before the deed until the process was gone. */
  readonly milliseconds: number;
}

/** Runs a case. One that hangs is killed, and so has the wrong signal. */
export function runTeardown({ arguments: given }: TeardownCase, watchdogMs: number): Promise<Ended> {
  const script = join(packageRoot(), 'test/helpers/scripts/teardown/end.mjs');
  const options = { timeout: watchdogMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    let endedAt = 0;
    const child = execFile(process.execPath, [script, ...given], options, (_, stdout, stderr) => {
      const { exitCode: code, signalCode: signal } = child;
      const [, from] = /^ending (\d+)\n$/.exec(stdout) ?? [];
      resolve({ code, signal, stderr, milliseconds: endedAt - Number(from) });
    });
    child.once('exit', () => {
      endedAt = Date.now();
    });
  });
}
