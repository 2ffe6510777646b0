/**
 * What the tests need of this package, as entries of an archive below `repo`. All modules are compiled, so Vitest transforms
 * nothing: under emulation that would take longer than the tests.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';
import { run } from '../lib/programs.js';
import { type Entry, entriesBelow } from './initramfs.js';

/** The folder of the package in the archive. */
export const productFolder = 'repo';

/** The parts of the package whose modules the tests import. */
const parts = ['generated', 'generator', 'runtime', 'support', 'test', 'tools'];

/** The npm packages that the tests import, and those that the package imports. */
const imported = ['vitest', 'fast-check'];

/** Compiles all modules into `scratch`, and returns the entries of the package and of its tests. The addons must be built. */
export function productEntries(scratch: string): [string, Entry][] {
  const root = packageRoot();
  const below = (folder: string, isWanted: (path: string) => boolean): [string, Entry][] =>
    entriesBelow(join(root, folder), join(productFolder, folder), isWanted);
  return [
    ...programEntries(scratch, join(root, 'build')),
    [join(productFolder, 'build/trace'), { from: join(root, 'build/trace') }],
    // A test runs the programs of this page.
    [join(productFolder, 'docs/tutorial.md'), { from: join(root, 'docs/tutorial.md') }],
    [join(productFolder, 'examples/README.md'), { from: join(root, 'examples/README.md') }],
    // The helpers of the tests are JavaScript that is not compiled, and recorded results.
    ...below('test', (path) => /\.(mjs|json)$/.test(path)),
    ...installedEntries(root),
  ];
}

/** The same without the tests and without npm packages. The addons are in the folder `addons`. */
export function programEntries(scratch: string, addons: string): [string, Entry][] {
  compileInto(scratch);
  const root = packageRoot();
  return [
    [join(productFolder, 'package.json'), { from: join(root, 'package.json') }],
    ...['kvm_uapi.node', 'kvm_uapi_hooks.node'].map((name): [string, Entry] => [
      join(productFolder, 'build', name),
      { from: join(addons, name) },
    ]),
    ...entriesBelow(join(root, 'dist'), join(productFolder, 'dist'), (path) => path.endsWith('.js')),
    ...entriesBelow(scratch, productFolder, (path) => path.endsWith('.js') && parts.includes(path.split('/')[0] ?? '')),
  ];
}

/** Compiles each module beside its source, as it would be in a package that is not built into `dist/`. */
function compileInto(folder: string): void {
  const compiler = join(packageRoot(), 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', 'false', '--sourceMap', 'false', '--declarationMap', 'false', '--outDir', folder];
  run(process.execPath, [compiler, '-p', join(packageRoot(), 'tsconfig.json'), ...options]);
}

/** Returns the entries of the imported npm packages and of all packages that they need. */
function installedEntries(root: string): [string, Entry][] {
  const folders = new Set<string>();
  const addWithDependencies = (folder: string, extra: readonly string[] = []): void => {
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string> | undefined>;
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...extra]) {
      const found = installed(name, folder, root);
      if (found === undefined || folders.has(found)) continue;
      folders.add(found);
      addWithDependencies(found);
    }
  };
  addWithDependencies(root, imported);
  return [...folders].flatMap((folder) =>
    entriesBelow(folder, join(productFolder, folder.slice(root.length + 1)), (path) => !isUnneeded(path)),
  );
}

/** An installed package in a folder of its own, and what no test reads. */
function isUnneeded(path: string): boolean {
  return /(^|\/)node_modules\/|\.(map|md|d\.[cm]?ts)$/.test(path);
}

/** Returns the folder that Node finds for a package's name. Packages for other machines are not installed. */
function installed(name: string, from: string, root: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === root) return undefined;
  }
}
