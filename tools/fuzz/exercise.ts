/**
 * Imports all modules of the folder in the argument and uses every accessor of every class. `workspace.ts` runs this
 * program.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { View, ViewClass } from '../../support/index.js';
import type { Exercised } from '../lib/typescript-workspace.js';

const [, , folder = '.'] = process.argv;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
let classes = 0;
let accessors = 0;
for (const file of files) {
  const exports = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
  for (const value of Object.values(exports)) {
    if (typeof value !== 'function' || !('$layout' in value)) continue;
    const type = value as unknown as ViewClass<View> & { readonly prototype: object };
    const view = new type(new DataView(new ArrayBuffer(type.$size))) as unknown as Record<string, unknown>;
    for (const [name, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
      if (!get) continue;
      const { [name]: read } = view;
      if (set) view[name] = read;
      accessors++;
    }
    classes++;
  }
}
const exercised: Exercised = { modules: files.length, classes, accessors };
console.log(JSON.stringify(exercised));
