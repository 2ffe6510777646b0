/** Runs other programs to their end. */

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

export interface Finished {
  /** The exit status, or the name of the signal that ended the program. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** The standard input of the program. Empty by default. */
  readonly input?: string;
}

/** The output of a header with thousands of wrong items fits into this limit. */
const MAX_OUTPUT = 2 ** 28;

/**
 * Runs a program in the C locale and returns its result, even after a failure. Rejects with the system's error if the
 * program cannot be started.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, input = '' }: ProgramOptions = {},
): Promise<Finished> {
  // A relative path refers to the current folder, not to the folder in which the program runs.
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
    // A program that reads no input can end before the input is written.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
