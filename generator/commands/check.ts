/**
 * `kvm-uapi generate --check`: whether the committed output is what it should be. Two questions, and two answers that
 * must not be confused: is the output what the committed model gives, and is the model what its headers give? Headers
 * that are other ones than recorded make no output wrong; distributions update them in place.
 */

import { join } from 'node:path';
import { modelToJson } from '../emit/json.js';
import { GeneratorError, MissingHeaderError } from '../errors.js';
import type { Model } from '../model.js';
import { readIfThere } from '../output.js';
import { diffModels } from '../report/diff.js';
import { bindingFiles, modelPath, openModel, sharedFiles } from './bindings.js';
import { type GenerateOptions, openAll } from './generate.js';
import type { Headers } from './headers.js';

export interface CheckResult {
  /** `stale`: the output is wrong. `other headers`: it is right, for headers that are not the ones here. */
  readonly state: 'current' | 'other headers' | 'stale';
  readonly report: string;
}

export function check(options: GenerateOptions): CheckResult {
  const { out } = options;
  const results = openAll(options).flatMap((headers) =>
    headers.names.map((name): CheckResult => {
      const opened = openRecorded(join(out, modelPath(headers.target.name, name)));
      if ('state' in opened) return opened;
      return checkModel(opened, headers, out);
    }),
  );
  const shared = sharedFiles().flatMap((file) => differenceTo(out, file.path, file.text));
  if (shared.length > 0) results.push({ state: 'stale', report: shared.join('\n') });
  const worst = (['stale', 'other headers'] as const).find((state) => results.some((result) => result.state === state));
  return { state: worst ?? 'current', report: results.map((result) => result.report).join('\n') };
}

function openRecorded(path: string): Model | CheckResult {
  const text = readIfThere(path);
  if (text === undefined) return { state: 'stale', report: `${path}: is not there; run 'generate' first` };
  try {
    return openModel(text, path);
  } catch (error) {
    if (error instanceof GeneratorError) return { state: 'stale', report: error.message };
    throw error;
  }
}

function checkModel(recorded: Model, headers: Headers, out: string): CheckResult {
  const wrong = bindingFiles(recorded).flatMap((file) => differenceTo(out, file.path, file.text));
  if (wrong.length > 0) return { state: 'stale', report: wrong.join('\n') };
  return compareWithHeaders(recorded, headers);
}

function differenceTo(out: string, path: string, expected: string): string[] {
  const found = readIfThere(join(out, path));
  if (found === expected) return [];
  if (found === undefined) return [`${join(out, path)}: is not there; run 'generate'`];
  const [was, should] = [found.split('\n'), expected.split('\n')];
  const line = should.findIndex((text, index) => text !== was[index]);
  const at = line === -1 ? should.length : line + 1;
  return [`${join(out, path)}:${at}: is not what the committed model gives; run 'generate'`];
}

function compareWithHeaders(recorded: Model, headers: Headers): CheckResult {
  const subject = `<${recorded.header}> for ${recorded.target}`;
  let here: Model;
  try {
    here = headers.model(recorded.header);
  } catch (error) {
    // With no headers at hand the output can still be held against the committed model, and that was done.
    if (error instanceof MissingHeaderError) {
      return {
        state: 'other headers',
        report: `${subject}: the output is what the committed model gives; ${error.problem}`,
      };
    }
    throw error;
  }
  const others = otherHeaders(recorded, here);
  if (others.length === 0) {
    if (modelToJson(here) === modelToJson(recorded)) {
      return { state: 'current', report: `${subject}: the output is what the headers give (${identityOf(here)})` };
    }
    const items = describeDifferences(recorded, here);
    return {
      state: 'stale',
      report: [`${subject}: the recorded headers give another model; run 'generate'`, ...items].join('\n'),
    };
  }
  const lines = [
    `${subject}: the headers here are other ones than recorded (here ${identityOf(here)}, recorded ${identityOf(recorded)}); the output is what the committed model gives`,
    ...others,
    ...describeDifferences(recorded, here),
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

const mostDifferences = 40;

function describeDifferences(before: Model, after: Model): string[] {
  const differences = diffModels(before, after);
  if (differences.length === 0) return ['  no declaration is different'];
  const lines = differences.slice(0, mostDifferences).map(({ item, change }) => `  ${item}: ${change}`);
  const rest = differences.length - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more`] : lines;
}

function identityOf(model: Model): string {
  const packages = model.origins.map((origin) =>
    origin.kind === 'package' ? `${origin.name} ${origin.version}` : 'a source tree',
  );
  return [...packages, ...(model.kernel === null ? [] : [`Linux ${model.kernel}`])].join(', ');
}
