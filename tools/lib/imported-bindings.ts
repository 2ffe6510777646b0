/** Imports emitted modules as JavaScript. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'rolldown/utils';
import { modulePath } from '../../generator/emit/modules.js';
import type { Model } from '../../generator/model/model.js';
import type { View, ViewClass } from '../../support/index.js';
import type { Generated } from './generated-bindings.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** The exports of a module, by name. */
export type Exports = Readonly<Record<string, unknown>>;

export interface Bindings {
  readonly model: Model;
  readonly exports: Exports;
}

/** Removes the types from emitted modules and imports the module of the model's header. */
export function importBindings({ model, files }: Generated): Promise<Bindings> {
  return inTemporaryFolder({}, async (folder) => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    for (const { path, text } of files) {
      if (!path.endsWith('.ts')) continue;
      const file = join(folder, path.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, javaScriptOf(text));
    }
    const url = pathToFileURL(join(folder, `${modulePath(model, model.header)}.js`)).href;
    return { model, exports: (await import(/* @vite-ignore */ url)) as Exports };
  });
}

const erased = new Map<string, string>();

/**
 * Removes the types from a module. The result is cached, because all models share the modules of the support library.
 * Rolldown needs a twentieth of the time of TypeScript.
 */
export function javaScriptOf(text: string): string {
  let known = erased.get(text);
  if (known === undefined) {
    const { code, errors } = transformSync('module.ts', text);
    if (errors.length > 0) throw new Error(`a module is not TypeScript: ${errors[0]?.message}`);
    known = code;
    erased.set(text, known);
  }
  return known;
}

/** Returns an export that is a class of views, or undefined if it is missing or something else. */
export function classCalled(exports: Exports, name: string): ViewClass<View> | undefined {
  const value = exports[name];
  return typeof value === 'function' && '$layout' in value ? (value as unknown as ViewClass<View>) : undefined;
}
