/** `npm run oracle -- --corpus`: compares all headers of Debian's packages with the compiler of each architecture. */

import { UsageError } from '../../generator/errors.js';
import type { OpenFiles } from '../../generator/headers/resolver.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { lackingCompilers } from '../lib/compilers.js';
import { headerSets, type ProvidedSet } from '../lib/header-sets.js';
import { Progress } from '../lib/progress.js';
import { type CorpusVerdict, judgeCorpus, openCorpus } from './corpus.js';
import { exceptions, type Sorted, sortFindings } from './exceptions.js';

const architectures = ['x86_64', 'i386', 'arm64', 'riscv64', 's390x', 'ppc64le', 'mips64'];

/** The header sets, by the names of the releases, and the architectures of each set. */
const releases = [
  { release: 'bookworm', set: 'bookworm-amd64', of: ['x86_64'] },
  { release: 'newest', set: 'newest', of: architectures },
];

interface Row {
  readonly release: string;
  readonly set: ProvidedSet;
  readonly target: Target;
  /** The files that the rows of a set share. */
  readonly open: OpenFiles;
}

/**
 * Compares the corpus with compilers and prints a row for each architecture and version. `asked` lists the
 * architectures, and `headers` lists the headers. An empty list means all of them. Returns the exit code.
 */
export async function judgeAllCorpora(asked: readonly Target[], headers: readonly string[]): Promise<number> {
  const targets = asked.length > 0 ? asked : architectures.map(targetCalled);
  const rows = await rowsOf(targets);
  const lacking = lackingCompilers(targets);
  for (const { compiler } of lacking) console.log(`a compiler is missing; run: apt-get install ${compiler.package}`);
  const results: Result[] = [];
  console.log(tableLine(titles, widths));
  for (const row of rows.filter(({ target }) => !lacking.includes(target))) {
    const result = await resultOf(row, headers);
    console.log(result.line);
    results.push(result);
  }
  const good = report(results);
  if (!good || results.length === 0) return 1;
  return lacking.length > 0 ? 2 : 0;
}

async function rowsOf(targets: readonly Target[]): Promise<Row[]> {
  const unknown = targets.find(({ name }) => !architectures.includes(name));
  if (unknown)
    throw new UsageError(`--corpus supports only the architectures ${architectures.join(', ')}; choose one of them`);
  const sets = await headerSets(releases.map(({ set }) => set));
  return releases.flatMap(({ release, set: name, of }) => {
    const set = sets.get(name);
    if (!set) throw new Error(`the mirror has no headers of ${name}`);
    const open: OpenFiles = new Map();
    return targets.filter((target) => of.includes(target.name)).map((target) => ({ release, set, target, open }));
  });
}

interface Result extends Sorted {
  readonly row: Row;
  readonly line: string;
}

async function resultOf(row: Row, asked: readonly string[]): Promise<Result> {
  const corpus = openCorpus(row.set, row.target, row.open);
  const absent = asked.find((header) => !corpus.headers.includes(header));
  if (absent !== undefined) {
    throw new UsageError(
      `Linux ${row.set.kernel} has no <${absent}> for ${row.target.name}; choose others with --arch`,
    );
  }
  const headers = asked.length > 0 ? asked : corpus.headers;
  const started = performance.now();
  const progress = new Progress(`${row.target.name}, Linux ${row.set.kernel}: headers`, headers.length);
  const verdict = await judgeCorpus(corpus, headers, () => progress.add(1));
  progress.end();
  const place = { architecture: row.target.name, release: row.release };
  const sorted = sortFindings(verdict.findings, place, exceptions);
  // The needed exceptions are only known after all headers are compared.
  const stale = asked.length > 0 ? [] : sorted.stale;
  const seconds = (performance.now() - started) / 1000;
  return { row, ...sorted, stale, line: tableLine(cellsOf(row, verdict, sorted, seconds), widths) };
}

const titles = [
  ...['architecture', 'Linux', 'headers', 'types', 'members', 'enums', 'enumerators', 'integer macros', 'ioctls'],
  ...['comparisons', 'differences', 'missing', 'exceptions', 'holds', 'time'],
];

/** The first column has names. The other columns have numbers, which are aligned to the right. */
const widths = titles.map((title, column) => (column === 0 ? 12 : -Math.max(title.length, 7)));

function cellsOf({ target, set }: Row, verdict: CorpusVerdict, sorted: Sorted, seconds: number): string[] {
  const { headers, comparisons, inventory } = verdict;
  const { excepted, unexpected } = sorted;
  const missing = unexpected.filter((finding) => finding.missing).length;
  const share = (100 * (comparisons - verdict.findings.length)) / comparisons;
  const { types, members, enums, enumerators, integers, ioctls } = inventory;
  return [
    ...[target.name, set.kernel, headers, types, members, enums, enumerators, integers, ioctls, comparisons],
    ...[unexpected.length - missing, missing, excepted.length],
    ...[verdict.findings.length === 0 ? '100 %' : `${share.toFixed(3)} %`, `${seconds.toFixed(0)} s`],
  ].map(String);
}

const mostShown = 40;

/** Prints every exception with its cause, and all problems. Returns whether there are no problems. */
function report(results: readonly Result[]): boolean {
  const causes = new Map<string, Set<string>>();
  for (const { excepted } of results) {
    for (const { header, item, cause } of excepted) {
      const key = `<${header}>: ${cause}`;
      causes.set(key, (causes.get(key) ?? new Set()).add(item === '' ? 'the header' : item));
    }
  }
  if (causes.size > 0) console.log('\nexceptions in tools/oracle/corpus-exceptions.json:');
  for (const [cause, items] of [...causes].sort()) console.log(`  ${cause}\n    ${[...items].join(', ')}`);
  for (const { row, unexpected, stale } of results) {
    const title = `${row.target.name}, Linux ${row.set.kernel}`;
    const texts = [
      ...unexpected.map(({ header, text }) => `<${header}> ${text}`),
      ...stale.map((name) => `${name}: unused row of the exceptions; remove it`),
    ];
    if (texts.length > 0) console.log(`\n${title}: ${texts.length} do not hold`);
    for (const text of texts.slice(0, mostShown)) console.log(`  ${text}`);
    if (texts.length > mostShown) console.log(`  and ${texts.length - mostShown} more`);
  }
  const wrong = results.filter(({ unexpected, stale }) => unexpected.length + stale.length > 0).length;
  console.log(`\n${results.length - wrong} rows hold, ${wrong} rows do not hold`);
  return wrong === 0;
}
