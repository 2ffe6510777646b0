/** `teardown-child ENDING GUESTS`: has guests spin, prints the time of the machine's clock, and does what ends it. */

import { writeSync } from 'node:fs';
import { places } from '../../guests/index.js';
import { endings } from './endings.js';
import { Spinners } from './spinners.js';

const [name = '', guests] = process.argv.slice(2);
const ending = endings[name];
if (!ending) throw new Error(`${name}: no such ending`);
const { machines, threads } = new Spinners(Number(guests));
const counters = machines.map(({ memory }) => memory.dataView(places.data, Uint32Array.BYTES_PER_ELEMENT));

/** Not in a promise: what a deed throws is to be an uncaught error. */
function endOnceAllSpin(): void {
  if (counters.some((counter) => counter.getUint32(0) === 0)) {
    setTimeout(endOnceAllSpin, 1);
    return;
  }
  writeSync(1, `${process.hrtime.bigint()}\n`);
  ending?.deed(threads);
}

endOnceAllSpin();
