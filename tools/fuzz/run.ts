/**
 * `npm run fuzz`: the long test of the generator. It compares random declarations of the whole language with compilers,
 * compares random records with every installed compiler, reads changed real headers, compares random headers with their
 * mutants, and compiles the bindings of all installed headers with every TypeScript version. `-- --help` lists the options. Exit
 * codes: 0 for success, 1 for a failed check, 2 for wrong usage.
 */

import { join } from 'node:path';
import { openHeaders } from '../../generator/cli/header-options.js';
import { GeneratorError } from '../../generator/errors.js';
import type { Model } from '../../generator/model/model.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targetCalled, targets } from '../../generator/targets/targets.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { commandOptions } from '../lib/command-options.js';
import { isInstalled } from '../lib/compilers.js';
import { installedHeaders } from '../lib/installed-headers.js';
import { Progress } from '../lib/progress.js';
import { chosenRuns } from '../lib/random-runs.js';
import { checkAtOnce } from '../lib/random-values.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { complaints, exercise, typeScripts, writeWorkspace } from '../lib/typescript-workspace.js';
import { checkDeclarations, declarationTargets } from './declarations/check.js';
import { differencesOf, mutantOf } from './headers/check.js';
import { judgeRecords } from './judge-records.js';
import { mutantsOf } from './mutations.js';
import { Readers } from './readers.js';
import { declaredFor } from './records.js';

const total = { declarations: 20_000, records: 10_000, mutants: 10_000, changes: 5_000 } as const;

/** The number of values with one seed. One call of a compiler handles this number in an acceptable time. */
const batch = 500;

const checks: Readonly<Record<string, (share: number, seed: number, asked: readonly Target[]) => Promise<boolean>>> = {
  declarations: (share, seed, asked) => checkAllDeclarations(Math.ceil(total.declarations * share), seed, asked),
  records: (share, seed) => checkRecords(Math.ceil(total.records * share), seed),
  mutants: (share, seed) => checkMutants(Math.ceil(total.mutants * share), seed),
  changes: async (share, seed) => checkChanges(Math.ceil(total.changes * share), seed),
  bindings: (share) => checkBindings(share),
};

async function main(only: readonly string[], share: number, seed: number, asked: readonly Target[]): Promise<boolean> {
  let good = true;
  for (const [name, check] of Object.entries(checks)) {
    if (only.length === 0 || only.includes(name)) good = (await check(share, seed, asked)) && good;
  }
  return good;
}

/** Each target checks its own part of the count. */
async function checkAllDeclarations(count: number, seed: number, asked: readonly Target[]): Promise<boolean> {
  const chosen = asked.length > 0 ? asked : declarationTargets;
  const judges = chosen.filter(isInstalled);
  console.log(`Random declarations: ${count} groups in total, on the targets with an installed compiler`);
  for (const { name } of chosen.filter((each) => !judges.includes(each)))
    console.log(`  ${name}: no compiler installed`);
  const each = Math.ceil(count / Math.max(1, judges.length));
  let good = judges.length > 0;
  for (const [index, target] of judges.entries()) {
    const progress = new Progress(target.name, each);
    const range = { seed, first: index * each, count: each };
    const { comparisons, refusals, counts, examples } = await checkDeclarations(target, range, progress.add);
    progress.end();
    const faults = `${counts.difference} differences, ${counts.refused} refused by the generator only, ${counts.omitted} omitted`;
    const both = `${refusals} refused by the compiler, ${counts.accepted} of them accepted by the generator`;
    console.log(`  ${target.name}: ${each} groups, ${comparisons} comparisons; ${faults}; ${both}`);
    for (const example of examples) console.log(`\n${example}`);
    good &&= counts.difference + counts.refused + counts.omitted + counts.accepted === 0;
  }
  return good;
}

/** Calls `check` with the size and the seed of each batch. Returns the first failure, or null. */
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

/** Each target checks its own part of the count. */
async function checkRecords(count: number, seed: number): Promise<boolean> {
  // The layout of bit-fields with attributes differs in clang. The generator follows GCC.
  const judges = targets.filter((target) => target.compiler.package.startsWith('gcc') && isInstalled(target));
  console.log(`Random records: ${count} in total, on each target with an installed compiler`);
  let good = judges.length > 0;
  if (!good) console.log('  MISS: no compiler is installed');
  const each = Math.ceil(count / judges.length);
  for (const [index, target] of judges.entries()) {
    // Each target uses different seeds.
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
  const result = `${count} records, ${values} values in memory`;
  const line = `  ${tableLine([target.name, target.byteOrder, result], [12, 6])}`;
  console.log(failure === null ? `${line}: ok` : `${line}: MISS\n${failure}`);
  return failure === null;
}

async function checkMutants(count: number, seed: number): Promise<boolean> {
  const headers = installedHeaders(x86_64);
  console.log(`\nMutated headers: ${count}, made from ${headers.length} installed headers`);
  if (headers.length === 0) {
    console.log('  MISS: no headers are installed; run: apt-get install linux-libc-dev');
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
  console.log(`  ${models} gave a model, ${errors} gave an error with a location; at most ${readers.memory} MiB`);
  if (failure !== null) console.log(`  MISS\n${failure}`);
  return failure === null;
}

/** The number of wrong mutants that are printed. */
const mostExamples = 5;

function checkChanges(count: number, seed: number): boolean {
  console.log(`\nChanges of headers: ${count} random headers and their mutants`);
  const progress = new Progress('headers', count);
  let [changes, wrong] = [0, 0];
  for (let each = seed; each < seed + count; each++) {
    const mutant = mutantOf(each);
    const differences = differencesOf(mutant);
    changes += mutant.expected.length;
    progress.add(1);
    if (differences.length === 0 || ++wrong > mostExamples) continue;
    const { mutations, before, after } = mutant;
    console.log(`  seed ${each}: ${mutations.join(', ')}\n${[...differences, before, after].join('\n')}`);
  }
  progress.end();
  console.log(`  ${changes} changes; ${wrong} headers with changes that were not found or not expected`);
  return wrong === 0;
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
    console.log(`\nBindings: ${models.length} headers, ${modules} modules; ${refused.length} headers refused`);
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
    console.log(`  Node ${process.versions.node}: ran ${classes} classes and ${accessors} accessors`);
    return good;
  });
}

const usage = `Usage: npm run fuzz -- [options]

  --only CHECK  runs one check: ${Object.keys(checks).join(', ')}; can be given several times
  --share N     runs a part, such as 0.1
  --seed N      uses another seed, or a random one: --seed random
  --arch NAME   limits the declarations to an architecture; can be given several times
`;

const { values } = commandOptions(usage, {
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    arch: { type: 'string', multiple: true, default: [] },
  },
});
const share = Number(values.share);
const { seed } = chosenRuns(1, values.seed);
const unknown = values.only.find((name) => !(name in checks));
if (!(share > 0 && share <= 1) || !Number.isSafeInteger(seed)) {
  console.error(
    `error: --share ${values.share} must be more than 0 and at most 1, --seed ${values.seed} an integer or random`,
  );
  process.exitCode = 2;
} else if (unknown !== undefined) {
  console.error(`error: --only ${unknown}: expected one of ${Object.keys(checks).join(', ')}`);
  process.exitCode = 2;
} else {
  const start = Date.now();
  console.log(`The seed is ${seed}.\n`);
  const good = await main(values.only, share, seed, values.arch.map(targetCalled));
  console.log(`\n${good ? 'All checks passed' : 'FAILED'}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = good ? 0 : 1;
}
