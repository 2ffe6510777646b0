/** `npm run bench`: measures every promise about speed. Exit codes: 0 if all bounds hold, 1 if a bound does not hold. */

import { cpus } from 'node:os';
import { GeneratorError } from '../../generator/errors.js';
import { table } from '../../generator/report/table.js';
import { benchCorpus } from './corpus.js';
import { benchGenerate } from './generate.js';
import { holds, type Result } from './harness.js';
import { benchRuntime } from './runtime.js';
import { benchViews } from './views/views.js';

function print(results: readonly Result[]): void {
  const decimals = (unit: string): number =>
    unit === 'ms' || unit === 'ns' || unit === 'MiB' ? 0 : unit === '' ? 2 : 3;
  const figure = (value: number, unit: string): string => `${value.toFixed(decimals(unit))} ${unit}`.trimEnd();
  const rows = results.map((result) => [
    result.subject,
    figure(result.measured, result.unit),
    result.bound === null ? 'no bound' : `at most ${figure(result.bound, result.unit)}`,
    result.bound === null ? '' : holds(result) ? 'ok' : 'OVER',
    result.note,
  ]);
  console.log(table(rows));
}

try {
  const processors = cpus();
  console.log(`node ${process.version} (V8 ${process.versions.v8}), ${processors.length} × ${processors[0]?.model}\n`);
  const results = [
    ...(await benchGenerate()),
    ...(await benchCorpus()),
    ...(await benchViews()),
    ...(await benchRuntime()),
  ];
  print(results);
  const misses = results.filter((result) => !holds(result));
  if (misses.length > 0) {
    console.log(`\nOver the bound: ${misses.map(({ subject }) => subject).join('; ')}`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
