/**
 * `npm run oracle`: kvm.h of every architecture and of every version that Debian has, held against the architecture's own
 * compiler, in both directions. Names of architectures as arguments restrict it to these. Exit codes: 0 all holds, 1
 * something does not, 2 something is lacking.
 */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { defaultHeader, openHeaders } from '../generator/commands/headers.js';
import { GeneratorError, NoKvmError } from '../generator/errors.js';
import type { Target } from '../generator/layout/target.js';
import { targetCalled, targets } from '../generator/layout/targets.js';
import type { Model } from '../generator/model.js';
import { verify } from '../generator/verify/verify.js';
import { type Compiler, call, compilerOf, isInstalled } from './compilers.js';
import {
  compiledMacros,
  compiledTypes,
  integerMacros,
  isRequest,
  listingDifferences,
  type Macro,
  modelledTypes,
} from './declarations.js';
import { headerSets, type ProvidedSet } from './header-sets.js';

/** What has been asked of one architecture with one version of the headers. */
interface Verdict {
  /** Assertions, types with their members, macros: how many there are of each. */
  readonly counts: { readonly assertions: number; readonly types: number; readonly macros: number };
  /** What does not hold. */
  readonly wrong: readonly string[];
}

async function judge(model: Model, compiler: Compiler): Promise<Verdict> {
  const { total, failures } = await verify(model, { ...compiler, includeDirs: compiler.include });
  const types = compiledTypes(compiler, model.header, model.covers);
  const macros = compiledMacros(compiler, model.header, model.covers);
  const wrong = [
    ...failures.map(({ item, expected, message }) => `${item}: the model says ${expected}; ${message}`),
    ...listingDifferences(types.items, modelledTypes(model)),
    ...macroDifferences(model, macros, compiler),
  ];
  return { counts: { assertions: total, types: types.items.size, macros: macros.size }, wrong };
}

/** The verdict; where the compiler cannot judge at all, that is what does not hold. */
async function judgement(model: Model, compiler: Compiler): Promise<Verdict> {
  try {
    return await judge(model, compiler);
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { counts: { assertions: 1, types: 0, macros: 0 }, wrong: [error.message] };
  }
}

/** The compiler's macros against the model and its ledger: each is there once, at its place, and as what it is. */
function macroDifferences(model: Model, macros: ReadonlyMap<string, Macro>, compiler: Compiler): string[] {
  const objects = [...macros.values()].filter(({ parameters }) => parameters === null).map(({ name }) => name);
  const integers = integerMacros(compiler, model.header, objects);
  const kindOf = ({ name, parameters, at, body }: Macro): string => {
    if (parameters !== null) return `${at}: a function of ${parameters.join()}`;
    const request = isRequest({ name, parameters, at, body }) ? ', a request' : '';
    return `${at}: ${integers.has(name) ? 'an integer' : 'no integer'}${request}`;
  };
  const compiled = new Map([...macros].map(([name, macro]) => [name, kindOf(macro)]));
  const requests = new Set(model.ioctls.map(({ name }) => name));
  const modelled = new Map([
    ...model.constants.map(({ name, type, at }): [string, string] => {
      const kind = type.startsWith('char[') ? 'no integer' : 'an integer';
      return [name, `${at}: ${kind}${requests.has(name) ? ', a request' : ''}`];
    }),
    ...[...model.functions, ...model.ledger.filter(({ skipped }) => !skipped)].map((macro): [string, string] => {
      const { name, parameters, at } = macro;
      if (parameters) return [name, `${at}: a function of ${parameters.join()}`];
      return [name, `${at}: no integer${'kind' in macro && macro.kind === 'ioctl' ? ', a request' : ''}`];
    }),
  ]);
  const skipped = model.ledger.filter((entry) => entry.skipped && macros.has(entry.name));
  return [
    ...listingDifferences(compiled, modelled),
    ...skipped.map(({ name }) => `${name}: defined for the compiler, skipped here`),
  ];
}

/** Installs the packages of compilers that are not here, where that is allowed; gives back what is still lacking. */
function lackingCompilers(asked: readonly Target[]): Target[] {
  const lacking = asked.filter((target) => !isInstalled(target));
  const packages = lacking.map(({ compiler }) => compiler.package);
  if (packages.length === 0 || process.getuid?.() !== 0) return lacking;
  console.log(`installing ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options: SpawnSyncOptions = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-q'], options);
  // One by one: a package that a release does not have must not keep the others away.
  for (const name of packages) spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', name], options);
  return lacking.filter((target) => !isInstalled(target));
}

const mostWrong = 20;

async function main(): Promise<number> {
  if (call('readelf', ['--version']).error) {
    console.error("there is no 'readelf'; run: apt-get install binutils");
    return 2;
  }
  const [, , ...names] = process.argv;
  const asked = names.length > 0 ? names.map(targetCalled) : targets;
  const lacking = lackingCompilers(asked);
  const rows = await rowsOf(asked);
  const results = await inPairs(rows, (row) => resultOf(row, lacking));
  const count = (kind: Result['kind']): number => results.filter((result) => result.kind === kind).length;
  console.log(`\n${count('holds')} hold, ${count('fails')} do not; ${lacking.length} compilers are lacking`);
  if (count('fails') > 0 || count('holds') === 0) return 1;
  return lacking.length > 0 ? 2 : 0;
}

/** One architecture with one version of the headers. */
interface Row {
  readonly target: Target;
  readonly release: string;
  /** Undefined where Debian has no package. */
  readonly set: ProvidedSet | undefined;
}

/** The newest of these has the headers of the committed bindings. */
const releases: Readonly<Record<string, (target: Target) => string>> = {
  bullseye: ({ debian }) => `bullseye-${debian.architecture}-cross`,
  bookworm: ({ debian }) => `bookworm-${debian.architecture}-cross`,
  trixie: () => 'trixie',
  newest: () => 'newest',
};

async function rowsOf(asked: readonly Target[]): Promise<Row[]> {
  const rows = Object.entries(releases).flatMap(([release, nameFor]) =>
    asked.map((target) => ({ target, release, name: nameFor(target) })),
  );
  const sets = await headerSets([...new Set(rows.map(({ name }) => name))]);
  for (const name of ['trixie', 'newest']) if (!sets.has(name)) throw new Error(`the mirror has no headers of ${name}`);
  return rows.map(({ target, release, name }) => ({ target, release, set: sets.get(name) }));
}

interface Result {
  readonly kind: 'holds' | 'fails' | 'is not there' | 'lacks a compiler';
  readonly lines: readonly string[];
}

async function resultOf({ target, release, set }: Row, lacking: readonly Target[]): Promise<Result> {
  const line = (headers: string, text: string): string => `${target.name.padEnd(12)} ${headers.padEnd(28)} ${text}`;
  if (!set) return { kind: 'is not there', lines: [line(release, '-     Debian has no headers for it')] };
  const headers = `${release}, Linux ${set.kernel}`;
  const model = modelIn(set, target);
  if ('without' in model) return { kind: 'is not there', lines: [line(headers, `-     ${model.without}`)] };
  if (lacking.includes(target)) {
    const text = `LACKS a compiler; run: apt-get install ${target.compiler.package}`;
    return { kind: 'lacks a compiler', lines: [line(headers, text)] };
  }
  const { counts, wrong } = await judgement(model, compilerOf(target, set.includeFolders(target)));
  const all = counts.assertions + counts.types + counts.macros;
  const percent = wrong.length === 0 ? '100 %' : `${((100 * (all - wrong.length)) / all).toFixed(2)} %`;
  const items = `${counts.assertions} assertions, ${counts.types} types and members, ${counts.macros} macros`;
  const lines = [line(headers, `${percent} of ${items}`), ...wrong.slice(0, mostWrong).map((text) => `    ${text}`)];
  if (wrong.length > mostWrong) lines.push(`    and ${wrong.length - mostWrong} more`);
  return { kind: wrong.length === 0 ? 'holds' : 'fails', lines };
}

/** The model of kvm.h, or why there is none. */
function modelIn(set: ProvidedSet, target: Target): Model | { readonly without: string } {
  try {
    const options = { header: [defaultHeader], arch: target.name, include: [], from: set.root };
    return openHeaders(options).model(defaultHeader);
  } catch (error) {
    if (error instanceof NoKvmError) return { without: target.withoutKvm ?? error.problem };
    throw error;
  }
}

/** The results of all rows, two at a time; printed in the order of the rows. */
async function inPairs(rows: readonly Row[], work: (row: Row) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < rows.length; first += 2) {
    const pair = await Promise.all(rows.slice(first, first + 2).map(work));
    for (const { lines } of pair) console.log(lines.join('\n'));
    results.push(...pair);
  }
  return results;
}

process.exitCode = await main();
