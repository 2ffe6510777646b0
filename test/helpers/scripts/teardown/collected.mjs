// Drops and collects everything here while a Worker, of the kind that RUNNER names, runs the vCPU.

import { once } from 'node:events';
import { openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { kick, VcpuThread } from '../../../../dist/runtime/index.js';
import { Kvm } from '../../../../dist/runtime/x86_64.js';
import { places, userMode } from '../../../../dist/tools/guests/index.js';
import { census, collectUntil } from '../../../../tools/lib/process-resources.mjs';

const data = { action: 'stop' };
const builtModule = (name) => new URL(`../../../../dist/tools/lib/teardown/${name}.js`, import.meta.url);
const runners = {
  async VcpuThread(vcpu) {
    const { finished } = VcpuThread.start(vcpu, builtModule('program'), { data });
    // The Worker has not started yet: only the thread object keeps the vCPU open.
    return () => finished;
  },
  async Worker(vcpu, at) {
    const workerData = { vcpu: vcpu.share(), ...data };
    const worker = new Worker(builtModule('worker'), { workerData });
    const exit = once(worker, 'exit');
    // After this the Worker has a handle of its own.
    await untilCounting(at);
    return () => exit;
  },
};

/** The guest's counter, without an object that would keep the memory. */
const memoryOfProcess = openSync('/proc/self/mem', 'r');
function counterAt(at) {
  const bytes = Buffer.alloc(4);
  readSync(memoryOfProcess, bytes, 0, bytes.length, at);
  return bytes.readUInt32LE();
}

async function untilCounting(at) {
  const before = counterAt(at);
  while (counterAt(at) === before) await setTimeout(1);
}

let dropped = 0;
let collected = 0;
const registry = new FinalizationRegistry(() => {
  collected++;
});
function drop(object) {
  dropped++;
  registry.register(object);
}

/** A function of its own, so that no reference is left on the stack. */
async function start() {
  const vm = Kvm.open().createVm();
  const { vcpu, memory } = userMode.spin.load(vm);
  const at = memory.address + BigInt(places.data);
  for (const each of [vm, vcpu, memory]) drop(each);
  const end = await runners[process.env.RUNNER](vcpu, at);
  return { at, end, shared: vcpu.share() };
}

const before = census().files;
const { at, end, shared } = await start();
await collectUntil(() => collected === dropped);
// The guest goes on while the garbage collector runs.
for (let round = 0; round < 3; round++) {
  globalThis.gc();
  await untilCounting(at);
}
const running = census().files;
kick(shared);
await end();
await collectUntil(() => census().files['kvm-vcpu'] === before['kvm-vcpu']);
console.log(JSON.stringify({ dropped, collected, before, running, after: census().files }));
