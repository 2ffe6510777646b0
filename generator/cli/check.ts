/**
 * `kvm-uapi generate --check`: checks whether the committed output is correct. The check answers two separate
 * questions. First: do the committed files match the committed model? Second: does the committed model match the
 * headers? The project's own headers, and a named header set, must be the recorded headers. Headers of the distribution
 * that differ do not make the output wrong, because distributions update headers in place.
 */

import { join } from 'node:path';
import { modelPath, openModel } from '../emit/bindings.js';
import { modulePath } from '../emit/modules.js';
import { GeneratorError, MissingHeaderError } from '../errors.js';
import { nodeSha256, readIfThere } from '../headers/disk.js';
import { modelToJson } from '../model/json.js';
import { originText } from '../model/locations.js';
import { type Model, withoutComments } from '../model/model.js';
import { select, selectWithin } from '../model/selection.js';
import { requireStatements } from '../model/statements.js';
import { changesBetween } from './changes-since.js';
import { filesFor, type GenerateOptions, openAll } from './generate.js';
import type { Headers } from './header-options.js';

interface Outcome {
  /**
   * `stale`: the output is wrong. `other headers`: the output is correct, but the distribution's headers on this machine
   * differ from the recorded headers.
   */
  readonly state: 'current' | 'other headers' | 'stale';
  readonly report: string;
}

/** The result for one header on one target. Both are null for the files that headers share. */
export interface HeaderCheck extends Outcome {
  readonly header: string | null;
  readonly target: string | null;
}

export interface CheckResult extends Outcome {
  readonly headers: readonly HeaderCheck[];
}

export function check(options: GenerateOptions): CheckResult {
  const pairs = openAll(options).flatMap((headers) =>
    headers.requested.map(({ name }) => pairOf(options, headers, name)),
  );
  const results = compareFiles(options, comparePairs(options, pairs));
  const worst = (['stale', 'other headers'] as const).find((state) => results.some((result) => result.state === state));
  const report = results.map((result) => result.report).join('\n');
  // A result without a header is about files that several headers share.
  const subjects = results.map((result, index): HeaderCheck => ({ ...subjectAt(pairs, index), ...result }));
  return { state: worst ?? 'current', report, headers: subjects };
}

function subjectAt(pairs: readonly Pair[], index: number): Pick<HeaderCheck, 'header' | 'target'> {
  const pair = pairs[index];
  return { header: pair?.name ?? null, target: pair?.headers.target.name ?? null };
}

/**
 * The recorded model of a header, and the model of the headers on this machine. If one of them cannot be read, its
 * field has the problem.
 */
interface Pair {
  readonly name: string;
  /** Where the header was searched. */
  readonly headers: Headers;
  readonly recorded: Model | Outcome;
  readonly here: Model | MissingHeaderError;
}

interface Compared {
  readonly recorded: Model | null;
  /**
   * The model that the output must match. It has the comments of the headers, if the headers are the recorded headers.
   */
  readonly source: Model | null;
  readonly result: Outcome;
}

function pairOf({ out }: GenerateOptions, headers: Headers, name: string): Pair {
  const recorded = openRecorded(join(out, modelPath(headers.target.name, name)));
  return { name, headers, recorded, here: modelHere(headers, name) };
}

function modelHere(headers: Headers, name: string): Model | MissingHeaderError {
  try {
    return headers.model(name);
  } catch (error) {
    // Without headers, the output can still be compared with the committed model.
    if (error instanceof MissingHeaderError) return error;
    throw error;
  }
}

function openRecorded(path: string): Model | Outcome {
  const text = readIfThere(path);
  if (text === undefined) return { state: 'stale', report: `${path}: not found; run 'generate' first` };
  try {
    return openModel(text, path, nodeSha256);
  } catch (error) {
    if (error instanceof GeneratorError) return { state: 'stale', report: error.message };
    throw error;
  }
}

function comparePairs(
  { selection = {}, statements = {}, from, out }: GenerateOptions,
  pairs: readonly Pair[],
): Compared[] {
  const read = pairs.flatMap(({ here }) => (here instanceof MissingHeaderError ? [] : [here]));
  if (read.length === pairs.length) requireStatements(read, statements);
  const selected = read.length === pairs.length ? select(read, selection) : selectWithin(read, selection);
  const selectedOf = new Map(read.map((model, index) => [model, selected[index] as Model]));
  return pairs.map(({ headers, recorded, here }): Compared => {
    if ('state' in recorded) return { recorded: null, source: null, result: recorded };
    const isOwn = (name: string): boolean => from !== undefined || (headers.isOwn(name) ?? isOfTree(recorded, name));
    if (here instanceof MissingHeaderError)
      return { recorded, source: recorded, result: withoutHeaders(recorded, here, isOwn) };
    const model = selectedOf.get(here) as Model;
    const result = compareWithHeaders(recorded, withoutComments(model), isOwn, diffCommand(out, from));
    return { recorded, source: result.state === 'current' ? model : recorded, result };
  });
}

/**
 * Compares the files on the disk with the files that the recorded models give. A file that differs makes the output
 * stale.
 */
function compareFiles(options: GenerateOptions, compared: readonly Compared[]): Outcome[] {
  const { out, comments = false } = options;
  const sources = compared.flatMap(({ source }) => source ?? []);
  const wrong = new Map<string, string>();
  for (const { path, text } of filesFor(sources, options)) {
    // Models have no comments. Without the recorded headers, the comments in the output cannot be compared.
    const known = !comments || compared.every(({ recorded, source }) => recorded !== source);
    for (const difference of differenceTo(out, path, text, known)) wrong.set(path, difference);
  }
  const results = compared.map(({ recorded, result }): Outcome => {
    const own = recorded ? pathsOf(recorded).flatMap((path) => take(wrong, path)) : [];
    return own.length > 0 ? { state: 'stale', report: own.join('\n') } : result;
  });
  return wrong.size === 0 ? results : [...results, { state: 'stale', report: [...wrong.values()].join('\n') }];
}

function pathsOf(model: Model): string[] {
  return [
    ...model.coveredHeaders.map((header) => `${modulePath(model, header)}.ts`),
    modelPath(model.target, model.header),
  ];
}

function take(wrong: Map<string, string>, path: string): string[] {
  const difference = wrong.get(path);
  wrong.delete(path);
  return difference === undefined ? [] : [difference];
}

function differenceTo(out: string, path: string, expected: string, withDocs: boolean): string[] {
  const found = readIfThere(join(out, path));
  if (found === undefined) return [`${join(out, path)}: not found; run 'generate'`];
  const [was, should] = [found, expected].map((text) => (withDocs ? text : withoutDocs(text)).split('\n'));
  if (!was || !should || was.join('\n') === should.join('\n')) return [];
  const line = should.findIndex((text, index) => text !== was[index]);
  const at = withDocs ? `:${(line === -1 ? should.length : line) + 1}` : '';
  return [`${join(out, path)}${at}: differs from the output of the committed model; run 'generate'`];
}

function withoutDocs(text: string): string {
  return text.replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '');
}

/** Whether a header belongs to the project or to a header set that the user names. It does not change on its own. */
type IsOwn = (header: string) => boolean;

function withoutHeaders(recorded: Model, { problem }: MissingHeaderError, isOwn: IsOwn): Outcome {
  const subject = subjectOf(recorded);
  if (isOwn(recorded.header)) {
    return { state: 'stale', report: `${subject}: the output cannot be compared with the headers: ${problem}` };
  }
  return { state: 'other headers', report: `${subject}: the output matches the committed model; ${problem}` };
}

function subjectOf({ header, target }: Model): string {
  return `<${header}> for ${target}`;
}

/** The properties of a model that the user chose, and what they are. */
const choices = [
  ['selection', 'a different selection'],
  ['define', 'other definitions of macros'],
  ['stated', 'other statements about members and ioctls'],
] as const;

/** Returns the command that shows all changes. */
function diffCommand(out: string, from = '/'): string {
  return `kvm-uapi diff ${out} ${from}`;
}

function compareWithHeaders(recorded: Model, here: Model, isOwn: IsOwn, command: string): Outcome {
  const subject = subjectOf(recorded);
  for (const [key, what] of choices) {
    if (JSON.stringify(recorded[key]) === JSON.stringify(here[key])) continue;
    return { state: 'stale', report: `${subject}: the recorded model has ${what}; run 'generate'` };
  }
  const others = otherHeaders(recorded, here);
  if (others.length === 0) {
    if (modelToJson(here) === modelToJson(recorded)) {
      return { state: 'current', report: `${subject}: the output matches the headers (${identityOf(here)})` };
    }
    const problem = "the recorded model differs from the model of the recorded headers; run 'generate'";
    return {
      state: 'stale',
      report: [`${subject}: ${problem}`, ...changesBetween(recorded, here, command)].join('\n'),
    };
  }
  const changes = [...others.map(({ text }) => text), ...changesBetween(recorded, here, command)];
  if (others.some(({ name }) => isOwn(name))) {
    const problem = "the headers have changed since the output was written; run 'generate'";
    return { state: 'stale', report: [`${subject}: ${problem}`, ...changes].join('\n') };
  }
  const problem = `the headers on this machine (${identityOf(here)}) differ from the recorded headers (${identityOf(recorded)}); the output matches the committed model`;
  return { state: 'other headers', report: [`${subject}: ${problem}`, ...changes].join('\n') };
}

/** Whether a header of a model belongs to no package of the distribution. */
function isOfTree({ sources, origins }: Model, header: string): boolean {
  const source = sources.find(({ name }) => name === header);
  return source !== undefined && origins[source.origin]?.kind === 'tree';
}

function otherHeaders(recorded: Model, here: Model): { readonly name: string; readonly text: string }[] {
  const before = new Map(recorded.sources.map(({ name, sha256 }) => [name, sha256]));
  const now = new Map(here.sources.map(({ name, sha256 }) => [name, sha256]));
  const names = [...new Set([...before.keys(), ...now.keys()])];
  return names.flatMap((name) => {
    if (before.get(name) === now.get(name)) return [];
    const how = !before.has(name) ? 'is read now' : !now.has(name) ? 'is no longer read' : 'has different content';
    return [{ name, text: `  <${name}> ${how}` }];
  });
}

function identityOf(model: Model): string {
  const packages = model.origins.map(originText);
  return [...packages, ...(model.kernel === null ? [] : [`Linux ${model.kernel}`])].join(', ');
}
