/** Builds and runs tools/stress/native/protocol.cc: the kick protocol without Node, in C++ under ThreadSanitizer. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';

/** The program with the protocol as it is in the product, and with the test hooks. */
export type ProtocolProgram = 'protocol' | 'protocol_hooks';

export interface ProtocolBuild {
  /** The folder of the native layer, if it is a changed copy, and the folder for the program. */
  readonly sources?: string;
  readonly out?: string;
}

/** Builds a program if it is missing or old. Returns its path. */
export async function buildProtocol(
  program: ProtocolProgram,
  { sources = join(packageRoot(), 'runtime/native'), out = join(packageRoot(), 'build') }: ProtocolBuild = {},
): Promise<string> {
  const path = join(out, program);
  const tools = join(packageRoot(), 'tools');
  const { status, stderr } = await execute('make', '-s', '-C', sources, `OUT=${out}`, `TOOLS=${tools}`, path);
  if (status !== 0) throw new Error(`the test of the protocol cannot be built: ${stderr}`);
  return path;
}

export interface ProtocolOptions {
  /** How often each check does what it does: with 20 all of them take some seconds. */
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
  // This ThreadSanitizer does not support how widely the kernel randomizes addresses, so randomization is turned off.
  if (ended.stderr.includes('unexpected memory mapping')) ended = await execute('setarch', '-R', program, ...options);
  const { status, stdout, stderr } = ended;
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { check: string; failure: string | null });
  const good = lines.every(({ failure }) => failure === null);
  // After a crash the status is the only trace. ThreadSanitizer also has a status of its own, and prints why.
  if (good && status !== 0 && stderr === '') throw new Error(`${program} ended with ${status}`);
  return { checks: new Map(lines.map(({ check, failure }) => [check, failure])), reports: stderr };
}

interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(command: string, ...rest: readonly string[]): Promise<Ended> {
  // Another sanitizer may be preloaded, which does not work together with this one.
  const { LD_PRELOAD: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(command, rest, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : (error.signal ?? error.code ?? error.message);
      resolve({ status, stdout, stderr });
    });
  });
}
