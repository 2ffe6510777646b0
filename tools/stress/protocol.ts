/**
 * The kick protocol by itself, in C++ under ThreadSanitizer: tools/stress/native/protocol.cc, which tells each of its
 * checks on a line.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';

/** The program with the protocol as it is in the product, and with the test hooks. */
export type ProtocolProgram = 'protocol' | 'protocol_hooks';

export interface ProtocolBuild {
  /** Where the native layer is, should it be a changed copy, and where the program goes. */
  readonly sources?: string;
  readonly out?: string;
}

/** Builds a program where it is missing or old, and gives its path. */
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
  /** What has not come after so many milliseconds is lost. */
  readonly patienceMs?: number;
  /** A step that is left out where kicks are placed in gaps, which the program with hooks does. */
  readonly without?: string;
}

export interface ProtocolResult {
  /** What failed in each check; null where nothing did. Where something is lost, the check is the last one. */
  readonly checks: ReadonlyMap<string, string | null>;
  /** What ThreadSanitizer reports. */
  readonly reports: string;
}

export async function runProtocol(
  program: string,
  { count, patienceMs = 5000, without = '' }: ProtocolOptions,
): Promise<ProtocolResult> {
  const options = [`count=${count}`, `patience=${patienceMs}`, `without=${without}`];
  let ended = await execute(program, ...options);
  // Where the kernel spreads addresses more widely than this ThreadSanitizer can bear.
  if (ended.stderr.includes('unexpected memory mapping')) ended = await execute('setarch', '-R', program, ...options);
  const { status, stdout, stderr } = ended;
  const told = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { check: string; failure: string | null });
  const good = told.every(({ failure }) => failure === null);
  // Of a crash there is no other trace. ThreadSanitizer has a status of its own, and explains it.
  if (good && status !== 0 && stderr === '') throw new Error(`${program} ended with ${status}`);
  return { checks: new Map(told.map(({ check, failure }) => [check, failure])), reports: stderr };
}

interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(command: string, ...rest: readonly string[]): Promise<Ended> {
  // Another sanitizer may be preloaded, which does not get on with this one.
  const { LD_PRELOAD: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(command, rest, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : (error.signal ?? error.code ?? error.message);
      resolve({ status, stdout, stderr });
    });
  });
}
