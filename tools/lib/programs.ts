/** Other programs, run in the C locale while this one waits. generator/verify/program.ts does not wait. */

import { spawnSync } from 'node:child_process';
import type { ProgramOptions } from '../../generator/verify/program.js';

export interface Ended {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Present where it could not be started. */
  readonly error?: Error;
}

/** Runs a program, whatever comes of it. */
export function call(command: string, args: readonly string[], { cwd, input = '' }: ProgramOptions = {}): Ended {
  const env = { ...process.env, LC_ALL: 'C' };
  const options = { env, input, encoding: 'utf8', maxBuffer: 2 ** 30 } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(
    command,
    args,
    cwd === undefined ? options : { ...options, cwd },
  );
  return { status, signal, stdout, stderr, ...(error ? { error } : {}) };
}

/** Runs a program and gives what it wrote. @throws when it could not be started, or ended with another status than 0. */
export function run(command: string, args: readonly string[], options: ProgramOptions = {}): string {
  const { error, status, signal, stdout, stderr } = call(command, args, options);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${signal ?? `status ${status}`}\n${stderr}`);
  return stdout;
}
