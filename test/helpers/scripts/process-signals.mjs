// Process signals during runs on the main thread. MECHANISM is the mechanism of the vCPU.

import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { GuestMemory } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { places, realMode } from '../../../dist/tools/guests/index.js';
import { outcomeOf, runOutcome } from '../../../dist/tools/lib/outcome.js';

const threadId = () => Number(readlinkSync('/proc/thread-self').split('/').at(-1));
/** Twice, because the first one can come before the event loop looks for signals. */
async function turn() {
  for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
}
const options = { timeout: 30_000, interruptOnProcessSignal: true };

async function main() {
  let calls = 0;
  process.on('SIGINT', () => calls++);
  const { vcpu, memory } = realMode.spin.load(Kvm.open().createVm(), { mechanism: process.env.MECHANISM });
  const counter = () => memory.dataView(places.data, 4).getUint32(0, true);
  const worker = new Worker(new URL(import.meta.url), { workerData: memory.share() });
  const [thread] = await once(worker, 'message');

  /** Runs while the Worker sends a signal to the main thread or to itself. */
  const runWithSignal = async (signal, to, runOptions) => {
    worker.postMessage({ signal, to, counter: counter() });
    const outcome = runOutcome(vcpu, runOptions);
    await turn();
    return `${outcome}, ${calls} calls`;
  };
  const before = () => {
    const at = counter();
    process.kill(process.pid, 'SIGINT');
    const outcomes = [runOutcome(vcpu, options), runOutcome(vcpu, options)];
    return [...outcomes, counter() === at];
  };

  const results = {
    toMain: await runWithSignal('SIGINT', process.pid, options),
    toWorker: await runWithSignal('SIGINT', thread, options),
    afterwards: runOutcome(vcpu, { ...options, timeout: 50 }),
    before: before(),
    turned: await turn().then(() => calls),
    withoutOption: await runWithSignal('SIGINT', process.pid, { timeout: 300 }),
    withoutListener: await runWithSignal('SIGWINCH', process.pid, { ...options, timeout: 300 }),
  };
  // A signal and a kick: the kick is delivered first.
  process.kill(process.pid, 'SIGINT');
  vcpu.kick();
  results.withKick = [runOutcome(vcpu, options), runOutcome(vcpu, options)];
  await turn();
  // Other events that wait for the event loop do not interrupt a run.
  setTimeout(() => {}, 0);
  worker.postMessage({ message: true, counter: counter() });
  results.otherEvents = runOutcome(vcpu, { ...options, timeout: 300 });
  results.inWorker = (await once(worker, 'message'))[0];
  results.wrongOption = outcomeOf(() => vcpu.run({ interruptOnProcessSignal: 'yes' }));
  console.log(JSON.stringify(results));
  process.exit();
}

function work() {
  const memory = GuestMemory.attach(workerData);
  const counter = memory.dataView(places.data, 4);
  parentPort.on('message', ({ signal, to, counter: at }) => {
    // The guest runs when it counts.
    while (counter.getUint32(0, true) === at);
    if (signal === undefined) parentPort.postMessage('a message');
    else process.kill(to, signal);
  });
  parentPort.postMessage(threadId());
}

if (isMainThread) await main();
else work();
