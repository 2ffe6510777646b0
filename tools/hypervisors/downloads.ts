/** What the virtual machines consist of: packages of Debian and npm, downloaded once into the user's cache. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userCache } from '../../generator/headers/sets/store.js';
import { type DebianPackage, download, downloaded, unpack } from '../lib/debian-packages.js';
import { call, run } from '../lib/programs.js';

/** Something cannot be downloaded or installed. */
export class MissingError extends Error {}

/** The folder of the downloads. */
const downloads: string = join(dirname(userCache()), 'hypervisors');

/** Returns the folder with the content of a Debian package. The package is downloaded if it is missing. */
export function debianFiles(wanted: Omit<DebianPackage, 'name'>): string {
  const folder = join(downloads, 'debian', nameOf(wanted));
  if (!existsSync(folder)) unpack(debOf(wanted), folder);
  return folder;
}

/** Downloads the packages of Debian that are missing. apt reads an index once for all packages in it. */
export function downloadDebian(wanted: readonly Omit<DebianPackage, 'name'>[]): void {
  const named = wanted.map((each) => ({ ...each, name: nameOf(each) }));
  available(() => download(named, downloads));
}

/**
 * Returns the folder with the content of the package on which a metapackage depends, such as a kernel whose package's name has
 * its version.
 */
export function dependencyFiles(wanted: Omit<DebianPackage, 'name'>, dependency: RegExp): string {
  const depends = run('dpkg-deb', ['-f', debOf(wanted), 'Depends']);
  const name = depends.split(/[ ,]+/).find((word) => dependency.test(word));
  if (name === undefined)
    throw new MissingError(`${wanted.package} depends on no ${dependency}, but on ${depends.trim()}`);
  return debianFiles({ ...wanted, package: name });
}

function debOf(wanted: Omit<DebianPackage, 'name'>): string {
  return available(() => downloaded({ ...wanted, name: nameOf(wanted) }, downloads));
}

function nameOf({ suites, port, package: name }: Omit<DebianPackage, 'name'>): string {
  return `${name}-${port}-${suites[0]}`;
}

/** @throws MissingError with the reason if the download fails. */
function available<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw new MissingError((error as Error).message, { cause: error });
  }
}

/** Returns the folder of an npm package that can be for another processor. It is installed if it is missing. */
export function npmFiles(name: string, version: string): string {
  const folder = join(downloads, 'npm', `${name}@${version}`);
  const installed = join(folder, 'node_modules', name);
  if (!existsSync(join(installed, 'package.json'))) {
    // npm refuses a package for another processor unless it is forced.
    available(() =>
      run('npm', ['install', '--silent', '--no-save', '--force', '--prefix', folder, `${name}@${version}`]),
    );
  }
  return installed;
}

/**
 * Installs a missing program with apt if possible.
 *
 * @throws if it is still missing
 */
export function requireProgram(program: string, debian: string): void {
  const isThere = (): boolean => call(program, ['--version']).error === undefined;
  if (isThere()) return;
  if (process.getuid?.() === 0) {
    console.log(`installing ${debian}`);
    call('apt-get', ['update', '-q']);
    call('apt-get', ['install', '-qy', '--no-install-recommends', debian]);
  }
  if (!isThere()) throw new MissingError(`${program} not found; install the Debian package ${debian}`);
}
