/** Bindings of installed headers, generated and imported by a test. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emitFiles, installedHeaders, modulePath, supportText } from '../../generator/index.js';
import type { AnyBindings } from '../../runtime/index.js';
import { javaScriptOf } from '../../tools/lib/imported-bindings.js';
import { folderOf } from './cli.js';

/** The exports of a generated module by name. The compiler does not know this module. */
export interface InstalledBindings {
  readonly $target: AnyBindings['$target'];
  readonly [name: string]: unknown;
}

/** Generates bindings of a header of this machine and imports them. */
export async function installedBindings(header: string): Promise<InstalledBindings> {
  const model = installedHeaders().model(header);
  const folder = folderOf({ 'package.json': '{ "type": "module" }' });
  for (const { path, text } of emitFiles([model], { support: supportText })) {
    if (!path.endsWith('.ts')) continue;
    const file = join(folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, javaScriptOf(text));
  }
  return (await import(pathToFileURL(join(folder, `${modulePath(model, header)}.js`)).href)) as InstalledBindings;
}
