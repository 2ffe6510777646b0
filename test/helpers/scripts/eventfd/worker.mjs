// A Worker that waits for an eventfd in one of the ways, or that signals an eventfd of another thread.

import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { EventFd } from '../../../../dist/runtime/index.js';

const { way, fd } = workerData;

async function iterate(event) {
  for await (const _ of event);
}

const ways = {
  read: (event) => event.read(),
  counts: iterate,
  watch: (event) => event.watch(() => {}),
  // This Worker is never idle: the counter is 0 again when each read begins.
  busy: (event) => {
    const again = () => {
      event.signal();
      event.read().then(again);
    };
    again();
  },
  readSync: (event) => event.readSync(),
};

parentPort.postMessage('ready');
if (way === 'signal') writeSync(fd, new Uint8Array(BigUint64Array.of(5n).buffer));
else await ways[way](EventFd.create());
