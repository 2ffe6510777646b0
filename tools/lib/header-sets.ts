/**
 * Provides the header sets that the committed bindings, the tests and the oracle read. They are real packages. apt
 * downloads them from this machine's mirror, and they are imported into a cache in node_modules. apt uses its own
 * folders, so the system does not change.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importSet } from '../../generator/cli/headers.js';
import { catalogue } from '../../generator/headers/sets/catalogue.js';
import { suitesOf } from '../../generator/headers/sets/suites.js';
import { targetsOf } from '../../generator/targets/architectures.js';
import type { Target } from '../../generator/targets/target.js';
import { cache, type DebianPackage, debOf, download, downloaded, unpack } from './debian-packages.js';

/** The sets that the tests read, by their names in the catalogue. */
export const headerSetNames = [
  'bullseye-amd64',
  'bullseye-arm64',
  'bookworm-amd64',
  'bookworm-arm64',
  'bookworm-s390x',
  'trixie',
  'trixie-s390x-cross',
  'newest',
] as const;

export type HeaderSetName = (typeof headerSetNames)[number];

/**
 * Returns the source of a name. A name is a suite, followed by the port if the package is for one port. It ends in
 * `cross` for a package for cross compilers, and in `libc` for the C library of cross compilers.
 */
function sourceOf(name: string): DebianPackage {
  const [suite = name, port = 'amd64', kind] = name.split('-');
  const suites = suitesOf(suite);
  if (kind === 'libc') return { name, suites, package: `libc6-dev-${port}-cross`, port: 'amd64' };
  if (kind === 'cross') return { name, suites, package: `linux-libc-dev-${port}-cross`, port: 'amd64' };
  return { name, suites, package: 'linux-libc-dev', port };
}

export interface ProvidedSet {
  /** The imported set, as a value for `--from`. */
  readonly root: string;
  /** The Debian package from which the set was imported. */
  readonly deb: string;
  /** The version of the package. */
  readonly version: string;
  /** The kernel version. */
  readonly kernel: string;
  /** The names of the targets with headers in the set. */
  readonly architectures: readonly string[];
  /** The parts of the package that the import left out. */
  readonly leftOut: readonly string[];
  /** Returns the include folders of a target's headers, in search order. */
  includeFolders(target: { readonly kernelArchitecture: string }): readonly string[];
}

const provided = new Map<string, Promise<ProvidedSet>>();

/** Returns a set. Rejects with the reason if the package is not in the cache and cannot be downloaded. */
export function headerSet(name: string): Promise<ProvidedSet> {
  const set = provided.get(name) ?? provide(name);
  provided.set(name, set);
  return set;
}

/** Returns several sets by name. Sets without a Debian package are left out. */
export async function headerSets(names: readonly string[]): Promise<ReadonlyMap<string, ProvidedSet>> {
  const packages = names.map(sourceOf);
  download(packages);
  const offered = packages.filter((each) => debOf(each) !== undefined);
  const sets = new Map<string, ProvidedSet>();
  for (const { name } of offered) sets.set(name, await headerSet(name));
  return sets;
}

async function provide(name: string): Promise<ProvidedSet> {
  const deb = downloaded(sourceOf(name));
  const sets = join(cache, 'headers');
  const { set, leftOut } = await importSet(deb, { cache: sets, name });
  const [part] = Object.values(set.architectures);
  if (part?.origin.kind !== 'package') throw new Error(`${deb}: names no package`);
  const { version } = part.origin;
  const recorded = catalogue().find((entry) => entry.name === name && entry.version === version);
  for (const [kernel, { sha256 }] of recorded ? Object.entries(set.architectures) : []) {
    if (recorded?.sha256[kernel] !== sha256)
      throw new Error(`${deb}: the catalogue has a different hash for ${kernel}`);
  }
  const root = join(sets, name);
  return {
    root,
    deb,
    version,
    kernel: set.kernel,
    architectures: targetsOf(Object.keys(set.architectures)),
    leftOut,
    includeFolders: ({ kernelArchitecture }) => [
      join(root, 'usr/lib/linux/uapi', kernelArchitecture),
      join(root, 'usr/include'),
    ],
  };
}

/**
 * Returns the folder of the C library's headers for a target. These headers are not a header set, but some kernel
 * headers include them. Their version does not depend on the installed packages.
 */
export function libcFolder(target: Target): string {
  const name = libcName(target);
  const folder = join(cache, 'libc', name);
  if (!existsSync(folder)) unpack(downloaded(sourceOf(name)), folder);
  // The folder has the compiler's name: `i686-linux-gnu`. The port is called `i386-linux-gnu`.
  const triplet = readdirSync(join(folder, 'usr')).find((each) => existsSync(join(folder, 'usr', each, 'include')));
  if (triplet === undefined) throw new Error(`${folder}: the package has no headers`);
  return join(folder, 'usr', triplet, 'include');
}

/** Returns the name of the package of those headers, in the form of the names of sets. */
export function libcName({ debian }: Target): string {
  return `bookworm-${debian.architecture}-libc`;
}

/**
 * Returns the reason why a set is not available, or undefined if it is available. The titles of skipped tests contain
 * the reason.
 */
export function whyMissing(name: string): string | undefined {
  try {
    downloaded(sourceOf(name));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
