// Sends this process a signal when a guest counts.

import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { GuestMemory } from '../../../../dist/runtime/index.js';
import { places } from '../../../../dist/tools/guests/index.js';

const counter = GuestMemory.attach(workerData.memory).dataView(places.data, 4);
while (counter.getUint32(0, true) === 0);
writeSync(1, `ending ${Date.now()}\n`);
process.kill(process.pid, workerData.signal);
