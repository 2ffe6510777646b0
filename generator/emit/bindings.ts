/** The files of bindings: what a list of models becomes on disk, or wherever files are kept. */

import { GeneratorError } from '../errors.js';
import { sha256 } from '../headers/sha256.js';
import { modelFromJson, modelToJson } from '../model/json.js';
import { type Model, withoutComments } from '../model/model.js';
import { type EmittedFile, emitModules, modulePath, type SharedModule, sharedModules } from './modules.js';
import type { WideStyle } from './references.js';

/** The text of a module that stands beside the emitted ones and is the same for all headers. */
export type SupportText = (module: SharedModule) => string;

/** Path of a model that is kept in the output folder. */
export function modelPath(target: string, header: string): string {
  return `${modulePath({ target }, header)}.model.json`;
}

/** The modules of one model, and the model itself. */
export function bindingFiles(model: Model, u64?: WideStyle): EmittedFile[] {
  return [...emitModules(model, u64), { path: modelPath(model.target, model.header), text: sealModel(model) }];
}

/**
 * The model's JSON with a digest of itself at its end: what is not part of any module is guarded by it. Comments of the
 * header have a licence of their own and are left out.
 */
function sealModel(model: Model): string {
  const json = modelToJson(withoutComments(model));
  return `${json.slice(0, -'\n}\n'.length)},\n  "sha256": "${digestOf(json)}"\n}\n`;
}

/** The model in a file that was written. @throws GeneratorError when the text is not as it was written. */
export function openModel(text: string, name: string): Model {
  const { sha256: digest, ...model } = modelFromJson(text, name) as Model & { sha256?: unknown };
  if (digest !== digestOf(modelToJson(model))) {
    throw new GeneratorError(`${name}: is not as it was written: its sha256 is another one; run 'generate'`);
  }
  return model;
}

function digestOf(text: string): string {
  return sha256(new TextEncoder().encode(text));
}

/** The modules that all others share. */
export function sharedFiles(support: SupportText): EmittedFile[] {
  return sharedModules.map((module) => ({ path: `${module}.ts`, text: support(module) }));
}

/**
 * Every file of a run. Two headers may bring the same third one: where that is asked for too, its module is its own model's,
 * as another header may change it for those who include both; elsewhere it must come out the same.
 */
export function filesOf(models: readonly Model[], support: SupportText, u64?: WideStyle): EmittedFile[] {
  const files = new Map<string, EmittedFile>(sharedFiles(support).map((file) => [file.path, file]));
  const ownPath = (model: Model): string => `${modulePath(model, model.header)}.ts`;
  const owned = new Set(models.map(ownPath));
  for (const model of models) {
    for (const file of bindingFiles(model, u64)) {
      if (owned.has(file.path) && file.path !== ownPath(model)) continue;
      const other = files.get(file.path);
      if (other && other.text !== file.text) throw new GeneratorError(disagreement(model, file.path));
      files.set(file.path, file);
    }
  }
  refuseCasePairs([...files.keys()]);
  return [...files.values()];
}

function disagreement(model: Model, path: string): string {
  const brought = model.covers.find((header) => header !== model.header && `${modulePath(model, header)}.ts` === path);
  const remedy =
    brought === undefined
      ? 'generate it into a folder of its own with --out'
      : `ask for <${brought}> too, with --header ${brought}: then it is as that alone says`;
  return `<${model.header}> makes another ${path} than the headers before it; ${remedy}`;
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
