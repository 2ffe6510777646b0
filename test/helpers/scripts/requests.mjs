// The main thread sends a request to a Worker that is in a run. Afterwards it kicks the vCPU. REQUEST is the name of the
// request. SIGNALS is the number of stray signals that the Worker gets before the request.

import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addon } from '../../../dist/runtime/addon.js';
import { kick } from '../../../dist/runtime/index.js';
import { Kvm, Vcpu } from '../../../dist/runtime/x86_64.js';
import { places, realMode } from '../../../dist/tools/guests/index.js';
import { outcomeOf } from '../../../dist/tools/lib/outcome.js';
import { until } from '../../../dist/tools/lib/timeouts.js';

/** A connection of the debugger to a Worker. */
class Connection {
  #session = new Session();
  #number = 0;
  #waiting = new Map();

  async open() {
    this.#session.connect();
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, method, result, params: event } = JSON.parse(params.message);
      this.#waiting.get(id ?? method)?.(result ?? event);
    });
    const attached = once(this.#session, 'NodeWorker.attachedToWorker');
    await this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    this.id = (await attached)[0].params.sessionId;
  }

  event = (name) => new Promise((resolve) => this.#waiting.set(name, resolve));

  post(method, params = {}) {
    const id = ++this.#number;
    const message = JSON.stringify({ id, method, params });
    const answer = this.event(id);
    return this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.id, message }).then(() => answer);
  }

  async evaluate(expression) {
    return (await this.post('Runtime.evaluate', { expression })).result.value;
  }
}

const requests = {
  report: () => process.report.getReport().workers.length,

  async snapshot(worker) {
    let text = '';
    for await (const part of (await worker.getHeapSnapshot()).setEncoding('utf8')) text += part;
    return Object.keys(JSON.parse(text)).includes('snapshot');
  },

  async profile() {
    const connection = new Connection();
    await connection.open();
    await connection.post('Profiler.enable');
    await connection.post('Profiler.start');
    const { profile } = await connection.post('Profiler.stop');
    return profile.nodes.length > 0;
  },

  async evaluation() {
    const connection = new Connection();
    await connection.open();
    return connection.evaluate('6 * 7');
  },

  pause: () => actWhilePaused(['runOther', 'run', 'completeExit', 'getRegs', 'close']),

  // The last reference to the vCPU is released while the vCPU is in a run.
  release: () => actWhilePaused(['release']),
};

/** The debugger pauses the Worker, and the Worker does the actions. */
async function actWhilePaused(names) {
  const connection = new Connection();
  await connection.open();
  await connection.post('Debugger.enable');
  const paused = connection.event('Debugger.paused');
  await connection.post('Debugger.pause');
  await paused;
  const results = {};
  for (const name of names) results[name] = await connection.evaluate(`actions.${name}()`);
  await connection.post('Debugger.resume');
  return results;
}

async function main() {
  const kvm = Kvm.open();
  const [spinning, other] = [realMode.spin, realMode.halt].map((guest) => guest.load(kvm.createVm()));
  const counter = () => spinning.memory.dataView(places.data, 4).getUint32(0, true);
  const handles = { vcpu: spinning.vcpu.share(), other: other.vcpu.share() };
  const worker = new Worker(new URL(import.meta.url), { workerData: handles });
  const [thread] = await once(worker, 'message');
  // The Worker has the only reference to the vCPU.
  spinning.vcpu.close();
  worker.postMessage('run');
  const outcome = once(worker, 'message');
  await until(() => counter() !== 0, 'the guest runs');
  const { REQUEST, SIGNALS = '0' } = process.env;
  for (let signals = 0; signals < Number(SIGNALS); signals++) process.kill(thread, 63);
  const answer = await requests[REQUEST](worker);
  const before = counter();
  await until(() => counter() !== before, 'the guest runs again');
  kick(handles.vcpu);
  console.log(JSON.stringify({ answer, outcome: (await outcome)[0] }));
  process.exit();
}

async function work() {
  const [vcpu, other] = [workerData.vcpu, workerData.other].map((handle) => Vcpu.attach(handle));
  // The references of the addon, which the classes do not give away.
  const record = addon().vcpuFind(workerData.vcpu.id);
  globalThis.actions = {
    run: () => outcomeOf(() => vcpu.run()),
    runOther: () => outcomeOf(() => other.run()),
    completeExit: () => outcomeOf(() => vcpu.completeExit(() => {})),
    getRegs: () => outcomeOf(() => vcpu.getRegs()),
    close: () => outcomeOf(() => vcpu.close()),
    release: () => outcomeOf(() => addon().vcpuRelease(record, false)),
  };
  parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
  await once(parentPort, 'message');
  if (process.env.REQUEST === 'release') vcpu.close();
  // 1 is the kick.
  parentPort.postMessage(addon().vcpuRun(record));
}

if (isMainThread) await main();
else await work();
