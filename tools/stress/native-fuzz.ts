/** Random calls of the native layer in a process of its own, which is watched. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModule } from '../../runtime/addon.js';
import { chosenRuns } from '../lib/random-runs.js';
import type { CallCounts } from './native-calls.js';
import type { NativeCallsInput } from './native-calls-program.js';

/** A process whose log does not grow for so long hangs. */
const hangsAfterMs = 60_000;
const lastCalls = 6;

/**
 * Makes this many random calls, in a process with this environment. Returns what the calls of each isolate did.
 *
 * @throws Error with the seed and the last calls when the process crashes, hangs, or finds a call that does what it may not.
 */
export async function fuzzNative(count: number, env: NodeJS.ProcessEnv = process.env): Promise<readonly CallCounts[]> {
  const { seed, numRuns } = chosenRuns(count);
  const log = join(tmpdir(), `kvm-uapi-native-calls-${process.pid}-${seed}`);
  const input: NativeCallsInput = { seed, count: numRuns, log };
  const program = fileURLToPath(builtModule('tools/stress/native-calls-program'));
  const child = spawn(process.execPath, ['--no-warnings', program, JSON.stringify(input)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => {
    output += String(text);
  });
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  let hangs = false;
  let [size, since] = [-1, Date.now()];
  const watch = setInterval(() => {
    const now = existsSync(log) ? readFileSync(log).length : 0;
    if (now !== size) [size, since] = [now, Date.now()];
    else if (Date.now() - since > hangsAfterMs) {
      hangs = true;
      child.kill('SIGKILL');
    }
  }, 1000);
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  clearInterval(watch);
  const calls = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  rmSync(log, { force: true });
  if (ended === '0') return JSON.parse(output) as CallCounts[];
  const how = hangs ? `made no call for ${hangsAfterMs} ms` : `ended with ${ended}`;
  const shown = calls.slice(-lastCalls).join('\n');
  throw new Error(`FC_SEED=${seed}: the process ${how} after ${calls.length} calls:\n${shown}\n${errors}`);
}
