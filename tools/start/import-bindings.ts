/** Imports generated TypeScript without a build: only the types are erased. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bindings } from '../../runtime/x86_64.js';
import { javaScriptOf } from '../lib/imported-bindings.js';

/** Erases the types of every module below the output folder of `generate`, and imports the module of kvm.h. */
export async function importBindings(folder: string): Promise<Bindings> {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    writeFileSync(join(folder, path.replace(/\.ts$/, '.js')), javaScriptOf(readFileSync(join(folder, path), 'utf8')));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return (await import(pathToFileURL(join(folder, 'x86_64', 'linux', 'kvm.js')).href)) as Bindings;
}
