// The Worker of shared-rings.test.ts: it consumes the rings of the other thread.

import { parentPort, workerData } from 'node:worker_threads';
import { CoalescedMmioRing, DirtyRing } from '../../dist/runtime/x86_64.js';

const { job, ring: handle, words, log } = workerData;

const jobs = {
  /** Drains until word 0 is set. Some writes take long, so that the other Worker drains meanwhile. Word 1 is the number of writes that were served, and `log` has them in their order. */
  drain() {
    const ring = CoalescedMmioRing.attach(handle);
    parentPort.postMessage('ready');
    while (Atomics.load(words, 0) === 0) {
      ring.drain(({ phys_addr }) => {
        if (phys_addr % 1000n === 1n) Atomics.wait(words, 2, 0, 20);
        log[Atomics.load(words, 1)] = Number(phys_addr);
        Atomics.add(words, 1, 1);
      });
    }
  },

  /** Begins to serve a write, and never ends. */
  hang() {
    CoalescedMmioRing.attach(handle).drain(() => {
      parentPort.postMessage('ready');
      for (;;);
    });
  },

  harvest() {
    const ring = DirtyRing.attach(handle);
    parentPort.on('message', () => parentPort.postMessage(ring.harvest()));
    parentPort.postMessage('ready');
  },
};

jobs[job]();
