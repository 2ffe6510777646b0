// Creates VMs while signals arrive all the time. There are more signals than with a profiler. The kernel restarts the creation at
// each signal, so with too many signals it would never finish.

import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Kvm } from '../../../dist/runtime/x86_64.js';

/** The default kick signal. The runtime handles this signal after a vCPU was created. */
const signal = 63;

if (isMainThread) {
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  vm.createVcpu();
  const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { thread, done } });
  await once(worker, 'message');
  let created = 0;
  try {
    for (; created < 1000; created++) kvm.createVm().close();
  } finally {
    Atomics.store(done, 0, 1);
  }
  console.log(JSON.stringify({ created }));
} else {
  parentPort.postMessage('ready');
  while (Atomics.wait(workerData.done, 0, 0, Math.random() / 5) === 'timed-out') {
    process.kill(workerData.thread, signal);
  }
}
