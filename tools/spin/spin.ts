/** Runs the model checker Spin: it writes a verifier in C, which GCC compiles. The verifier tries all interleavings. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mechanism } from '../../runtime/x86_64.js';
import { call } from '../lib/programs.js';
import { assertionAt } from './protocol-model.js';

/** The bounds of the model. The model has a default for each. */
type Bound =
  | 'THREADS'
  | 'RUNS'
  | 'KICKERS'
  | 'KICKS'
  | 'ABORTS'
  | 'PAUSES'
  | 'TIMEOUTS'
  | 'TICKS'
  | 'STRAYS'
  | 'EXITS'
  | 'EAGAINS'
  | 'COMPLETES'
  | 'CLOSES'
  | 'FLAGS'
  | 'IDLE';
export type Bounds = Readonly<Partial<Record<Bound, number>>>;

/** What the verifier searches: a state that violates an assertion or in which nothing can happen, or a cycle without progress. */
export type Search = 'states' | 'cycles';

export interface Question {
  readonly model: string;
  readonly mechanism: Mechanism;
  readonly bounds: Bounds;
  readonly search: Search;
  /** Whether the search is so long that the compiler must optimize. */
  readonly isLong?: boolean;
}

export interface Verdict {
  /** The violated property: the name of an assertion, `lost` for an invalid end state, or `progress` for a cycle. */
  readonly violated?: string;
  /** The number of different states that the verifier has visited. */
  readonly states: number;
  /** The steps that lead to the violation, as Spin prints them. */
  readonly trail?: string;
}

/** A search that does not end after this time fails. On a quiet machine the longest one takes a minute. */
const watchdogMs = 1_200_000;
const megabytes = 6000;
const deepest = 100_000;

/** Returns why the checker cannot run on this machine, or undefined. */
export function missingProgram(): string | undefined {
  if (call('spin', ['-V']).error) return "there is no 'spin'";
  return call('gcc', ['--version']).error ? "there is no 'gcc'" : undefined;
}

/** Answers a question. @throws Error when the search is not complete, for example because the memory does not suffice. */
export async function ask({ model, mechanism, bounds, search, isLong = false }: Question): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-spin-'));
  try {
    writeFileSync(join(folder, 'kick.pml'), model);
    const defines = [
      `-DMASK=${mechanism === 'signal_mask' ? 1 : 0}`,
      ...Object.entries(bounds).map(([name, value]) => `-D${name}=${value}`),
    ];
    await execute(folder, 'spin', ...defines, '-a', 'kick.pml');
    const kind = search === 'cycles' ? '-DNP' : '-DSAFETY';
    // The verifier is C of Spin. Its warnings are not ours.
    const speed = isLong ? '-O2' : '-O0';
    await execute(folder, 'gcc', '-w', speed, kind, `-DMEMLIM=${megabytes}`, '-o', 'pan', 'pan.c');
    const options = [`-m${deepest}`, isLong ? '-w24' : '-w18', ...(search === 'cycles' ? ['-l'] : [])];
    const output = await execute(folder, './pan', ...options);
    const states = Number(/^ *(\d+) states, stored/m.exec(output)?.[1]);
    const message = /^pan:1: (.*?) \(at depth \d+\)/m.exec(output)?.[1];
    if (message === undefined) {
      const isComplete = /errors: 0$/m.test(output) && !/Search not completed|error:|out of memory/.test(output);
      if (!isComplete) throw new Error(`the search is not complete:\n${output}`);
      return { states };
    }
    const replay = await execute(folder, 'spin', ...defines, '-t', '-p', 'kick.pml');
    return { violated: nameOf(message, replay, readFileSync(join(folder, 'kick.pml'), 'utf8')), states, trail: replay };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function nameOf(message: string, replay: string, model: string): string {
  if (message === 'invalid end state') return 'lost';
  if (message === 'non-progress cycle') return 'progress';
  const line = /^spin: kick\.pml:(\d+), Error: assertion violated/m.exec(replay)?.[1];
  if (!message.startsWith('assertion violated') || line === undefined) throw new Error(`${message}\n${replay}`);
  return assertionAt(model, Number(line));
}

async function execute(folder: string, command: string, ...rest: readonly string[]): Promise<string> {
  // A preloaded sanitizer slows the verifier down.
  const { LD_PRELOAD: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { ...env, LC_ALL: 'C' }, maxBuffer: 2 ** 28, timeout: watchdogMs };
    execFile(command, rest, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${rest.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}
