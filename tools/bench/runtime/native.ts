/** Builds tools/bench/native, and starts its C loops as a process that reads commands. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../runtime/addon.js';

const built = join(packageRoot(), 'build', 'bench');

export function buildNative(): void {
  const sources = join(packageRoot(), 'tools', 'bench', 'native');
  const { status, stderr, error } = spawnSync('make', ['-s', '-C', sources], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`make -C ${sources} failed: ${stderr || error?.message}`);
}

interface Answer {
  readonly figure: number;
  readonly sum: string;
}

export interface Loop extends Disposable {
  readonly pid: number;
  /** loop.c describes the commands. */
  order(what: 'exits' | 'served' | 'calls' | 'kicks', ...numbers: number[]): Promise<Answer>;
}

export function startLoop(): Loop {
  const child: ChildProcessWithoutNullStreams = spawn(join(built, 'loop'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid as number,
    async order(what, ...numbers) {
      child.stdin.write(`${what} ${numbers.join(' ')}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the C loop ended before it answered '${what}'`);
      const [figure, sum] = value.split(' ');
      return { figure: Number(figure), sum: sum ?? '' };
    },
    [Symbol.dispose]: () => void child.stdin.end(),
  };
}

/** A vCPU that writes to the port for ever. A ThreadSafeFunction hands over its exits. */
export interface ByThreadSafeFunction {
  /** The vCPU's `struct kvm_run`. */
  shared(): ArrayBuffer;
  /** Runs the vCPU on a thread of its own until it has made this many exits. At each exit the thread waits for `serve`. */
  run(count: number, serve: () => void): void;
}

export function byThreadSafeFunction(): ByThreadSafeFunction {
  return createRequire(import.meta.url)(join(built, 'thread-safe-function.node')) as ByThreadSafeFunction;
}
