/** `kvm-uapi generate`: headers in, TypeScript out. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EmitOptions, emitFiles, modelPath } from '../emit/bindings.js';
import type { WideStyle } from '../emit/module-context.js';
import type { EmittedFile } from '../emit/modules.js';
import { nodeSha256, supportText } from '../headers/disk.js';
import type { OpenFiles } from '../headers/resolver.js';
import type { Model } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { headingOf, summaryOf } from '../report/summary.js';
import { defaultTarget, type TargetName, targetNames } from '../targets/targets.js';
import { type HeaderOptions, type Headers, headersOf, openHeaders } from './header-options.js';
import { writeFiles } from './output.js';

export interface GenerateOptions extends Omit<HeaderOptions, 'arch'> {
  /** The target, or several; without it, all those that `out` has bindings for. */
  readonly arch?: string | readonly string[];
  readonly out: string;
  /** The part of the headers that bindings are made of; all of them without it. */
  readonly selection?: Selection;
  readonly u64?: WideStyle;
  /** The folder that emitted modules import the support library from; without it `out` has copies. */
  readonly support?: string;
}

/** Writes the bindings and returns the summary. */
export function generate(options: GenerateOptions): string {
  const read = openAll(options).flatMap((headers) => headers.names.map((name) => headers.model(name)));
  const models = select(read, options.selection ?? {});
  const files = filesFor(models, options);
  const changed = writeFiles(options.out, files);
  return [
    ...models.map((model) => (models.length === 1 ? summaryOf(model) : headingOf(model))),
    `${options.out}: ${files.length} files, ${changed === 0 ? 'none' : changed} changed`,
  ].join('\n');
}

/** The files that a run writes. @throws GeneratorError when the models do not fit into one folder. */
export function filesFor(
  models: readonly Model[],
  { u64, support = supportText }: Pick<Partial<EmitOptions>, 'u64' | 'support'> = {},
): EmittedFile[] {
  return emitFiles(models, { support, sha256: nodeSha256, ...(u64 === undefined ? {} : { u64 }) });
}

/** The headers of every architecture that a run is about. */
export function openAll(options: GenerateOptions): Headers[] {
  const { arch, header, out } = options;
  const recorded = new Set(headersOf(header).flatMap((name) => recordedTargets(out, name)));
  const names = arch !== undefined ? [arch].flat() : recorded.size > 0 ? [...recorded] : [defaultTarget];
  const open: OpenFiles = new Map();
  return names.map((name) => openHeaders({ ...options, arch: name }, open));
}

/** The targets that a folder has bindings of a header for. */
export function recordedTargets(folder: string, header: string): TargetName[] {
  return targetNames.filter((name) => existsSync(join(folder, modelPath(name, header))));
}
