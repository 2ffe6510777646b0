/** A run with a cache gives the result of a run without one, and reads only what has changed. */

import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Impact } from '../../../generator/impact/findings.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { after, before, impactOn, projectWith, usesIn, writeBindings } from '../../helpers/impact-project.js';

/** Changes all stored findings of a file, so that a result shows whether they were used. */
function mark(cache: string, name: string): void {
  const [file = ''] = readdirSync(cache);
  const path = join(cache, file);
  const stored = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, { findings: unknown }> };
  for (const [each, known] of Object.entries(stored.files)) {
    if (each.endsWith(name)) known.findings = { uses: [], errors: [] };
  }
  writeFileSync(path, JSON.stringify(stored));
}

it('a changed file and the files that import it are read again, and no others', async () => {
  const cache = temporaryFolder();
  const folder = projectWith(before);
  const inFile = ({ uses }: Impact, name: string): number => uses.filter(({ file }) => file.endsWith(name)).length;
  const first = await impactOn(folder, cache);
  expect(await impactOn(folder, cache)).toEqual(first);

  for (const name of ['/types.ts', '/reexports.ts', '/through.ts', '/classes.ts']) mark(cache, name);
  appendFileSync(join(folder, 'src', 'reexports.ts'), '// A comment.\n');
  const second = await impactOn(folder, cache);
  expect(inFile(second, '/reexports.ts')).toBe(inFile(first, '/reexports.ts'));
  expect(inFile(second, '/through.ts')).toBe(inFile(first, '/through.ts'));
  expect(inFile(second, '/types.ts')).toBe(0);
  expect(inFile(second, '/classes.ts')).toBe(0);
});

it.each<[string, (folder: string) => void]>([
  ['the bindings change', (folder) => writeBindings(folder, after)],
  ['a file is new', (folder) => writeFileSync(join(folder, 'src', 'new.ts'), "export * from './types.js';\n")],
  ['a file is removed', (folder) => rmSync(join(folder, 'src', 'types.ts'))],
])('all files are read again if %s', async (_, change) => {
  const cache = temporaryFolder();
  const folder = projectWith(before);
  await impactOn(folder, cache);
  mark(cache, '/classes.ts');
  change(folder);
  const found = await impactOn(folder, cache);
  expect(usesIn(folder, found)).toEqual(usesIn(folder, await impactOn(folder)));
});

it('a cache that cannot be read or written is ignored', async () => {
  const cache = temporaryFolder();
  const folder = projectWith(before);
  const first = await impactOn(folder, cache);
  const [file = ''] = readdirSync(cache);
  writeFileSync(join(cache, file), '{');
  expect(await impactOn(folder, cache)).toEqual(first);
  expect(await impactOn(folder, join(folder, 'tsconfig.json', 'below'))).toEqual(first);
  // Node's recursive mkdir does not return for such a path.
  expect(await impactOn(folder, '/proc/kvm-uapi/below')).toEqual(first);
});
