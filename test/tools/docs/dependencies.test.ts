/** docs/internals/dependencies.md names the packages of package.json and of docs/package.json, with their licences. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const json = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

interface Manifest {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const text = readFileSync(join(root, 'docs', 'internals', 'dependencies.md'), 'utf8');

/** The packages and the licences of the table below a heading. */
function rowsUnder(heading: string): (readonly [name: string, licence: string])[] {
  const [, section = ''] = text.split(`## ${heading}\n`);
  const [table = ''] = section.split(/^## /m);
  return [...table.matchAll(/^\| `(.*?)` \|(?:[^|]*\|){2} (.*?) \|/gm)].map(([, name = '', licence = '']) => [
    name,
    licence.replace(' or ', ' OR '),
  ]);
}

const manifest = json<Manifest>('package.json');
const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest;
const optional = Object.keys(peerDependencies);
const documentation = Object.keys(json<Manifest>('docs/package.json').devDependencies ?? {});

const tables: readonly (readonly [heading: string, folder: string, names: readonly string[]])[] = [
  ['Of the package', '.', Object.keys(dependencies)],
  ['Optional', '.', optional],
  ['Of the development', '.', Object.keys(devDependencies).filter((name) => !optional.includes(name))],
  ['Of the documentation', 'docs', documentation],
];

describe('docs/internals/dependencies.md', () => {
  it.each(tables)('the table "%s" has the packages of the manifest, and no others', (heading, _, names) => {
    expect(
      rowsUnder(heading)
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([...names].toSorted());
  });

  it('the licences are those of the installed packages', () => {
    const wrong = tables.flatMap(([heading, folder]) =>
      rowsUnder(heading).filter(([name, licence]) => {
        const path = join(folder, 'node_modules', name, 'package.json');
        // The packages of the documentation are installed only where the site is built.
        return existsSync(join(root, path)) && json<Manifest>(path).license !== licence;
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('the packages that an installation gets have no dependencies of their own', () => {
    const more = Object.keys(dependencies).flatMap((name) =>
      Object.keys(json<Manifest>(`node_modules/${name}/package.json`).dependencies ?? {}),
    );
    expect(more).toEqual([]);
  });
});
