/**
 * `npm run fuzz`: the generator's long run. Random records against every compiler that is here, mutated real headers, and
 * the bindings of all installed headers under every TypeScript. `-- --share 0.1` does a tenth of it, `-- --seed 7` another
 * one than the usual, and `-- --seed random` one that nobody has seen. Exit codes: 0 all is as it must be, 1 something is
 * not, 2 wrong use.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openHeaders } from '../../generator/cli/header-options.js';
import { GeneratorError } from '../../generator/errors.js';
import type { Model } from '../../generator/model/model.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targets } from '../../generator/targets/targets.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { isInstalled } from '../lib/compilers.js';
import { installedHeaders } from '../lib/installed-headers.js';
import { Progress } from '../lib/progress.js';
import { chosenRuns } from '../lib/random-runs.js';
import { checkAtOnce } from '../lib/random-values.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { complaints, exercise, typeScripts, writeWorkspace } from '../lib/typescript-workspace.js';
import { judgeRecords } from './judge-records.js';
import { mutantsOf } from './mutations.js';
import { Readers } from './readers.js';
import { declaredFor } from './records.js';

const total = { records: 10_000, mutants: 10_000 } as const;

/** Values of one seed: as many as one call of a compiler takes in good time. */
const batch = 500;

async function main(share: number, seed: number): Promise<boolean> {
  const verdicts = [
    await checkRecords(Math.ceil(total.records * share), seed),
    await checkMutants(Math.ceil(total.mutants * share), seed),
    await checkBindings(share),
  ];
  return verdicts.every((good) => good);
}

/** Calls `check` with each batch's size and seed; null, or what was wrong with the first that is. */
async function inBatches(
  count: number,
  seed: number,
  check: (size: number, seed: number) => Promise<void>,
): Promise<string | null> {
  for (let first = 0; first < count; first += batch) {
    try {
      await check(Math.min(batch, count - first), seed + first / batch);
    } catch (error) {
      return wholeOf(error);
    }
  }
  return null;
}

function wholeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${wholeOf(error.cause)}`;
}

/** The targets share the count: each has its own part of it. */
async function checkRecords(count: number, seed: number): Promise<boolean> {
  // clang lays bit-fields with attributes out otherwise, and the generator follows GCC.
  const judges = targets.filter((target) => target.compiler.package.startsWith('gcc') && isInstalled(target));
  console.log(`Random records: ${count} in all, for each target that has its compiler here`);
  let good = judges.length > 0;
  if (!good) console.log('  MISS: there is no compiler at all');
  const each = Math.ceil(count / judges.length);
  for (const [index, target] of judges.entries()) {
    // Others for each target.
    good = (await checkRecordsOf(target, each, seed + index * each)) && good;
  }
  return good;
}

async function checkRecordsOf(target: Target, count: number, seed: number): Promise<boolean> {
  const progress = new Progress(target.name, count);
  let values = 0;
  const failure = await inBatches(count, seed, async (size, batchSeed) => {
    await checkAtOnce(
      declaredFor(target),
      size,
      async (records) => {
        const judged = await judgeRecords(records, target);
        values += judged.values;
        return judged.verdicts;
      },
      { seed: batchSeed, numRuns: size },
    );
    progress.add(size);
  });
  progress.end();
  const result = `${count} records, ${values} values through memory`;
  const line = `  ${tableLine([target.name, target.byteOrder, result], [12, 6])}`;
  console.log(failure === null ? `${line}: ok` : `${line}: MISS\n${failure}`);
  return failure === null;
}

async function checkMutants(count: number, seed: number): Promise<boolean> {
  const headers = installedHeaders(x86_64);
  console.log(`\nMutated headers: ${count}, of the ${headers.length} that are installed`);
  if (headers.length === 0) {
    console.log('  MISS: there are none; run: apt-get install linux-libc-dev');
    return false;
  }
  using readers = new Readers();
  const progress = new Progress('mutants', count);
  const failure = await inBatches(count, seed, (size, batchSeed) =>
    checkAtOnce(mutantsOf(headers), size, (mutants) => readers.judge(mutants, () => progress.add(1)), {
      seed: batchSeed,
      numRuns: size,
    }),
  );
  progress.end();
  const { models, errors } = readers.counts;
  console.log(`  ${models} ended in a model, ${errors} in an error at a place; at most ${readers.memory} MiB`);
  if (failure !== null) console.log(`  MISS\n${failure}`);
  return failure === null;
}

async function checkBindings(share: number): Promise<boolean> {
  const headers = installedHeaders(x86_64).filter((_, index) => (index * share) % 1 < share);
  const refused: string[] = [];
  const opened = openHeaders({ header: headers, arch: x86_64.name, include: [] });
  const progress = new Progress('models', headers.length);
  const models = headers.flatMap((name): Model[] => {
    progress.add(1);
    try {
      return [opened.model(name)];
    } catch (error) {
      if (!(error instanceof GeneratorError)) throw error;
      refused.push(error.message);
      return [];
    }
  });
  progress.end();
  return inTemporaryFolder({}, async (folder) => {
    const modules = writeWorkspace(folder, models);
    console.log(`\nBindings: ${models.length} headers, ${modules} modules; ${refused.length} headers are refused`);
    for (const message of refused) console.log(`  ${message}`);
    let good = models.length > 0;
    const out = join(folder, 'out');
    for (const [index, each] of typeScripts.entries()) {
      const list = await complaints(folder, each, index === typeScripts.length - 1 ? out : undefined);
      good &&= list.length === 0;
      console.log(
        `  TypeScript ${each.version.padEnd(4)} ${list.length === 0 ? 'ok' : `MISS\n${list.slice(0, 20).join('\n')}`}`,
      );
    }
    const { classes, accessors } = exercise(out);
    console.log(`  Node ${process.versions.node}: ${classes} classes and ${accessors} accessors run`);
    return good;
  });
}

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' }, seed: { type: 'string' } } });
const share = Number(values.share);
const { seed } = chosenRuns(1, values.seed);
if (!(share > 0 && share <= 1) || !Number.isSafeInteger(seed)) {
  console.error(
    `error: --share ${values.share} must be more than 0 and at most 1, --seed ${values.seed} an integer or random`,
  );
  process.exitCode = 2;
} else {
  const start = Date.now();
  console.log(`The seed is ${seed}.\n`);
  const good = await main(share, seed);
  console.log(`\n${good ? 'All is as it must be' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = good ? 0 : 1;
}
