/**
 * The ways in which a process can end while guests run on its threads. Each ending takes place in a process of its own,
 * which runs `end.ts`.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { builtModule } from '../../../runtime/addon.js';
import type { Mechanism } from '../../../runtime/x86_64.js';

/** The guests of a process. */
export interface Crowd {
  readonly count: number;
  /** A guest that spins in user mode, a guest that spins in kernel mode, or a guest that has halted inside KVM_RUN. */
  readonly guest: 'user' | 'kernel' | 'halted';
  /** The thread of the vCPU: a `VcpuThread`, or a Worker that calls `run` itself. */
  readonly runner: 'VcpuThread' | 'Worker';
  /** The mechanism by which a kick gets the guest out of KVM_RUN. */
  readonly mechanism: Mechanism;
}

/** How the process must end: with an exit code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: RegExp;
}

const nothing = /^$/;
/** The text that Node prints for an uncaught error, and no other text. */
const onPurpose = /^\n?\S+:\d+\n.*\n +\^\n\s*Error: on purpose\n(?:(?: {4}at |Emitted ).*\n)+\nNode\.js v.*\n$/;

const withCode = (code: number, stderr: RegExp = nothing): Ending => ({ code, signal: null, stderr });
const bySignal = (signal: NodeJS.Signals): Ending => ({ code: null, signal, stderr: nothing });

/** The actions of `end.ts`. */
export type EndingAction =
  | 'terminate'
  | 'process.exit'
  | 'throw'
  | 'reject'
  | 'SIGINT'
  | 'SIGTERM'
  | 'handled SIGINT'
  | 'end of an unreferenced main module'
  | 'process.exit in a Worker'
  | 'throw in a Worker'
  | 'SIGINT in a run'
  | 'SIGTERM in a run';

/** The ending that must follow each action. */
export const endings: Readonly<Record<EndingAction, Ending>> = {
  terminate: withCode(0),
  'process.exit': withCode(7),
  throw: withCode(1, onPurpose),
  reject: withCode(1, onPurpose),
  SIGINT: bySignal('SIGINT'),
  SIGTERM: bySignal('SIGTERM'),
  'handled SIGINT': withCode(3),
  'end of an unreferenced main module': withCode(0),
  'process.exit in a Worker': withCode(5),
  'throw in a Worker': withCode(1, onPurpose),
  // The main thread runs a guest as well.
  'SIGINT in a run': bySignal('SIGINT'),
  'SIGTERM in a run': bySignal('SIGTERM'),
};

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** The time from directly before the action to the end of the process. NaN if the process did not reach the action. */
  readonly milliseconds: number;
}

/** Starts a process and has it end. A process that hangs is killed after `watchdogMs`, so it ends with the wrong signal. */
export function endProcess(
  action: EndingAction,
  { count, guest, runner, mechanism }: Crowd,
  watchdogMs: number,
): Promise<Ended> {
  const script = fileURLToPath(builtModule('tools/lib/teardown/end'));
  const options = { timeout: watchdogMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    let endedAt = 0n;
    const given = [script, action, String(count), guest, runner, mechanism];
    const child = execFile(process.execPath, given, options, (_, stdout, stderr) => {
      const { exitCode: code, signalCode: signal } = child;
      const [, from] = /^ending (\d+)\n$/.exec(stdout) ?? [];
      // All processes of the machine share this clock, so the times of two processes can be compared.
      const milliseconds = from === undefined ? Number.NaN : Number(endedAt - BigInt(from)) / 1e6;
      resolve({ code, signal, stderr, milliseconds });
    });
    child.once('exit', () => {
      endedAt = process.hrtime.bigint();
    });
  });
}
