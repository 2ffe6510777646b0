/**
 * `kvm-uapi generate --check`: whether the committed output is what it should be. Two questions, and two answers that
 * must not be confused: is the output what the committed model gives, and is the model what its headers give? Headers
 * that are other ones than recorded make no output wrong; distributions update them in place.
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
import { comparisonLines } from '../report/comparison.js';
import { filesFor, type GenerateOptions, openAll } from './generate.js';
import type { Headers } from './header-options.js';

export interface CheckResult {
  /** `stale`: the output is wrong. `other headers`: it is right, for headers that are not the ones here. */
  readonly state: 'current' | 'other headers' | 'stale';
  readonly report: string;
}

export function check(options: GenerateOptions): CheckResult {
  const pairs = openAll(options).flatMap((headers) => headers.names.map((name) => pairOf(options, headers, name)));
  const results = compareFiles(options, comparePairs(options, pairs));
  const worst = (['stale', 'other headers'] as const).find((state) => results.some((result) => result.state === state));
  return { state: worst ?? 'current', report: results.map((result) => result.report).join('\n') };
}

/** The model that was recorded of a header, and that of the headers here; what is wrong with either in its place. */
interface Pair {
  readonly recorded: Model | CheckResult;
  readonly here: Model | MissingHeaderError;
}

interface Compared {
  readonly recorded: Model | null;
  /** What the output must be made from: with the comments of the headers, where these are the recorded ones. */
  readonly source: Model | null;
  readonly result: CheckResult;
}

function pairOf({ out }: GenerateOptions, headers: Headers, name: string): Pair {
  return { recorded: openRecorded(join(out, modelPath(headers.target.name, name))), here: modelHere(headers, name) };
}

function modelHere(headers: Headers, name: string): Model | MissingHeaderError {
  try {
    return headers.model(name);
  } catch (error) {
    // With no headers at hand the output can still be held against the committed model.
    if (error instanceof MissingHeaderError) return error;
    throw error;
  }
}

function openRecorded(path: string): Model | CheckResult {
  const text = readIfThere(path);
  if (text === undefined) return { state: 'stale', report: `${path}: not found; run 'generate' first` };
  try {
    return openModel(text, path, nodeSha256);
  } catch (error) {
    if (error instanceof GeneratorError) return { state: 'stale', report: error.message };
    throw error;
  }
}

function comparePairs({ selection = {} }: GenerateOptions, pairs: readonly Pair[]): Compared[] {
  const read = pairs.flatMap(({ here }) => (here instanceof MissingHeaderError ? [] : [here]));
  const selected = read.length === pairs.length ? select(read, selection) : selectWithin(read, selection);
  const selectedOf = new Map(read.map((model, index) => [model, selected[index] as Model]));
  return pairs.map(({ recorded, here }): Compared => {
    if ('state' in recorded) return { recorded: null, source: null, result: recorded };
    if (here instanceof MissingHeaderError)
      return { recorded, source: recorded, result: withoutHeaders(recorded, here) };
    const model = selectedOf.get(here) as Model;
    const result = compareWithHeaders(recorded, withoutComments(model));
    return { recorded, source: result.state === 'current' ? model : recorded, result };
  });
}

/** The files that the recorded models give, held against those there are; a wrong one is what its model's answer is. */
function compareFiles(options: GenerateOptions, compared: readonly Compared[]): CheckResult[] {
  const { out, comments = false } = options;
  const sources = compared.flatMap(({ source }) => source ?? []);
  const wrong = new Map<string, string>();
  for (const { path, text } of filesFor(sources, options)) {
    // Comments are in no model: without the headers that had them they are not looked at.
    const known = !comments || compared.every(({ recorded, source }) => recorded !== source);
    for (const difference of differenceTo(out, path, text, known)) wrong.set(path, difference);
  }
  const results = compared.map(({ recorded, result }): CheckResult => {
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
  return [`${join(out, path)}${at}: is not what the committed model gives; run 'generate'`];
}

function withoutDocs(text: string): string {
  return text.replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '');
}

function withoutHeaders(recorded: Model, { problem }: MissingHeaderError): CheckResult {
  const report = `${subjectOf(recorded)}: the output is what the committed model gives; ${problem}`;
  return { state: 'other headers', report };
}

function subjectOf({ header, target }: Model): string {
  return `<${header}> for ${target}`;
}

function compareWithHeaders(recorded: Model, here: Model): CheckResult {
  const subject = subjectOf(recorded);
  if (JSON.stringify(recorded.selection) !== JSON.stringify(here.selection)) {
    const report = `${subject}: the recorded model is of another selection; run 'generate' with the same configuration`;
    return { state: 'stale', report };
  }
  const others = otherHeaders(recorded, here);
  if (others.length === 0) {
    if (modelToJson(here) === modelToJson(recorded)) {
      return { state: 'current', report: `${subject}: the output is what the headers give (${identityOf(here)})` };
    }
    const items = comparisonLines(recorded, here);
    return {
      state: 'stale',
      report: [`${subject}: the recorded headers give another model; run 'generate'`, ...items].join('\n'),
    };
  }
  const lines = [
    `${subject}: the headers here are other ones than recorded (here ${identityOf(here)}, recorded ${identityOf(recorded)}); the output is what the committed model gives`,
    ...others,
    ...comparisonLines(recorded, here),
  ];
  return { state: 'other headers', report: lines.join('\n') };
}

function otherHeaders(recorded: Model, here: Model): string[] {
  const before = new Map(recorded.sources.map(({ name, sha256 }) => [name, sha256]));
  const now = new Map(here.sources.map(({ name, sha256 }) => [name, sha256]));
  const names = [...new Set([...before.keys(), ...now.keys()])];
  return names.flatMap((name) => {
    if (before.get(name) === now.get(name)) return [];
    const how = !before.has(name) ? 'is read now' : !now.has(name) ? 'is not read any more' : 'has another content';
    return [`  <${name}> ${how}`];
  });
}

function identityOf(model: Model): string {
  const packages = model.origins.map(originText);
  return [...packages, ...(model.kernel === null ? [] : [`Linux ${model.kernel}`])].join(', ');
}
