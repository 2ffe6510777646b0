/** Bindings in a folder on disk. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, modelPath } from '../emit/bindings.js';
import type { EmittedFile } from '../emit/modules.js';
import type { WideStyle } from '../emit/references.js';
import { sharedSource } from '../headers/disk.js';
import type { Model } from '../model/model.js';
import { targets } from '../targets/targets.js';

/** The targets that a folder has bindings of a header for. */
export function recordedTargets(folder: string, header: string): string[] {
  return targets.map(({ name }) => name).filter((name) => existsSync(join(folder, modelPath(name, header))));
}

/** Every file of a run. @throws GeneratorError when the models do not go into one folder. */
export function outputFiles(models: readonly Model[], u64?: WideStyle): EmittedFile[] {
  return filesOf(models, sharedSource, u64);
}
