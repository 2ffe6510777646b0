/** `npm run oracle -- --foreign`: compares headers of libraries with the compiler. */

import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { GeneratorError } from '../../generator/errors.js';
import { filesOnDisk } from '../../generator/headers/disk.js';
import type { Identify } from '../../generator/headers/identity.js';
import { type OpenFiles, Resolver } from '../../generator/headers/resolver.js';
import type { Model } from '../../generator/model/model.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { type Compiler, compilerOf, lackingCompilers } from '../lib/compilers.js';
import { type ForeignHeader, foreignFolders, foreignHeaders } from '../lib/foreign-headers.js';
import { run } from '../lib/programs.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { complaints, typeScripts, writeWorkspace } from '../lib/typescript-workspace.js';
import { emptyModel } from './corpus.js';
import { type ForeignVerdict, isGood, judgeForeign, judgeRefused } from './foreign-header.js';

/** The headers of libraries for one target, and a compiler that reads the same files. */
interface ForeignCorpus {
  readonly target: Target;
  readonly compiler: Compiler;
  /** The headers that Debian has for the target, and the others with the missing package. */
  readonly headers: readonly ForeignHeader[];
  readonly absent: readonly ForeignHeader[];
  /** Returns the model of a header. @throws GeneratorError if the header cannot be read. */
  model(header: string): Model;
}

/** The headers belong to no header set, so their files are not identified. */
const identify: Identify = (files) => ({
  kernel: null,
  files: files.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
});

function openForeign(target: Target): ForeignCorpus {
  const { folders, absent } = foreignFolders(target);
  const { cc, flags } = compilerOf(target);
  const roots = [...folders, run(cc, [...flags, '-print-file-name=include']).trim()];
  const open: OpenFiles = new Map();
  const isAbsent = (each: ForeignHeader): boolean => absent.includes(each.package);
  return {
    target,
    compiler: { cc, flags: [...flags, '-nostdinc'], include: roots },
    headers: foreignHeaders.filter((each) => !isAbsent(each)),
    absent: foreignHeaders.filter(isAbsent),
    model: (header) => analyzeHeader(header, target, new Resolver(filesOnDisk, roots, open), identify),
  };
}

/** Compares the headers on each target, x86-64 by default. Returns the exit code. */
export async function judgeAllForeign(asked: readonly Target[]): Promise<number> {
  const targets = asked.length > 0 ? asked : [x86_64];
  const lacking = lackingCompilers(targets);
  for (const { compiler } of lacking) console.log(`a compiler is missing; run: apt-get install ${compiler.package}`);
  let good = true;
  for (const target of targets.filter((each) => !lacking.includes(each))) {
    good = (await judgeTarget(openForeign(target))) && good;
  }
  if (!good) return 1;
  return lacking.length > 0 ? 2 : 0;
}

const titles = [
  ...[
    'header',
    'covered',
    'declarations',
    'comparisons',
    'differences',
    'silent',
    'functions',
    'variables',
    'typedefs',
  ],
  ...['macros without a value', 'causes', 'holds', 'time'],
];
const widths = titles.map((title, column) => (column === 0 ? 24 : -Math.max(title.length, 6)));

async function judgeTarget(corpus: ForeignCorpus): Promise<boolean> {
  const { target, headers, absent } = corpus;
  console.log(`${target.name}, Debian bookworm`);
  console.log(tableLine(titles, widths));
  const verdicts: ForeignVerdict[] = [];
  const models: Model[] = [];
  for (const each of headers) {
    const started = performance.now();
    const { verdict, model } = await verdictOf(corpus, each);
    verdicts.push(verdict);
    if (model) models.push(model);
    console.log(rowOf(each.header, verdict, (performance.now() - started) / 1000));
  }
  for (const each of absent) console.log(`${each.header}: skipped: Debian has no ${each.package} for ${target.name}`);
  const complaints = await typeErrors(models);
  for (const [index, verdict] of verdicts.entries()) report(headers[index] as ForeignHeader, verdict);
  for (const text of complaints.slice(0, mostShown)) console.log(`  ${text}`);
  const wrong = verdicts.filter((verdict) => !isGood(verdict)).length;
  console.log(
    `\n${verdicts.length - wrong} headers hold, ${wrong} headers do not hold; the modules of ${models.length} headers have ${complaints.length} type errors\n`,
  );
  return wrong === 0 && complaints.length === 0 && verdicts.length > 0;
}

async function verdictOf(
  { target, compiler, model: modelOf }: ForeignCorpus,
  wanted: ForeignHeader,
): Promise<{ readonly verdict: ForeignVerdict; readonly model?: Model }> {
  try {
    const model = modelOf(wanted.header);
    return { verdict: await judgeForeign(model, compiler, wanted), model };
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { verdict: await judgeRefused(emptyModel(target, wanted.header), compiler, error) };
  }
}

/** Returns the errors in the emitted modules of the headers. The newest TypeScript checks them. */
function typeErrors(models: readonly Model[]): Promise<string[]> {
  return inTemporaryFolder({}, (folder) => {
    writeWorkspace(folder, models);
    return complaints(folder, typeScripts.at(-1) as (typeof typeScripts)[number]);
  });
}

function rowOf(header: string, verdict: ForeignVerdict, seconds: number): string {
  const { coveredHeaders, declarations, comparisons, differences, silent, withoutFacts, causes } = verdict;
  const count = (kind: string): number => withoutFacts.get(kind) ?? 0;
  const omitted = causes.flatMap(({ names }) => names).length;
  const wrong = differences.length + silent.length + omitted;
  const share = declarations === 0 ? 0 : Math.max(0, (100 * (declarations - wrong)) / declarations);
  const macros = count('macro') + count('macro with parameters') + count('ioctl');
  const cells = [
    ...[header, coveredHeaders.length, declarations, comparisons, differences.length, silent.length],
    ...[count('function'), count('variable'), count('typedef'), macros, omitted],
    ...[wrong === 0 ? '100 %' : `${share.toFixed(2)} %`, `${seconds.toFixed(0)} s`],
  ];
  return tableLine(cells.map(String), widths);
}

const mostShown = 20;

/** Prints the causes, and everything that does not hold. */
function report({ header }: ForeignHeader, { differences, silent, causes }: ForeignVerdict): void {
  for (const { text, names } of causes) console.log(`\n<${header}> ${text}\n    ${names.join(', ')}`);
  const wrong = [...differences, ...silent];
  if (wrong.length > 0) console.log(`\n<${header}>: ${wrong.length} do not hold`);
  for (const text of wrong.slice(0, mostShown)) console.log(`  ${text}`);
  if (wrong.length > mostShown) console.log(`  and ${wrong.length - mostShown} more`);
}
