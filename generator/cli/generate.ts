/** `kvm-uapi generate`: reads headers and writes TypeScript. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ChangesOf, semverStep } from '../diff/changes.js';
import { mergeChanges } from '../diff/diff.js';
import { type EmitOptions, emitFiles, modelPath } from '../emit/bindings.js';
import type { WideStyle } from '../emit/module-context.js';
import { type EmittedFile, modulePath } from '../emit/modules.js';
import type { ImportExtension } from '../emit/support.js';
import { nodeSha256, supportText } from '../headers/disk.js';
import type { OpenFiles } from '../headers/resolver.js';
import { originText } from '../model/locations.js';
import { type Model, withoutComments } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { requireStatements } from '../model/statements.js';
import { omissionsOf } from '../report/omissions.js';
import { countRecords, headingOf, summaryOf } from '../report/summary.js';
import { defaultTarget, type TargetName, targetNames } from '../targets/targets.js';
import { changesReport, changesSince } from './changes-since.js';
import { type HeaderOptions, type Headers, headersOf, openHeaders } from './header-options.js';
import { nextSteps } from './next-steps.js';
import { writeFiles } from './output.js';

export interface GenerateOptions extends Omit<HeaderOptions, 'arch'> {
  /** The target, or several targets. The default is every target that has bindings in `out`. */
  readonly arch?: string | readonly string[];
  readonly out: string;
  /** The part of the headers to generate. The default is everything. */
  readonly selection?: Selection;
  readonly u64?: WideStyle;
  /**
   * The folder or package that emitted modules import the support library from. By default, the library is copied to
   * `out`.
   */
  readonly support?: string;
  /** The file extension in the imports of the output. */
  readonly importExtension?: ImportExtension;
}

/** The bindings that a run has written. */
interface WrittenBindings {
  readonly out: string;
  readonly models: readonly Model[];
  readonly files: readonly EmittedFile[];
  /** The paths of the files whose text changed, below `out`. */
  readonly changed: readonly string[];
  /** What changed since the models in `out` were written. */
  readonly changes: readonly ChangesOf[];
}

/** Writes the bindings, completely or not at all. */
function writeBindings(options: GenerateOptions): WrittenBindings {
  const opened = openAll(options);
  const read = opened.flatMap((headers) => headers.requested.map(({ name }) => headers.model(name)));
  requireStatements(read, options.statements ?? {});
  const models = select(read, options.selection ?? {});
  const files = filesFor(models, options);
  const changes = changesSince(options.out, models.map(withoutComments));
  return { out: options.out, models, files, changed: writeFiles(options.out, files), changes };
}

/** Writes the bindings and returns the summary. `config` is the file of the configuration that the options come from. */
export function generate(options: GenerateOptions, config?: string): string {
  const { models, files, changed, changes } = writeBindings(options);
  return [
    ...models.map((model) => (models.length === 1 ? summaryOf(model) : headingOf(model))),
    ...(models.length > 1 ? omittedInAll(models) : []),
    filesLine(options.out, files, changed),
    ...changesReport(options.out, changes),
    ...nextSteps(models, options, config),
  ].join('\n');
}

/** Writes the bindings again, and returns a summary of what changed. */
export function regenerate(options: GenerateOptions): string {
  const { out, files, changed, changes } = writeBindings(options);
  return [filesLine(out, files, changed), ...changesReport(out, changes)].join('\n');
}

/** Returns the number of the files, and of those that changed. */
function filesLine(out: string, files: readonly EmittedFile[], changed: readonly string[]): string {
  return `${out}: ${files.length} files, ${changed.length === 0 ? 'none' : changed.length} changed`;
}

/** Writes the bindings and returns the result as JSON, with the schema `kvm-uapi/generate/1`. */
export function generateJson(options: GenerateOptions): string {
  const { out, models, files, changed, changes: parts } = writeBindings(options);
  const headers = models.map((model) => ({
    header: model.header,
    target: model.target,
    kernel: model.kernel,
    origins: model.origins.map(originText),
    module: `${modulePath(model, model.header)}.ts`,
    model: modelPath(model.target, model.header),
    ...countRecords(model.types),
    enums: model.enums.length,
    constants: model.constants.length,
    ioctls: model.ioctls.length,
    functions: model.functions.length,
    omissions: model.omissions.length,
  }));
  const changes = mergeChanges(parts);
  const paths = files.map(({ path }) => path);
  const step = semverStep(changes);
  const result = { schema: 'kvm-uapi/generate/1', out, headers, files: paths, changed, step, changes };
  return JSON.stringify(result, null, 2);
}

function omittedInAll(models: readonly Model[]): string[] {
  const count = omissionsOf(models).length;
  return count === 0 ? [] : [`omitted: ${count} declarations; 'kvm-uapi omissions' lists them with the reasons`];
}

/** Returns the files of a run. @throws GeneratorError if two models need different files at one path. */
export function filesFor(
  models: readonly Model[],
  { u64, importExtension = '.js', support = supportText }: Partial<EmitOptions> = {},
): EmittedFile[] {
  return emitFiles(models, { support, sha256: nodeSha256, importExtension, ...(u64 === undefined ? {} : { u64 }) });
}

/** Opens the headers of every architecture of a run. */
export function openAll(options: GenerateOptions): Headers[] {
  const { arch, out } = options;
  const recorded = new Set(headersOf(options).flatMap(({ name }) => recordedTargets(out, name)));
  const names = arch !== undefined ? [arch].flat() : recorded.size > 0 ? [...recorded] : [defaultTarget];
  const open: OpenFiles = new Map();
  return names.map((name) => openHeaders({ ...options, arch: name }, open));
}

/** Returns the targets that have bindings of a header in a folder. */
export function recordedTargets(folder: string, header: string): TargetName[] {
  return targetNames.filter((name) => existsSync(join(folder, modelPath(name, header))));
}
