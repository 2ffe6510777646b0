/** How long a process takes to end while guests spin, whatever ends it. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Result } from '../harness.js';
import { endings } from './endings.js';

const runs = 5;
const boundMs = 250;
const watchdogMs = 30_000;
const script = fileURLToPath(new URL('teardown-child.js', import.meta.url));

export async function benchTeardown(): Promise<Result[]> {
  const results: Result[] = [];
  for (const name of Object.keys(endings)) {
    const [one, four] = [await slowest(name, 1), await slowest(name, 4)];
    results.push({
      subject: `guests spin, the process ends: ${name}`,
      measured: Math.max(one, four),
      bound: boundMs,
      unit: 'ms',
      note: `slowest of ${runs}: ${one.toFixed(0)} ms with 1 guest, ${four.toFixed(0)} ms with 4`,
    });
  }
  return results;
}

async function slowest(name: string, guests: number): Promise<number> {
  let most = 0;
  for (let run = 0; run < runs; run++) most = Math.max(most, await millisecondsToEnd(name, guests));
  return most;
}

/** From just before the deed to the end of the process. */
async function millisecondsToEnd(name: string, guests: number): Promise<number> {
  const child = spawn(process.execPath, [script, name, String(guests)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: watchdogMs,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  let ended = 0n;
  let status: unknown;
  child.once('exit', (code, signal) => {
    ended = process.hrtime.bigint();
    status = signal ?? code;
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (status !== endings[name]?.status || said.stdout === '') {
    throw new Error(`${name}, with ${guests} guests: the process ended with ${status}\n${said.stderr}`);
  }
  // The clock is the machine's, so the child's time is ours.
  return Number(ended - BigInt(said.stdout.trim())) / 1e6;
}
