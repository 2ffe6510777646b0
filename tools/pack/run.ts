/**
 * `npm run pack`: writes the tarball of the package. `npm pack` alone would publish the scripts and the packages that only
 * the development needs, and comments that point to source maps that the tarball does not have.
 *
 * Without `-- --addons`, which needs the compilers for x86-64 and arm64, the addons that were compiled before are packed. Prints the
 * path of the tarball.
 */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { commandOptions } from '../lib/command-options.js';
import { run } from '../lib/programs.js';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function npmPack(folder: string, ...options: string[]): Packed {
  const text = run('npm', ['pack', '--ignore-scripts', '--json', ...options], { cwd: folder });
  const [packed] = JSON.parse(text) as [Packed];
  return packed;
}

/** What a user of the package does not need. */
const developmentKeys = ['scripts', 'devDependencies'];

function publishedManifest(text: string): string {
  const manifest = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `${JSON.stringify(Object.fromEntries(manifest.filter(([key]) => !developmentKeys.includes(key))), null, 2)}\n`;
}

/** Copies a file of the package into the folder to pack. */
function copy(path: string, folder: string): void {
  const [source, target] = [join(packageRoot(), path), join(folder, path)];
  mkdirSync(dirname(target), { recursive: true });
  if (path === 'package.json') writeFileSync(target, publishedManifest(readFileSync(source, 'utf8')));
  else if (/\.(?:js|d\.ts)$/.test(path))
    writeFileSync(target, readFileSync(source, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  else copyFileSync(source, target);
}

const usage = `Usage: npm run pack -- [options]

  --out DIR  the folder of the tarball; the default is the current one
  --addons   compiles the published addons first
`;

const { values } = commandOptions(usage, {
  options: { out: { type: 'string', default: '.' }, addons: { type: 'boolean', default: false } },
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
if (values.addons) run('make', ['-s', '-C', join(packageRoot(), 'runtime', 'native'), 'published']);
const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-pack-'));
try {
  for (const { path } of npmPack(packageRoot(), '--dry-run').files) copy(path, folder);
  console.log(join(out, npmPack(folder, '--pack-destination', out).filename));
} finally {
  rmSync(folder, { recursive: true });
}
