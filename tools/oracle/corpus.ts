/** Compares all headers of a set on one target with the target's compiler. */

import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { analyzeHeader } from '../../generator/analyze/analyze.js';
import { GeneratorError } from '../../generator/errors.js';
import { filesOnDisk, nodeSha256 } from '../../generator/headers/disk.js';
import { identifyIn } from '../../generator/headers/identity.js';
import { type OpenFiles, Resolver } from '../../generator/headers/resolver.js';
import { openSet } from '../../generator/headers/sets/open.js';
import { MODEL_SCHEMA, type Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { type Compiler, compilerOf } from '../lib/compilers.js';
import { libcFolder, type ProvidedSet } from '../lib/header-sets.js';
import { run } from '../lib/programs.js';
import { type Finding, type Inventory, judge, type Verdict } from './judge.js';

/** The headers of one set for one target, and a compiler that reads the same files. */
export interface Corpus {
  readonly target: Target;
  /** The headers, spelled as in an `#include`, sorted. */
  readonly headers: readonly string[];
  readonly compiler: Compiler;
  /** Returns the model of a header. @throws GeneratorError if the header cannot be read. */
  model(header: string): Model;
}

/** Opens a corpus. `open` holds the files that the corpora of a run share. */
export function openCorpus(set: ProvidedSet, target: Target, open: OpenFiles = new Map()): Corpus {
  const opened = openSet(set.root, '', target);
  const { cc, flags } = compilerOf(target);
  const own = run(cc, [...flags, '-print-file-name=include']).trim();
  const roots = [...opened.roots, own, libcFolder(target)];
  const resolver = new Resolver(filesOnDisk, roots, open);
  const identify = identifyIn(opened, opened.has, nodeSha256);
  return {
    target,
    headers: headersIn(opened.roots),
    compiler: { cc, flags: [...flags, '-nostdinc'], include: roots },
    model: (header) => analyzeHeader(header, target, resolver, identify),
  };
}

function headersIn(roots: readonly string[]): string[] {
  const found = roots.flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }));
  const headers = [...new Set(found.filter((path) => path.endsWith('.h')))].sort();
  if (headers.length === 0) throw new Error(`${roots.join(', ')}: no headers found`);
  return headers;
}

/** The totals of a corpus. An item of several headers counts once. */
export interface CorpusVerdict {
  readonly headers: number;
  readonly inventory: Readonly<Record<keyof Inventory, number>>;
  readonly comparisons: number;
  readonly findings: readonly Finding[];
}

/** Compares the headers, in parallel on all processors. `progress` is called with the number of finished headers. */
export async function judgeCorpus(
  corpus: Corpus,
  headers: readonly string[],
  progress: (done: number) => void = () => {},
): Promise<CorpusVerdict> {
  const verdicts = await concurrently(headers, (header) => judgeHeader(corpus, header), progress);
  const count = (what: keyof Inventory): number => new Set(verdicts.flatMap(({ inventory }) => inventory[what])).size;
  const findings = new Map(verdicts.flatMap((verdict) => verdict.findings).map((each) => [JSON.stringify(each), each]));
  return {
    headers: headers.length,
    inventory: {
      types: count('types'),
      members: count('members'),
      enums: count('enums'),
      enumerators: count('enumerators'),
      integers: count('integers'),
      ioctls: count('ioctls'),
    },
    comparisons: verdicts.reduce(
      (sum, { compared: { assertions, types, macros } }) => sum + assertions + types + macros,
      0,
    ),
    findings: [...findings.values()],
  };
}

async function judgeHeader(corpus: Corpus, header: string): Promise<Verdict> {
  try {
    return await judge(corpus.model(header), corpus.compiler);
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    // The empty model lacks everything, so all items of the compiler are missing.
    const verdict = await judge(emptyModel(corpus.target, header), corpus.compiler);
    const unread: Finding = { header, item: '', missing: true, text: error.message };
    return { ...verdict, findings: [unread, ...verdict.findings] };
  }
}

/** Returns a model without declarations. */
export function emptyModel({ name, byteOrder, pointer, nodeArch }: Target, header: string): Model {
  return {
    schema: MODEL_SCHEMA,
    target: name,
    byteOrder,
    pointerSize: pointer.size,
    nodeArch,
    header,
    kernel: null,
    coveredHeaders: [header],
    uses: {},
    origins: [],
    sources: [],
    types: [],
    enums: [],
    constants: [],
    ioctls: [],
    functions: [],
    omissions: [],
  };
}

async function concurrently<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  progress: (done: number) => void,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}
