/** Emits the files of bindings: the modules of some models, the models themselves, and the support library. */

import { GeneratorError } from '../errors.js';
import { modelFromJson, modelToJson } from '../model/json.js';
import { type Model, withoutComments } from '../model/model.js';
import { portableSha256, type Sha256 } from '../sha256.js';
import { type EmittedFile, emitModules, type ModuleOptions, modulePath } from './modules.js';
import { copiesFolder, type SupportText, supportModules } from './support.js';

export interface EmitOptions extends Pick<ModuleOptions, 'u64'> {
  /**
   * The support library. With the texts of its modules, copies of them are among the files. Otherwise the folder that emitted
   * modules import it from: relative to the output folder where it begins with `.`, or that of a package.
   */
  readonly support: SupportText | string;
  /** Computes the digests of models; a portable implementation by default. */
  readonly sha256?: Sha256;
}

/** Path of a model that is kept in the output folder. */
export function modelPath(target: string, header: string): string {
  return `${modulePath({ target }, header)}.model.json`;
}

/**
 * The model's JSON with a digest of itself at its end, because no other check covers what is not part of any module. Comments
 * of the header are left out: they have a licence of their own.
 */
function withDigest(model: Model, sha256: Sha256): string {
  const json = modelToJson(withoutComments(model));
  return `${json.slice(0, -'\n}\n'.length)},\n  "sha256": "${digestOf(json, sha256)}"\n}\n`;
}

/** Reads a model that was written with its digest. @throws GeneratorError when the text was changed since. */
export function openModel(text: string, name: string, sha256: Sha256 = portableSha256): Model {
  const { sha256: digest, ...model } = modelFromJson(text, name) as Model & { sha256?: unknown };
  if (digest !== digestOf(modelToJson(model), sha256)) {
    throw new GeneratorError(`${name}: the model was changed: its sha256 does not match its content; run 'generate'`);
  }
  return model;
}

function digestOf(text: string, sha256: Sha256): string {
  return sha256(new TextEncoder().encode(text));
}

/**
 * Every file of a run, as path and text. Two headers may bring the same third one. If that one is asked for too, its module is
 * that of its own model, because another header may change it for those who include both. Otherwise both must give the same
 * module.
 *
 * @throws GeneratorError when the models do not fit into one folder.
 */
export function emitFiles(models: readonly Model[], options: EmitOptions): EmittedFile[] {
  const { support, sha256 = portableSha256, u64 } = options;
  const moduleOptions = {
    support: typeof support === 'string' ? support : copiesFolder,
    ...(u64 === undefined ? {} : { u64 }),
  };
  const copies = typeof support === 'string' ? [] : copiesOf(support);
  const files = new Map<string, EmittedFile>(copies.map((file) => [file.path, file]));
  const ownPath = (model: Model): string => `${modulePath(model, model.header)}.ts`;
  const owned = new Set(models.map(ownPath));
  for (const model of models) {
    for (const file of emitModules(model, moduleOptions)) {
      if (owned.has(file.path) && file.path !== ownPath(model)) continue;
      const other = files.get(file.path);
      if (other && other.text !== file.text) throw new GeneratorError(disagreement(model, file.path));
      files.set(file.path, file);
    }
    const path = modelPath(model.target, model.header);
    files.set(path, { path, text: withDigest(model, sha256) });
  }
  refuseCasePairs([...files.keys()]);
  return [...files.values()];
}

/** The modules of the support library, in the folder of the copies. */
export function copiesOf(support: SupportText): EmittedFile[] {
  return supportModules.map((module) => ({
    path: `${copiesFolder.slice(2)}/${module}.ts`,
    text: support(module),
  }));
}

function disagreement(model: Model, path: string): string {
  const brought = model.coveredHeaders.find(
    (header) => header !== model.header && `${modulePath(model, header)}.ts` === path,
  );
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
