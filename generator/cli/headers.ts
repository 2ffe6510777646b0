/** `kvm-uapi headers`: lists the header sets of this machine, and imports and removes those of the user. */

import { statSync } from 'node:fs';
import { HeaderSetError } from '../errors.js';
import { type Contents, contentsOf, descriptionOf } from '../headers/sets/contents.js';
import type { Description } from '../headers/sets/description.js';
import { forms, type Place, placesIn } from '../headers/sets/forms.js';
import { noSet } from '../headers/sets/open.js';
import { importedSets, keepSet, removeSets, userCache } from '../headers/sets/store.js';
import { folderTree, type HeaderTree, unreadable } from '../headers/sets/tree.js';
import { kernelFolders } from '../kernel/header-packages.js';
import { originText } from '../model/locations.js';
import { table } from '../report/table.js';
import { targetsOf } from '../targets/architectures.js';

export interface CacheOptions {
  /** The folder of imported sets; the user's own cache without it. */
  readonly cache?: string;
}

export interface ListedSet extends Description {
  /** As `--from` takes it: a name, or a folder. */
  readonly from: string;
  readonly form: string;
}

/** The sets installed on this machine, then the imported ones. */
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

export function listHeaders(options: CacheOptions & { readonly json: boolean }): string {
  const sets = headerSets(options);
  if (options.json) return JSON.stringify(sets, null, 2);
  if (sets.length === 0) return "no kernel headers here; install linux-libc-dev, or 'headers import' a package of it";
  const rows = sets.map((set) => [
    set.from,
    set.form,
    `Linux ${set.kernel}`,
    originsOf(set).join(', '),
    targetsOf(Object.keys(set.architectures)).join(', '),
  ]);
  return table([['from', 'form', 'kernel', 'package', 'architectures'], ...rows]);
}

export interface ImportOptions extends CacheOptions {
  /** The name of the set in the cache; without it that of the package, with version and architecture. */
  readonly name?: string;
}

export interface Imported {
  readonly name: string;
  readonly set: Description;
  /** False when the same set was there before. */
  readonly isNew: boolean;
  /** Folders and architectures of the package that no target reads or that are not known to be the kernel's. */
  readonly leftOut: readonly string[];
}

/** Imports a folder or a Debian package, whole or not at all. @throws HeaderSetError when it is not possible. */
export async function importSet(source: string, options: ImportOptions): Promise<Imported> {
  const tree = isFolder(source) ? folderTree(source) : await packageTree(source);
  const place = onlyPlace(tree);
  const contents = contentsOf(tree, place);
  const set = descriptionOf(contents);
  const name = options.name ?? nameOf(set);
  const isNew = await keepSet(contents, options.cache ?? userCache(), name);
  return { name, set, isNew, leftOut: leftOutOf(tree, place, contents) };
}

/** What unpacks packages is loaded by itself, as no other command waits for it. */
async function packageTree(path: string): Promise<HeaderTree> {
  const { debTree } = await import('../headers/sets/deb.js');
  return debTree(path);
}

export async function importHeaders(source: string, options: ImportOptions): Promise<string> {
  const { name, set, isNew, leftOut } = await importSet(source, options);
  const targets = targetsOf(Object.keys(set.architectures));
  const from = options.cache === undefined ? name : `${options.cache}/${name}`;
  return [
    `${name}: Linux ${set.kernel}, ${originsOf(set).join(', ')}, for ${targets.join(', ')}`,
    ...(leftOut.length > 0 ? [`  left out  ${leftOut.join(', ')}`] : []),
    `  ${isNew ? 'imported' : 'was there'}; use it with --from ${from}`,
  ].join('\n');
}

export function removeHeaders(names: readonly string[], { cache }: CacheOptions): string {
  removeSets(cache ?? userCache(), names);
  return names.map((name) => `${name}: removed`).join('\n');
}

/** The forms that an import takes, for the help. */
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

/** The set of a tree: its own, not those for cross compilers, where it has both. */
function onlyPlace(tree: HeaderTree): Place {
  const places = placesIn(tree);
  const own = places.filter(({ form }) => form !== 'cross');
  const [place, ...others] = own.length > 0 ? own : places;
  if (!place) throw new HeaderSetError(`${tree.name}: ${noSet}`);
  if (others.length > 0) {
    const folders = [place, ...others].map(({ common }) => common);
    throw new HeaderSetError(`${tree.name}: has several header sets: ${folders.join(', ')}; give the folder of one`);
  }
  return place;
}

/** In a package all headers are the kernel's, and what is left out must be said. */
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
