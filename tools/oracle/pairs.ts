/** `npm run oracle -- --diff`: compares the changes between all pairs of Debian's header sets with compilers. */

import { availableParallelism } from 'node:os';
import { defaultHeader } from '../../generator/cli/header-options.js';
import { UsageError } from '../../generator/errors.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { lackingCompilers } from '../lib/compilers.js';
import { headerSets } from '../lib/header-sets.js';
import { Progress } from '../lib/progress.js';
import { openCorpus } from './corpus.js';
import { type HeaderVerdict, judgeHeader, type Release } from './header-sides.js';

const architectures = ['x86_64', 'arm64', 's390x'];
const releases = ['bullseye', 'bookworm', 'trixie', 'newest'];

/** What is compared. An empty list means everything. */
export interface Asked {
  readonly targets: readonly Target[];
  readonly headers: readonly string[];
  readonly releases: readonly string[];
  /** Whether all headers are compared. Otherwise, the default is linux/kvm.h. */
  readonly isCorpus: boolean;
  /** The share of the headers that are compared, from 0 to 1. */
  readonly share: number;
}

/** Only the packages of older releases are for one architecture. */
function setName(release: string, { debian }: Target): string {
  if (release === 'trixie' || release === 'newest') return release;
  return debian.architecture === 's390x' ? `${release}-s390x-cross` : `${release}-${debian.architecture}`;
}

/** Compares the changes of every pair and prints a row for each. Returns the exit code. */
export async function judgePairs(asked: Asked): Promise<number> {
  const used = releasesOf(asked.releases);
  const targets = targetsOf(asked.targets);
  const lacking = lackingCompilers(targets);
  for (const { compiler } of lacking) console.log(`a compiler is missing; run: apt-get install ${compiler.package}`);
  console.log(tableLine(titles, widths));
  const rows: Row[] = [];
  for (const target of targets.filter((each) => !lacking.includes(each))) {
    rows.push(...(await rowsOf(await releasesFor(target, used), asked)));
  }
  const wrong = rows.filter(({ findings }) => findings.length > 0).length;
  console.log(`\n${rows.length - wrong} rows hold, ${wrong} rows do not hold`);
  if (wrong > 0 || rows.every(({ read }) => read === 0)) return 1;
  return lacking.length > 0 ? 2 : 0;
}

function releasesOf(chosen: readonly string[]): readonly string[] {
  const unknown = chosen.find((each) => !releases.includes(each));
  if (unknown !== undefined) {
    throw new UsageError(`--release ${unknown}: unknown release; expected one of ${releases.join(', ')}`);
  }
  const used = chosen.length > 0 ? releases.filter((each) => chosen.includes(each)) : releases;
  if (used.length < 2) throw new UsageError(`--release is given for ${used.join()} only; give at least two releases`);
  return used;
}

function targetsOf(asked: readonly Target[]): readonly Target[] {
  const unknown = asked.find(({ name }) => !architectures.includes(name));
  if (unknown) {
    const known = architectures.join(', ');
    throw new UsageError(`--diff does not support ${unknown.name}; choose among the architectures ${known}`);
  }
  return asked.length > 0 ? asked : architectures.map(targetCalled);
}

async function releasesFor(target: Target, used: readonly string[]): Promise<Release[]> {
  const sets = await headerSets(used.map((release) => setName(release, target)));
  return used.map((name) => {
    const set = sets.get(setName(name, target));
    if (!set) throw new Error(`the mirror has no headers of ${setName(name, target)}`);
    return { name, corpus: openCorpus(set, target) };
  });
}

/** The totals of a pair of releases. */
interface Row {
  read: number;
  unread: number;
  confirmed: number;
  unchecked: number;
  different: number;
  readonly findings: string[];
}

const titles = ['architecture', 'pair', 'headers', 'unread', 'confirmed', 'unchecked', 'names differ', 'findings'];
const widths = [12, 20, ...titles.slice(2).map((title) => -Math.max(title.length, 7))];

const mostFindings = 20;

/** Returns the row of each pair of releases and prints it. */
async function rowsOf(sides: readonly Release[], asked: Asked): Promise<Row[]> {
  const target = sides[0]?.corpus.target.name ?? '';
  const headers = headersOf(sides, asked);
  const verdicts = await judgeAll(headers, sides);
  const rows: Row[] = [];
  for (const [first, { name: before }] of sides.entries()) {
    for (const { name: after } of sides.slice(first + 1)) {
      const row = rowOf(before, after, verdicts);
      const { read, unread, confirmed, unchecked, different, findings } = row;
      const counts = [read, unread, confirmed, unchecked, different, findings.length].map(String);
      console.log(tableLine([target, `${before} → ${after}`, ...counts], widths));
      for (const finding of findings.slice(0, mostFindings)) console.log(`    ${finding}`);
      if (findings.length > mostFindings) console.log(`    and ${findings.length - mostFindings} more`);
      rows.push(row);
    }
  }
  for (const line of unreadLines(verdicts)) console.log(`    ${line}`);
  return rows;
}

/** Returns the headers to compare. @throws UsageError for a header that no release has. */
function headersOf(sides: readonly Release[], { headers, isCorpus, share }: Asked): readonly string[] {
  const all = [...new Set(sides.flatMap(({ corpus }) => corpus.headers))].sort();
  const absent = headers.find((header) => !all.includes(header));
  if (absent !== undefined) {
    throw new UsageError(`no release has <${absent}> for ${sides[0]?.corpus.target.name}; choose another header`);
  }
  const chosen = headers.length > 0 ? headers : isCorpus ? all : [defaultHeader];
  const step = 1 / share;
  return chosen.filter((_, index) => Math.floor((index + 1) / step) > Math.floor(index / step));
}

async function judgeAll(
  headers: readonly string[],
  sides: readonly Release[],
): Promise<ReadonlyMap<string, HeaderVerdict>> {
  const progress = new Progress(`${sides[0]?.corpus.target.name}: headers`, headers.length);
  const verdicts = new Map<string, HeaderVerdict>();
  const rest = [...headers];
  const worker = async (): Promise<void> => {
    for (let header = rest.shift(); header !== undefined; header = rest.shift()) {
      verdicts.set(header, await judgeHeader(header, sides));
      progress.add(1);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  progress.end();
  return new Map([...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function rowOf(before: string, after: string, verdicts: ReadonlyMap<string, HeaderVerdict>): Row {
  const row: Row = { read: 0, unread: 0, confirmed: 0, unchecked: 0, different: 0, findings: [] };
  for (const [header, { pairs }] of verdicts) {
    const pair = pairs.find((each) => each.before === before && each.after === after);
    if (!pair) continue;
    const { verdict } = pair;
    if (!verdict) {
      row.unread++;
      continue;
    }
    row.read++;
    row.confirmed += verdict.confirmed;
    row.unchecked += verdict.unchecked;
    row.different += verdict.different;
    row.findings.push(...verdict.findings.map((finding) => `<${header}> ${finding}`));
  }
  return row;
}

/** Returns a line for each reason why a header cannot be read, with the releases. */
function unreadLines(verdicts: ReadonlyMap<string, HeaderVerdict>): string[] {
  return [...verdicts].flatMap(([header, { unread }]) => {
    const byReason = new Map<string, string[]>();
    for (const { release, reason } of unread) byReason.set(reason, [...(byReason.get(reason) ?? []), release]);
    return [...byReason].map(
      ([reason, names]) => `unread: <${header}> in ${names.join(', ')}: ${reason.split('\n')[0]}`,
    );
  });
}
