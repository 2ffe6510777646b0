/**
 * Counts the work of the generator for headers of several sizes: how often each block of its code runs. The number does not depend
 * on the machine. The arguments are the subject of the growth and the sizes. The program prints the counts as JSON.
 */

import { Session } from 'node:inspector';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
// V8 counts the blocks of code that it compiles after the start. So the generator is loaded here.
const { generating, growths } = await import('./growing-headers.js');

const [subject, ...sizes] = process.argv.slice(2);
const growth = growths.find((each) => each.subject === subject);
if (growth === undefined) throw new Error(`no growth has the subject '${subject}'`);
// The first run fills the tables that all runs share.
generating(growth.headers(Number(sizes[0])))();
const counts = sizes.map((size) => {
  const generate = generating(growth.headers(Number(size)));
  executedBlocks();
  generate();
  return executedBlocks();
});
console.log(JSON.stringify(counts));

/** The number of executed blocks of the generator since the last call. */
function executedBlocks(): number {
  let sum = 0;
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error;
    const scripts = coverage.result.filter(({ url }) => url.includes('/generator/'));
    for (const { functions } of scripts) {
      for (const { ranges } of functions) for (const { count } of ranges) sum += count;
    }
  });
  return sum;
}
