/** Runs the command line in a pseudo-terminal. The program `script` of util-linux makes the terminal. */

import { spawnSync } from 'node:child_process';
import { bin, plainEnv } from './cli.js';

export const hasScript: boolean = spawnSync('script', ['--version']).status === 0;

export interface TerminalRun {
  readonly status: number | null;
  /** What the terminal shows, with the escape sequences of colours. Lines end with a line feed. */
  readonly output: string;
}

interface TerminalOptions {
  readonly folder: string;
  readonly columns: number;
  /** What the user types. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command in a terminal with a number of columns. */
export function inTerminal(args: readonly string[], options: TerminalOptions): TerminalRun {
  const { folder, columns, input = '', env = {} } = options;
  const quoted = [process.execPath, bin, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const command = `stty cols ${columns} -echo; ${quoted}`;
  const { NO_COLOR, ...plain } = plainEnv();
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { ...plain, TERM: 'xterm', ...env },
    encoding: 'utf8',
    input,
    timeout: 120_000,
  });
  return { status, output: stdout.replaceAll('\r\n', '\n') };
}
