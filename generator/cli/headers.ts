/** `kvm-uapi headers`: lists the header sets of this machine, and imports and removes the user's header sets. */

import { statSync } from 'node:fs';
import { HeaderSetError } from '../errors.js';
import { type CatalogueEntry, catalogue } from '../headers/sets/catalogue.js';
import { type Contents, contentsOf, descriptionOf } from '../headers/sets/contents.js';
import type { Description } from '../headers/sets/description.js';
import { forms, type Place, placesIn } from '../headers/sets/forms.js';
import { noSet } from '../headers/sets/open.js';
import { importedSets, keepSet, removeSets, userCache } from '../headers/sets/store.js';
import { suiteOf } from '../headers/sets/suites.js';
import { folderTree, type HeaderTree, unreadable } from '../headers/sets/tree.js';
import { kernelFolders } from '../kernel/header-packages.js';
import { originText } from '../model/locations.js';
import { byVersion } from '../model/since.js';
import { listing } from '../report/header-sets.js';
import { targetsOf } from '../targets/architectures.js';

export interface CacheOptions {
  /** The folder of the imported sets. The default is the user's cache. */
  readonly cache?: string;
}

export interface ListedSet extends Description {
  /** The value for `--from`: a name or a folder. */
  readonly from: string;
  readonly form: string;
}

/** Returns the installed header sets, then the imported header sets. */
export function headerSets({ cache }: CacheOptions, system = '/'): ListedSet[] {
  const tree = folderTree(system);
  const installed = placesIn(tree).map((place) => {
    const from =
      place.form === 'cross' ? `${system.replace(/\/$/, '')}/${place.common.replace(/\/include$/, '')}` : system;
    return { from, form: place.form, ...descriptionOf(contentsOf(tree, place)) };
  });
  const imported = importedSets(cache ?? userCache()).map(({ name, set }) => ({
    from: cache === undefined ? name : `${cache}/${name}`,
    form: 'imported',
    ...set,
  }));
  return [...installed, ...imported];
}

export interface ListOptions extends CacheOptions {
  readonly json: boolean;
  /** The width of the terminal. Undefined for a pipe. */
  readonly columns?: number | undefined;
}

/** Returns the text of `headers list`: the sets of this machine, and the sets of the catalogue that can be fetched. */
export function listHeaders(options: ListOptions): string {
  const sets = headerSets(options);
  const known = knownSuites(sets);
  if (options.json) return JSON.stringify({ schema: 'kvm-uapi/headers/1', sets, known }, null, 2);
  const rows = sets.map((set) => [
    set.from,
    set.form,
    `Linux ${set.kernel}`,
    originsOf(set).join(', '),
    targetsOf(Object.keys(set.architectures)).join(', '),
  ]);
  const here =
    sets.length === 0
      ? "no kernel headers found; install linux-libc-dev, or download some with 'headers fetch'"
      : listing(['from', 'form', 'kernel', 'package', 'architectures'], rows, options.columns);
  const knownRows = known.map(({ suite, kernels, isHere, targets }) => [
    suite,
    `Linux ${kernels.join(', ')}`,
    isHere ? 'here' : 'not here',
    targets.join(', '),
  ]);
  const suites = listing(['suite', 'kernel', 'state', 'architectures'], knownRows, options.columns);
  return `${here}\n\nKnown sets ('headers fetch <suite>' downloads the newest one of a suite):\n${suites}`;
}

/** The sets of the catalogue that come from one suite of Debian. */
interface KnownSuite {
  readonly suite: string;
  /** The kernel versions, oldest first. */
  readonly kernels: readonly string[];
  /** Whether a set of this machine has the hash of a record. */
  readonly isHere: boolean;
  readonly targets: readonly string[];
}

/** Returns the suites of the catalogue, oldest first. */
function knownSuites(sets: readonly ListedSet[]): KnownSuite[] {
  const here = new Set(sets.flatMap((set) => Object.values(set.architectures).map(({ sha256 }) => sha256)));
  const bySuite = new Map<string, CatalogueEntry[]>();
  for (const entry of catalogue()) {
    if (entry.package !== 'linux-libc-dev') continue;
    const suite = suiteOf(entry);
    bySuite.set(suite, [...(bySuite.get(suite) ?? []), entry]);
  }
  return [...bySuite].map(([suite, entries]) => {
    const isHere = entries.some(({ sha256 }) => Object.values(sha256).some((hash) => here.has(hash)));
    const kernels = [...new Set(entries.map(({ kernel }) => kernel))].sort(byVersion);
    return { suite, kernels, isHere, targets: targetsOf(entries.flatMap(({ sha256 }) => Object.keys(sha256))) };
  });
}

export interface ImportOptions extends CacheOptions {
  /** The name of the set in the cache. The default name has the package's name, version and architecture. */
  readonly name?: string;
}

export interface Imported {
  readonly name: string;
  readonly set: Description;
  /** False if the cache already had the same set. */
  readonly isNew: boolean;
  /**
   * Folders and architectures of the package that the set does not contain: no target reads them, or they are not known
   * to be the kernel's.
   */
  readonly leftOut: readonly string[];
}

/**
 * Imports a folder or a Debian package, completely or not at all. @throws HeaderSetError if the import is not possible.
 */
export async function importSet(source: string, options: ImportOptions): Promise<Imported> {
  const tree = isFolder(source) ? folderTree(source) : await packageTree(source);
  const place = onlyPlace(tree);
  const contents = contentsOf(tree, place);
  const set = descriptionOf(contents);
  const name = options.name ?? nameOf(set);
  const isNew = await keepSet(contents, options.cache ?? userCache(), name);
  return { name, set, isNew, leftOut: leftOutOf(tree, place, contents) };
}

/** Opens a package. The code that unpacks packages is loaded only here, so that other commands start faster. */
async function packageTree(path: string): Promise<HeaderTree> {
  const { debTree } = await import('../headers/sets/deb.js');
  return debTree(path);
}

export async function importHeaders(source: string, options: ImportOptions): Promise<string> {
  return importedText(await importSet(source, options), options);
}

/** Says what was imported, and how to use it. */
export function importedText({ name, set, isNew, leftOut }: Imported, options: ImportOptions): string {
  const targets = targetsOf(Object.keys(set.architectures));
  const from = options.cache === undefined ? name : `${options.cache}/${name}`;
  return [
    `${name}: Linux ${set.kernel}, ${originsOf(set).join(', ')}, for ${targets.join(', ')}`,
    ...(leftOut.length > 0 ? [`  left out  ${leftOut.join(', ')}`] : []),
    `  ${isNew ? 'imported' : 'already imported'}; use it with --from ${from}`,
  ].join('\n');
}

export function removeHeaders(names: readonly string[], { cache }: CacheOptions): string {
  removeSets(cache ?? userCache(), names);
  return names.map((name) => `${name}: removed`).join('\n');
}

/** Returns the forms that an import accepts, for the help text. */
export function formsHelp(): string {
  return ['Forms:', ...forms.map(({ name, about }) => `  ${name.padEnd(18)} ${about}`)].join('\n');
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Returns the only header set of a tree. The tree's own set is preferred over sets for cross compilers. */
function onlyPlace(tree: HeaderTree): Place {
  const places = placesIn(tree);
  const own = places.filter(({ form }) => form !== 'cross');
  const [place, ...others] = own.length > 0 ? own : places;
  if (!place) throw new HeaderSetError(`${tree.name}: ${noSet}`);
  if (others.length > 0) {
    const folders = [place, ...others].map(({ common }) => common);
    throw new HeaderSetError(
      `${tree.name}: contains several header sets: ${folders.join(', ')}; name the folder of one set`,
    );
  }
  return place;
}

/**
 * Returns what an import leaves out. In a package, all headers are the kernel's, so everything else must be reported.
 */
function leftOutOf(tree: HeaderTree, place: Place, { architectures }: Contents): string[] {
  if (!tree.read('DEBIAN/control')) return [];
  const known = new Set<string>([...kernelFolders, 'asm']);
  const folders = tree.list(place.common).filter((name) => !known.has(name) && !name.includes('-linux-'));
  const others = tree.list('usr/lib/linux/uapi').filter((name) => !architectures.has(name));
  return [...folders.map((name) => `${name}/`), ...others];
}

function nameOf({ kernel, architectures }: Description): string {
  const origins = Object.values(architectures).map(({ origin }) => origin);
  const [first] = origins;
  if (first?.kind !== 'package') return `linux_${kernel}_${Object.keys(architectures).join('+')}`;
  const ports = new Set(origins.flatMap((origin) => (origin.kind === 'package' ? [origin.architecture] : [])));
  return `${first.name}_${first.version.replaceAll(':', '%3a')}_${[...ports].join('+')}`;
}

function originsOf({ architectures }: Description): string[] {
  return [...new Set(Object.values(architectures).map(({ origin }) => originText(origin)))];
}
