/** The files of bindings: what a list of models becomes on disk, or wherever files are kept. */

import { GeneratorError } from '../errors.js';
import { type Model, withoutComments } from '../model.js';
import { sha256 } from '../source/sha256.js';
import { modelFromJson, modelToJson } from './json.js';
import type { WideStyle } from './members.js';
import { type EmittedFile, emitModules, modulePath, viewsModule } from './typescript.js';

/** A module that stands beside the emitted ones and is the same for all headers. */
export type SupportModule = 'views' | 'big-endian';

/** The text of such a module. */
export type SupportText = (module: SupportModule) => string;

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
  return json.replace(/\n\}\n$/, `,\n  "sha256": "${digestOf(json)}"\n}\n`);
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

/** Every file of a run. Two headers may bring the same third one, which must then come out the same. */
export function filesOf(models: readonly Model[], support: SupportText, u64?: WideStyle): EmittedFile[] {
  const modules = new Set(['views' as const, ...models.map(viewsModule)]);
  const shared = [...modules].map((module) => ({ path: `${module}.ts`, text: support(module) }));
  const files = new Map<string, EmittedFile>(shared.map((file) => [file.path, file]));
  for (const model of models) {
    for (const file of bindingFiles(model, u64)) {
      const other = files.get(file.path);
      if (other && other.text !== file.text) {
        throw new GeneratorError(
          `<${model.header}> makes another ${file.path} than the headers before it; generate it into a folder of its own with --out`,
        );
      }
      files.set(file.path, file);
    }
  }
  return [...files.values()];
}
