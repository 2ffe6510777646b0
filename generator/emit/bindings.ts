/** Emits the files of bindings: the modules of several models, the models themselves, and the support library. */

import { GeneratorError } from '../errors.js';
import { modelFromJson, modelToJson } from '../model/json.js';
import { type Model, withoutComments } from '../model/model.js';
import type { Sha256 } from '../sha256.js';
import { type EmittedFile, emitModules, type ModuleOptions, modulePath } from './modules.js';
import {
  copiesFolder,
  type ImportExtension,
  type SupportText,
  supportModules,
  withImportExtension,
} from './support.js';

export interface EmitOptions extends Pick<ModuleOptions, 'u64' | 'importExtension'> {
  /**
   * The support library. If this is a function that returns the texts of the modules, the files include copies of them.
   * If this is a string, it is the folder or package that emitted modules import the library from. A string that begins
   * with `.` is a folder relative to the output folder. Any other string is a package.
   */
  readonly support: SupportText | string;
  /** Computes the digests of models. */
  readonly sha256: Sha256;
}

/** Returns the path of a model in the output folder. */
export function modelPath(target: string, header: string): string {
  return `${modulePath({ target }, header)}.model.json`;
}

/**
 * Returns the model's JSON with a digest of itself at its end. No other check covers the parts of a model that are not
 * in a module. Comments of the header are left out, because they have their own licence.
 */
function withDigest(model: Model, sha256: Sha256): string {
  const json = modelToJson(withoutComments(model));
  return `${json.slice(0, -'\n}\n'.length)},\n  "sha256": "${digestOf(json, sha256)}"\n}\n`;
}

/** Reads a model that was written with its digest. @throws GeneratorError if the text was changed since then. */
export function openModel(text: string, name: string, sha256: Sha256): Model {
  const { sha256: digest, ...model } = modelFromJson(text, name) as Model & { sha256?: unknown };
  if (digest !== digestOf(modelToJson(model), sha256)) {
    throw new GeneratorError(
      `${name}: the model was changed, because its sha256 does not match its content; run 'generate'`,
    );
  }
  return model;
}

function digestOf(text: string, sha256: Sha256): string {
  return sha256(new TextEncoder().encode(text));
}

/** Returns every file of a run. The core's function of the same name has the rules. */
export function emitFiles(models: readonly Model[], options: EmitOptions): EmittedFile[] {
  const { support, sha256, u64, importExtension = '.js' } = options;
  const moduleOptions = {
    support: typeof support === 'string' ? support : copiesFolder,
    importExtension,
    ...(u64 === undefined ? {} : { u64 }),
  };
  const copies = typeof support === 'string' ? [] : copiesOf(support, importExtension);
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

/** Returns copies of the modules of the support library. */
export function copiesOf(support: SupportText, importExtension: ImportExtension = '.js'): EmittedFile[] {
  return supportModules.map((module) => ({
    path: `${copiesFolder.slice(2)}/${module}.ts`,
    text: withImportExtension(support(module), importExtension),
  }));
}

function disagreement(model: Model, path: string): string {
  const brought = model.coveredHeaders.find(
    (header) => header !== model.header && `${modulePath(model, header)}.ts` === path,
  );
  const remedy =
    brought === undefined
      ? 'use --out to generate it into a separate folder'
      : `add --header ${brought}, so that the module comes from <${brought}> alone`;
  return `<${model.header}> gives a different ${path} than an earlier header; ${remedy}`;
}

/**
 * Refuses paths that differ only in the case of letters. Some file systems treat them as one file, and TypeScript
 * reports an error.
 */
function refuseCasePairs(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const other = seen.get(path.toLowerCase());
    if (other) {
      const problem = `${path} and ${other} differ only in the case of letters`;
      throw new GeneratorError(`${problem}; use --out to generate one of the headers into a separate folder`);
    }
    seen.set(path.toLowerCase(), path);
  }
}
