/** One header in several releases, and the changes between each two of them. */

import type { Change } from '../../generator/diff/changes.js';
import { diffModels, wholeHeader } from '../../generator/diff/diff.js';
import { GeneratorError } from '../../generator/errors.js';
import type { Model } from '../../generator/model/model.js';
import { type ChangesVerdict, judgeChanges } from './changes.js';
import { type CompiledFacts, compiledFacts, macroNames } from './compiled-facts.js';
import { type Corpus, emptyModel } from './corpus.js';

/** The headers of one release for one target. */
export interface Release {
  readonly name: string;
  readonly corpus: Pick<Corpus, 'target' | 'headers' | 'compiler' | 'model'>;
}

/** The verdict about the changes of a header from one release to another. */
interface PairVerdict {
  readonly before: string;
  readonly after: string;
  /** Absent if a side cannot be read. */
  readonly verdict?: ChangesVerdict;
}

export interface HeaderVerdict {
  readonly pairs: readonly PairVerdict[];
  /** The releases in which neither the generator nor the compiler can read the header, with the generator's reason. */
  readonly unread: readonly { readonly release: string; readonly reason: string }[];
}

/** A header in one release. Without a model, the release does not have the header. */
interface Side {
  readonly model?: Model;
  readonly facts: CompiledFacts;
}

/** Compares a header between all releases that have it. The compiler reads each form of the header once. */
export async function judgeHeader(header: string, releases: readonly Release[]): Promise<HeaderVerdict> {
  const read = releases.map((release) => readIn(header, release));
  const names = new Set(read.flatMap(({ model }) => (model ? macroNames(model) : [])));
  const known = new Map<string, CompiledFacts>();
  const sides: (Side | { readonly problem: string })[] = [];
  const unread: { release: string; reason: string }[] = [];
  for (const [index, { name, corpus }] of releases.entries()) {
    const { model, refused } = read[index] as Read;
    const subject = model ?? (refused === undefined ? undefined : emptyModel(corpus.target, header));
    if (!subject) {
      sides.push({ facts: new Map() });
      continue;
    }
    const key = model ? filesOf(model) : `refused in ${name}`;
    const facts = known.get(key) ?? (await factsOrReason(corpus, subject, names));
    if (typeof facts !== 'string') known.set(key, facts);
    if (model && typeof facts !== 'string') sides.push({ model, facts });
    else if (!model && typeof facts === 'string') {
      unread.push({ release: name, reason: refused as string });
      sides.push({ problem: '' });
    } else if (model) sides.push({ problem: `${name}: the compiler cannot read it: ${facts}` });
    else sides.push({ problem: `${name}: the compiler reads it, and the generator does not: ${refused}` });
  }
  return { pairs: pairsOf(releases, sides), unread };
}

interface Read {
  readonly model?: Model;
  /** The reason if the generator cannot read the header. */
  readonly refused?: string;
}

function readIn(header: string, { corpus }: Release): Read {
  if (!corpus.headers.includes(header)) return {};
  try {
    return { model: corpus.model(header) };
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { refused: error.message };
  }
}

async function factsOrReason(
  { compiler }: Release['corpus'],
  model: Model,
  names: ReadonlySet<string>,
): Promise<CompiledFacts | string> {
  try {
    return await compiledFacts(compiler, model, names);
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return error.message;
  }
}

function pairsOf(
  releases: readonly Release[],
  sides: readonly (Side | { readonly problem: string })[],
): readonly PairVerdict[] {
  return releases.flatMap(({ name: before }, first) =>
    releases.slice(first + 1).flatMap(({ name: after }, distance): PairVerdict[] => {
      const both = [sides[first], sides[first + 1 + distance]] as const;
      const problems = both.flatMap((side) => (side && 'problem' in side ? [side.problem] : []));
      if (problems.length > 0) {
        const findings = problems.filter(Boolean);
        if (findings.length === 0) return [{ before, after }];
        return [{ before, after, verdict: { confirmed: 0, unchecked: 0, different: 0, findings } }];
      }
      const [old, now] = both as readonly [Side, Side];
      if (!old.model && !now.model) return [];
      const verdict = judgeChanges(changesOf(old.model, now.model), { before: old.facts, after: now.facts });
      return [{ before, after, verdict }];
    }),
  );
}

function changesOf(old: Model | undefined, now: Model | undefined): readonly Change[] {
  if (old && now) return diffModels(old, now);
  if (now) return wholeHeader(now, 'added');
  return old ? wholeHeader(old, 'removed') : [];
}

/** Returns the names and hashes of the files that a model was read from. Equal files have equal facts. */
function filesOf({ sources }: Model): string {
  return JSON.stringify(sources.map(({ name, sha256 }) => [name, sha256]));
}
