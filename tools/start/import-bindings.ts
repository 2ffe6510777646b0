/** Generated TypeScript, imported at once: types erased, nothing else. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bindings } from '../../runtime/index.js';
import { javaScriptOf } from '../lib/imported-bindings.js';

/** Makes JavaScript of every module below a folder that `generate` wrote to, and imports that of kvm.h. */
export async function importBindings(folder: string): Promise<Bindings> {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    writeFileSync(join(folder, path.replace(/\.ts$/, '.js')), javaScriptOf(readFileSync(join(folder, path), 'utf8')));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return (await import(pathToFileURL(join(folder, 'x86_64', 'linux', 'kvm.js')).href)) as Bindings;
}
