/**
 * Runs other programs in the C locale and waits for them. generator/verify/program.ts runs programs without blocking.
 */

import { spawnSync } from 'node:child_process';
import type { ProgramOptions } from '../../generator/verify/program.js';

export interface Ended {
  /** Null if a signal ended the program. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Present if the program cannot be started. */
  readonly error?: Error;
}

/** Runs a program and returns its result, even after a failure. */
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

/** Runs a program and returns its output. @throws if it cannot be started, or if its exit status is not 0. */
export function run(command: string, args: readonly string[], options: ProgramOptions = {}): string {
  const { error, status, signal, stdout, stderr } = call(command, args, options);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${signal ?? `status ${status}`}\n${stderr}`);
  return stdout;
}
