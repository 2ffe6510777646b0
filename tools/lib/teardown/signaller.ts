/** A Worker that sends a signal to its own process as soon as a guest counts. */

import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { GuestMemory, type GuestMemoryHandle } from '../../../runtime/index.js';
import { places } from '../../guests/index.js';

export interface SignallerInput {
  readonly memory: GuestMemoryHandle;
  readonly signal: NodeJS.Signals;
}

/** Prints the time directly before the process ends. */
export function announce(): void {
  writeSync(1, `ending ${process.hrtime.bigint()}\n`);
}

if (!isMainThread) {
  const { memory, signal } = workerData as SignallerInput;
  const counter = GuestMemory.attach(memory).dataView(places.data, 4);
  while (counter.getUint32(0, true) === 0);
  announce();
  process.kill(process.pid, signal);
}
