/** One process that runs the built command line for all tests of a file. */

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Request {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

const program = fileURLToPath(new URL('scripts/command-line.mjs', import.meta.url));
/** In milliseconds. */
const longest = 300_000;

/** The descriptors of the two pipes to the process. */
interface Pipes {
  readonly requests: number;
  readonly results: number;
}

let pipes: Pipes | undefined;

/** Starts the process. It ends when this process ends, because nothing else writes to its pipe. */
function start(): Pipes {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-pipes-'));
  const [requests, results] = [join(folder, 'requests'), join(folder, 'results')];
  const made = spawnSync('mkfifo', [requests, results], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mkfifo: ${made.error?.message ?? made.stderr}`);
  // A pipe opens for reading without waiting, and then for writing, because it has a reader.
  const reader = openSync(requests, constants.O_RDONLY | constants.O_NONBLOCK);
  const ours = {
    requests: openSync(requests, 'w'),
    results: openSync(results, constants.O_RDONLY | constants.O_NONBLOCK),
  };
  const theirs = { requests: openSync(requests, 'r'), results: openSync(results, 'w') };
  // Vitest sets FORCE_COLOR. With NO_COLOR too, Node prints a warning, which would be in the output of a command.
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, [program], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', theirs.requests, theirs.results],
  });
  child.unref();
  for (const each of [reader, theirs.requests, theirs.results]) closeSync(each);
  return ours;
}

/** Runs the command line with arguments in a folder. It has this environment and no terminal. */
export function runCommandLine(request: Request): Run {
  pipes ??= start();
  writeAll(pipes.requests, Buffer.from(`${JSON.stringify(request)}\n`));
  const result = readLine(pipes.results, request.args);
  return JSON.parse(result) as Run;
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

const buffer = Buffer.alloc(2 ** 20);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function readLine(descriptor: number, args: readonly string[]): string {
  const parts: Buffer[] = [];
  const end = performance.now() + longest;
  while (!parts.at(-1)?.includes('\n')) {
    const count = readNow(descriptor);
    if (count === 0) throw new Error(`the process of the command line ended in kvm-uapi ${args.join(' ')}`);
    if (count !== undefined) parts.push(Buffer.from(buffer.subarray(0, count)));
    else if (performance.now() > end) throw new Error(`kvm-uapi ${args.join(' ')}: no result after ${longest} ms`);
    else Atomics.wait(sleeper, 0, 0, 1);
  }
  return Buffer.concat(parts).toString();
}

/** Returns the number of bytes read into the buffer. Undefined if there are none yet, and 0 if the process has ended. */
function readNow(descriptor: number): number | undefined {
  try {
    return readSync(descriptor, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
