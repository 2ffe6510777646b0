/** The files that a generator run writes for a list of models. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelFromJson, modelToJson } from '../emit/json.js';
import { type EmittedFile, emitModules, modulePath, sharedModules } from '../emit/typescript.js';
import { GeneratorError } from '../errors.js';
import { targets } from '../layout/targets.js';
import type { Model } from '../model.js';
import { sharedSource } from '../source/disk.js';

/** Path of a committed model in the output folder. */
export function modelPath(target: string, header: string): string {
  return `${modulePath({ target }, header)}.model.json`;
}

/** The targets that a folder has bindings of a header for. */
export function recordedTargets(folder: string, header: string): string[] {
  return targets.map(({ name }) => name).filter((name) => existsSync(join(folder, modelPath(name, header))));
}

/** The modules of one model, and the model itself. */
export function bindingFiles(model: Model): EmittedFile[] {
  return [...emitModules(model), { path: modelPath(model.target, model.header), text: sealModel(model) }];
}

/** The model's JSON with a digest of itself at its end: what is not part of any module is guarded by it. */
function sealModel(model: Model): string {
  const json = modelToJson(model);
  return json.replace(/\n\}\n$/, `,\n  "sha256": "${digestOf(json)}"\n}\n`);
}

/** The model in a committed file. @throws GeneratorError when the text is not as it was written. */
export function openModel(text: string, name: string): Model {
  const { sha256, ...model } = modelFromJson(text, name) as Model & { sha256?: unknown };
  if (sha256 !== digestOf(modelToJson(model))) {
    throw new GeneratorError(`${name}: is not as it was written: its sha256 is another one; run 'generate'`);
  }
  return model;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The files that the modules of all models share. */
export function sharedFiles(): EmittedFile[] {
  return sharedModules.map((module) => ({ path: `${module}.ts`, text: sharedSource(module) }));
}

/** Every file of a run. Two headers may bring the same third one, which must then come out the same. */
export function outputFiles(models: readonly Model[]): EmittedFile[] {
  const files = new Map<string, EmittedFile>(sharedFiles().map((file) => [file.path, file]));
  for (const model of models) {
    for (const file of bindingFiles(model)) {
      const other = files.get(file.path);
      if (other && other.text !== file.text) {
        throw new GeneratorError(
          `<${model.header}> makes another ${file.path} than the headers before it; generate it into a folder of its own with --out`,
        );
      }
      files.set(file.path, file);
    }
  }
  refuseCasePairs([...files.keys()]);
  return [...files.values()];
}

/** Paths that only differ in the case of letters are one file to some file systems, and an error to TypeScript. */
function refuseCasePairs(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const other = seen.get(path.toLowerCase());
    if (other) {
      const problem = `${path} and ${other} only differ in the case of letters`;
      throw new GeneratorError(`${problem}; generate one of the headers into a folder of its own with --out`);
    }
    seen.set(path.toLowerCase(), path);
  }
}
