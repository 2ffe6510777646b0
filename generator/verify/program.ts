/** Other programs, run to their end. */

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

export interface Finished {
  /** What it ended with: its status, or the signal. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** What the program reads; nothing without it. */
  readonly input?: string;
}

/** A header with thousands of wrong items still fits. */
const MAX_OUTPUT = 2 ** 28;

/** Runs a program in the C locale, whatever comes of it. Rejects with the system's error when it cannot be started. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, input = '' }: ProgramOptions = {},
): Promise<Finished> {
  // A path is relative to here, not to the folder that the program runs in.
  const program = command.includes('/') ? resolve(command) : command;
  const env = { ...process.env, LC_ALL: 'C' };
  return new Promise((finish, fail) => {
    const child = execFile(
      program,
      args,
      { ...(cwd === undefined ? {} : { cwd }), env, maxBuffer: MAX_OUTPUT },
      (error, stdout, stderr) => {
        if (error === null) finish({ status: 0, stdout, stderr });
        else if (typeof error.code === 'number') finish({ status: error.code, stdout, stderr });
        else if (error.signal) finish({ status: error.signal, stdout, stderr });
        else fail(error);
      },
    );
    // A program that reads nothing may be gone before it is written to.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
