/** Builds and runs tools/stress/native/protocol.cc: the kick protocol without Node, in C++ under ThreadSanitizer. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';

/** The program without test hooks, as in the product, and the program with test hooks. */
export type ProtocolProgram = 'protocol' | 'protocol_hooks';

export interface ProtocolBuild {
  /** The folder of the native layer. A test can build a changed copy. */
  readonly sources?: string;
  /** The folder for the program. */
  readonly out?: string;
}

/** Builds a program if it is missing or stale. Returns its path. */
export async function buildProtocol(
  program: ProtocolProgram,
  { sources = join(packageRoot(), 'runtime/native'), out = join(packageRoot(), 'build') }: ProtocolBuild = {},
): Promise<string> {
  const path = join(out, program);
  const tools = join(packageRoot(), 'tools');
  const { status, stderr } = await execute('make', '-s', '-C', sources, `OUT=${out}`, `TOOLS=${tools}`, path);
  if (status !== 0) throw new Error(`make ${path} failed: ${stderr}`);
  return path;
}

export interface ProtocolOptions {
  /** The number of rounds of each check. With 20 rounds, all checks take some seconds. */
  readonly count: number;
  /** A kick that is not delivered within this many milliseconds counts as lost. */
  readonly patienceMs?: number;
  /** A step that is left out when kicks are placed in gaps. Only the program with hooks does that. */
  readonly without?: string;
}

export interface ProtocolResult {
  /** The failure of each check, or null. After a lost kick there are no further checks. */
  readonly checks: ReadonlyMap<string, string | null>;
  /** The reports of ThreadSanitizer. */
  readonly reports: string;
}

export async function runProtocol(
  program: string,
  { count, patienceMs = 5000, without = '' }: ProtocolOptions,
): Promise<ProtocolResult> {
  const options = [`count=${count}`, `patience=${patienceMs}`, `without=${without}`];
  let ended = await execute(program, ...options);
  // Some versions of ThreadSanitizer do not support how widely the kernel randomizes addresses, so randomization is turned off.
  if (ended.stderr.includes('unexpected memory mapping')) ended = await execute('setarch', '-R', program, ...options);
  const { status, stdout, stderr } = ended;
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { check: string; failure: string | null });
  const good = lines.every(({ failure }) => failure === null);
  // After a crash only the status shows the failure. ThreadSanitizer also ends with a status of its own, but it prints a report.
  if (good && status !== 0 && stderr === '') throw new Error(`${program}: exit status ${status}`);
  return { checks: new Map(lines.map(({ check, failure }) => [check, failure])), reports: stderr };
}

interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(command: string, ...rest: readonly string[]): Promise<Ended> {
  // A preloaded sanitizer does not work together with ThreadSanitizer.
  const { LD_PRELOAD: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(command, rest, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : (error.signal ?? error.code ?? error.message);
      resolve({ status, stdout, stderr });
    });
  });
}
