// Kicks a Worker out of a guest that spins, in a process whose signals the test has prepared.

import { Worker } from 'node:worker_threads';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { places, userMode } from '../../../dist/tools/guests/index.js';

const vm = Kvm.open().createVm();
const { MECHANISM: mechanism, WITH_TIMEOUT } = process.env;
const { vcpu, memory } = userMode.spin.load(vm, { mechanism });
const counter = memory.dataView(places.data, 4);
const counts = () => counter.getUint32(0, true);

const answers = {};
if (WITH_TIMEOUT) {
  try {
    vcpu.run({ timeout: 1 });
  } catch (error) {
    answers.timeout = `${error.name}: ${error.message}`;
  }
}

const worker = new Worker(new URL('../vcpu-worker.mjs', import.meta.url));
worker.once('message', ({ value, error }) => {
  console.log(JSON.stringify({ outcomes: value ?? error, ...answers }));
  worker.terminate();
});
worker.postMessage({ number: 1, job: 'run', argument: { vcpu: vcpu.share() } });

const before = counts();
const enough = before + 10_000_000;
const waiting = setInterval(() => {
  if (counts() < enough) return;
  clearInterval(waiting);
  vcpu.kick();
}, 1);
