/** `npm run oracle -- --diff`: compares the changes between all pairs of Debian's header sets with compilers. */

import { diffModels, wholeHeader } from '../../generator/diff/diff.js';
import { GeneratorError } from '../../generator/errors.js';
import type { Model } from '../../generator/model/model.js';
import { tableLine } from '../../generator/report/table.js';
import type { Target } from '../../generator/targets/target.js';
import { targetCalled } from '../../generator/targets/targets.js';
import { lackingCompilers } from '../lib/compilers.js';
import { headerSets } from '../lib/header-sets.js';
import { Progress } from '../lib/progress.js';
import { type ChangesVerdict, judgeChanges } from './changes.js';
import { type CompiledFacts, compiledFacts, macroNames } from './compiled-facts.js';
import { type Corpus, openCorpus } from './corpus.js';

const architectures = ['x86_64', 'arm64', 's390x'];
const releases = ['bullseye', 'bookworm', 'trixie', 'newest'];

/** Only the packages of older releases are for one architecture. */
function setName(release: string, { debian }: Target): string {
  if (release === 'trixie' || release === 'newest') return release;
  return debian.architecture === 's390x' ? `${release}-s390x-cross` : `${release}-${debian.architecture}`;
}

const mostFindings = 20;

/**
 * Compares the changes of every pair and prints a row for each. `asked` lists the architectures, `headers` the headers and
 * `chosen` the releases. An empty list means all of them. Returns the exit code.
 */
export async function judgePairs(
  asked: readonly Target[],
  headers: readonly string[],
  chosen: readonly string[],
): Promise<number> {
  const targets = asked.length > 0 ? asked : architectures.map(targetCalled);
  const lacking = lackingCompilers(targets);
  for (const { compiler } of lacking) console.log(`a compiler is missing; run: apt-get install ${compiler.package}`);
  const used = chosen.length > 0 ? releases.filter((each) => chosen.includes(each)) : releases;
  let good = true;
  for (const target of targets.filter((each) => !lacking.includes(each))) {
    const sets = await headerSets(used.map((release) => setName(release, target)));
    const sides = used.flatMap((release) => {
      const set = sets.get(setName(release, target));
      return set ? [{ release, corpus: openCorpus(set, target) }] : [];
    });
    for (const [index, before] of sides.entries()) {
      for (const after of sides.slice(index + 1)) {
        const verdict = await judgePair(before.corpus, after.corpus, headers);
        const { confirmed, unchecked, different, findings, read, skipped } = verdict;
        const counts = `${read} headers, ${skipped} skipped; ${confirmed} changes confirmed, ${unchecked} unchecked; ${different} names differ; ${findings.length} findings`;
        console.log(tableLine([target.name, `${before.release} → ${after.release}`, counts], [8, 22]));
        for (const finding of findings.slice(0, mostFindings)) console.log(`    ${finding}`);
        good &&= findings.length === 0 && confirmed > 0;
      }
    }
  }
  if (!good) return 1;
  return lacking.length > 0 ? 2 : 0;
}

/** The totals of a pair. A header that the generator or the compiler cannot read is skipped. */
interface PairVerdict extends ChangesVerdict {
  readonly read: number;
  readonly skipped: number;
}

async function judgePair(before: Corpus, after: Corpus, asked: readonly string[]): Promise<PairVerdict> {
  const all = [...new Set([...before.headers, ...after.headers])].sort();
  const headers = asked.length > 0 ? all.filter((each) => asked.includes(each)) : all;
  const progress = new Progress('headers', headers.length);
  const total = { read: 0, skipped: 0, confirmed: 0, unchecked: 0, different: 0, findings: [] as string[] };
  const rest = [...headers];
  const worker = async (): Promise<void> => {
    for (let header = rest.shift(); header !== undefined; header = rest.shift()) {
      const verdict = await judgeHeader(header, before, after);
      progress.add(1);
      if (!verdict) total.skipped++;
      else {
        total.read++;
        total.confirmed += verdict.confirmed;
        total.unchecked += verdict.unchecked;
        total.different += verdict.different;
        total.findings.push(...verdict.findings.map((finding) => `<${header}> ${finding}`));
      }
    }
  };
  await Promise.all([worker(), worker()]);
  progress.end();
  return total;
}

const nothing: CompiledFacts = new Map();

/** Returns the verdict of a header, or undefined if one side cannot be read. */
async function judgeHeader(header: string, before: Corpus, after: Corpus): Promise<ChangesVerdict | undefined> {
  try {
    const [old, now] = [before, after].map((corpus) =>
      corpus.headers.includes(header) ? corpus.model(header) : undefined,
    );
    if (old && now && hasSameFiles(old, now))
      return judgeChanges(diffModels(old, now), { before: nothing, after: nothing });
    const names = new Set([old, now].flatMap((model) => (model ? macroNames(model) : [])));
    const facts = {
      before: old ? await compiledFacts(before.compiler, old, names) : nothing,
      after: now ? await compiledFacts(after.compiler, now, names) : nothing,
    };
    return judgeChanges(changesOf(old, now), facts);
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return undefined;
  }
}

function changesOf(old: Model | undefined, now: Model | undefined): ReturnType<typeof diffModels> {
  if (old && now) return diffModels(old, now);
  if (now) return wholeHeader(now, 'added');
  return old ? wholeHeader(old, 'removed') : [];
}

/** Whether both sides read the same bytes, so that no fact can differ. */
function hasSameFiles(before: Model, after: Model): boolean {
  const [old, now] = [before, after].map(({ sources }) =>
    JSON.stringify(sources.map(({ name, sha256 }) => [name, sha256])),
  );
  return old === now;
}
