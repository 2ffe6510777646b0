/** Compares kvm.h of every architecture and every Debian version with the architecture's compiler. */

import { defaultHeader, openHeaders } from '../../generator/cli/header-options.js';
import { NoKvmError } from '../../generator/errors.js';
import type { Model } from '../../generator/model/model.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targets } from '../../generator/targets/targets.js';
import { compilerOf, lackingCompilers } from '../lib/compilers.js';
import { headerSets, type ProvidedSet } from '../lib/header-sets.js';
import { judge } from './judge.js';

const mostWrong = 20;

/** Compares kvm.h. `asked` lists the architectures, and an empty list means all of them. Returns the exit code. */
export async function judgeKvm(asked: readonly Target[]): Promise<number> {
  const chosen = asked.length > 0 ? asked : targets;
  const lacking = lackingCompilers(chosen);
  const rows = await rowsOf(chosen);
  const results = await inPairs(rows, (row) => resultOf(row, lacking));
  const count = (kind: Result['kind']): number => results.filter((result) => result.kind === kind).length;
  console.log(
    `\n${count('holds')} rows hold, ${count('fails')} rows do not hold; ${lacking.length} compilers are missing`,
  );
  if (count('fails') > 0 || count('holds') === 0) return 1;
  return lacking.length > 0 ? 2 : 0;
}

/** One architecture with one version of the headers. */
interface Row {
  readonly target: Target;
  readonly release: string;
  /** Undefined if Debian has no package. */
  readonly set: ProvidedSet | undefined;
}

/** The newest release has the headers of the committed bindings. */
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
  readonly kind: 'holds' | 'fails' | 'no headers' | 'no compiler';
  readonly lines: readonly string[];
}

async function resultOf({ target, release, set }: Row, lacking: readonly Target[]): Promise<Result> {
  const line = (headers: string, text: string): string => tableLine([target.name, headers, text], [12, 28]);
  if (!set) return { kind: 'no headers', lines: [line(release, '-     Debian has no headers for it')] };
  const headers = `${release}, Linux ${set.kernel}`;
  const model = modelIn(set, target);
  if ('without' in model) return { kind: 'no headers', lines: [line(headers, `-     ${model.without}`)] };
  if (lacking.includes(target)) {
    const text = `no compiler; run: apt-get install ${target.compiler.package}`;
    return { kind: 'no compiler', lines: [line(headers, text)] };
  }
  const { compared, findings } = await judge(model, compilerOf(target, set.includeFolders(target)));
  const wrong = findings.map(({ text }) => text);
  const all = compared.assertions + compared.types + compared.macros;
  const percent = wrong.length === 0 ? '100 %' : `${((100 * (all - wrong.length)) / all).toFixed(2)} %`;
  const items = `${compared.assertions} assertions, ${compared.types} types and members, ${compared.macros} macros`;
  const lines = [line(headers, `${percent} of ${items}`), ...wrong.slice(0, mostWrong).map((text) => `    ${text}`)];
  if (wrong.length > mostWrong) lines.push(`    and ${wrong.length - mostWrong} more`);
  return { kind: wrong.length === 0 ? 'holds' : 'fails', lines };
}

/** Returns the model of kvm.h, or the reason why there is no model. */
function modelIn(set: ProvidedSet, target: Target): Model | { readonly without: string } {
  try {
    const options = { header: [defaultHeader], arch: target.name, include: [], from: set.root };
    return openHeaders(options).model(defaultHeader);
  } catch (error) {
    if (error instanceof NoKvmError) return { without: target.withoutKvm ?? error.problem };
    throw error;
  }
}

/** Returns the results of all rows. Two rows run at a time. The results are printed in the order of the rows. */
async function inPairs(rows: readonly Row[], work: (row: Row) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < rows.length; first += 2) {
    const pair = await Promise.all(rows.slice(first, first + 2).map(work));
    for (const { lines } of pair) console.log(lines.join('\n'));
    results.push(...pair);
  }
  return results;
}
