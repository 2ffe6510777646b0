/**
 * `npm run bench`: measures every promise about speed. Exit codes: 0 if all bounds hold, 1 if a bound does not hold, 2 for a wrong
 * option. The version of Node that runs this program is the version that is measured.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GeneratorError } from '../../generator/errors.js';
import { table } from '../../generator/report/table.js';
import { benchChanges } from './changes.js';
import { benchCorpus } from './corpus.js';
import { benchGenerate } from './generate.js';
import { benchGrowth } from './growth.js';
import { holds, type Result } from './harness.js';
import { plot } from './plot.js';
import { benchRuntime } from './runtime.js';
import { benchViews } from './views/views.js';

const usage = `Usage: npm run bench -- [options]

  --only PART   measures one part: ${['generate', 'corpus', 'changes', 'growth', 'views', 'runtime'].join(', ')}
  --json        prints the results as JSON
  --plots DIR   writes an SVG image of each curve of growth to the folder
`;

interface Options {
  readonly only?: string | undefined;
  readonly json?: boolean | undefined;
  readonly plots?: string | undefined;
}

const parts: Readonly<Record<string, (options: Options) => Promise<readonly Result[]> | readonly Result[]>> = {
  generate: benchGenerate,
  corpus: benchCorpus,
  changes: benchChanges,
  growth: measureGrowth,
  views: benchViews,
  runtime: benchRuntime,
};

async function measureGrowth({ plots }: Options): Promise<readonly Result[]> {
  const { results, curves } = await benchGrowth();
  if (plots !== undefined) {
    mkdirSync(plots, { recursive: true });
    for (const curve of curves) writeFileSync(join(plots, `${curve.title.replaceAll(' ', '-')}.svg`), plot(curve));
  }
  return results;
}

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

function options(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string' }, json: { type: 'boolean' }, plots: { type: 'string' } },
    });
    if (values.only === undefined || Object.hasOwn(parts, values.only)) return values;
    console.error(`error: --only is '${values.only}'; expected one of ${Object.keys(parts).join(', ')}\n\n${usage}`);
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n\n${usage}`);
  }
  return undefined;
}

async function run(given: Options): Promise<void> {
  const [processors, node, v8] = [cpus(), process.version, process.versions.v8];
  const machine = `${processors.length} × ${processors[0]?.model}`;
  if (!given.json) console.log(`node ${node} (V8 ${v8}), ${machine}\n`);
  const results: Result[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    if (given.only === undefined || given.only === name) results.push(...(await measure(given)));
  }
  const misses = results.filter((result) => !holds(result));
  if (given.json) {
    const rows = results.map((result) => ({ ...result, holds: holds(result) }));
    console.log(JSON.stringify({ node, v8, machine, results: rows }, null, 2));
  } else {
    print(results);
    if (misses.length > 0) console.log(`\nOver the bound: ${misses.map(({ subject }) => subject).join('; ')}`);
  }
  process.exitCode = misses.length > 0 ? 1 : 0;
}

try {
  const given = options();
  if (given === undefined) process.exitCode = 2;
  else await run(given);
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
