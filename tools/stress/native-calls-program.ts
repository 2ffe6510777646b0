/** A process that makes random calls of the native layer from two isolates at once, and prints what they did. */

import { fstatSync, openSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addon, builtModule } from '../../runtime/addon.js';
import { type CallCounts, makeCalls } from './native-calls.js';

/** The arguments of the process, as JSON. */
export interface NativeCallsInput {
  readonly seed: number;
  /** The number of calls of both isolates together. */
  readonly count: number;
  /** The file that gets a line for each call. */
  readonly log: string;
}

interface IsolateInput extends NativeCallsInput {
  readonly ids: Float64Array;
  readonly running: Float64Array;
  readonly name: 'main' | 'worker';
}

/** The input of the thread that kicks the vCPUs that run. */
interface KickerInput {
  readonly running: readonly Float64Array[];
}

function callsOf({ seed, count, log, ids, running, name }: IsolateInput): Promise<CallCounts> {
  const file = openSync(log, 'a');
  const trace = (call: string): void => {
    writeSync(file, `${name} ${call}\n`);
  };
  return makeCalls({ seed, count: Math.ceil(count / 2), ids, running, trace });
}

const kickEveryMs = 20;

function kickRunning({ running }: KickerInput): void {
  setInterval(() => {
    for (const [id = 0] of running) if (id !== 0) addon().kick(id);
  }, kickEveryMs);
}

const sharedNumbers = (count: number): Float64Array =>
  new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT));

function start(input: IsolateInput | KickerInput): Worker {
  return new Worker(builtModule('tools/stress/native-calls-program'), { workerData: input });
}

async function main(input: NativeCallsInput): Promise<void> {
  const ids = sharedNumbers(16);
  const running = [sharedNumbers(1), sharedNumbers(1)] as const;
  const standard = [0, 1, 2].map((fd) => fstatSync(fd).ino);
  start({ running });
  const worker = start({ ...input, seed: input.seed + 1, ids, running: running[1], name: 'worker' });
  const inWorker = new Promise<CallCounts>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const counts = await Promise.all([callsOf({ ...input, ids, running: running[0], name: 'main' }), inWorker]);
  // The Worker ends with open handles, and so does the process.
  await worker.terminate();
  const kept = [0, 1, 2].map((fd) => fstatSync(fd).ino);
  if (kept.join() !== standard.join()) throw new Error('a call has closed a file of Node');
  console.log(JSON.stringify(counts));
  process.exit();
}

if (isMainThread) await main(JSON.parse(process.argv[2] ?? '') as NativeCallsInput);
else if ('ids' in workerData) parentPort?.postMessage(await callsOf(workerData as IsolateInput));
else kickRunning(workerData as KickerInput);
