/** The files that a generator run writes for a list of models. */

import { createHash } from 'node:crypto';
import { modelToJson } from '../emit/json.js';
import { type EmittedFile, emitModules, modulePath } from '../emit/typescript.js';
import { GeneratorError } from '../errors.js';
import type { Model } from '../model.js';
import { viewsSource } from '../source/disk.js';

/** Path of a committed model in the output folder. */
export function modelPath(target: string, header: string): string {
  return `${modulePath({ target }, header)}.model.json`;
}

/** The modules of one model, and the model itself. */
export function bindingFiles(model: Model): EmittedFile[] {
  const json = modelToJson(model);
  const digest = createHash('sha256').update(json).digest('hex');
  return [...emitModules(model, digest), { path: modelPath(model.target, model.header), text: json }];
}

/** Every file of a run. Two headers may bring the same third one, which must then come out the same. */
export function outputFiles(models: readonly Model[]): EmittedFile[] {
  const files = new Map<string, EmittedFile>([['views.ts', { path: 'views.ts', text: viewsSource() }]]);
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
  return [...files.values()];
}
