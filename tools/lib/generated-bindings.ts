/** The output of `generate` for this machine's headers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '../../generator/cli/generate.js';
import { modelPath, openModel } from '../../generator/core.js';
import { type EmittedFile, modulePath } from '../../generator/emit/modules.js';
import { supportModules } from '../../generator/emit/support.js';
import type { Model } from '../../generator/model/model.js';
import { type Subject, target } from './oracle-compiler.js';
import { inTemporaryFolder } from './temporary-folder.js';

export interface Generated {
  readonly model: Model;
  readonly files: readonly EmittedFile[];
}

/** Generates bindings from this machine's headers through the disk, as a user does. */
export function generateBindings({ header, include }: Subject): Promise<Generated> {
  return inTemporaryFolder({}, async (out) => {
    generate({ header: [header], arch: target, include, out });
    const read = (path: string): string => readFileSync(join(out, path), 'utf8');
    const model = openModel(read(modelPath(target, header)), header);
    const support = supportModules.map((module) => `support/${module}.ts`);
    const paths = [...support, ...model.coveredHeaders.map((name) => `${modulePath(model, name)}.ts`)];
    return { model, files: paths.map((path) => ({ path, text: read(path) })) };
  });
}
