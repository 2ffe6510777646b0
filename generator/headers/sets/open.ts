/** Opens a header set by the name it was imported under, or by its folder, for one target. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HeaderSetError } from '../../errors.js';
import type { Origin } from '../../model/model.js';
import { targetsOf } from '../../targets/architectures.js';
import type { Target } from '../../targets/target.js';
import type { SourceFile } from '../files.js';
import { contentsOf } from './contents.js';
import { placesIn } from './forms.js';
import { importedSets, recordIn } from './store.js';
import { folderTree } from './tree.js';

/** The part of a set that one target reads. */
export interface OpenSet {
  /** Include folders, in the order of search. */
  readonly roots: readonly string[];
  readonly kernel: string;
  readonly origin: Origin;
  /** Whether a file that was found in the roots is one of the set's. */
  has(file: SourceFile): boolean;
}

/**
 * What has a `/` in it, or is `.` or `..`, is a folder; all else is the name of an imported set.
 * @throws HeaderSetError when there is no such set, or it lacks the target's architecture.
 */
export function openSet(nameOrFolder: string, cache: string, target: Target): OpenSet {
  const isFolder = nameOrFolder.includes('/') || nameOrFolder === '.' || nameOrFolder === '..';
  const folder = isFolder ? resolve(nameOrFolder) : join(cache, nameOrFolder);
  if (!isFolder && !existsSync(folder)) {
    const known = importedSets(cache).map(({ name }) => name);
    throw new HeaderSetError(
      `no header set is called '${nameOrFolder}'; ${known.length === 0 ? 'none is imported' : `imported are: ${known.join(', ')}`}; a folder is given as ./${nameOrFolder}`,
    );
  }
  const tree = folderTree(folder);
  const places = placesIn(tree);
  if (places.length === 0) throw new HeaderSetError(`${folder}: ${noSet}`);
  const architecture = target.kernelArchitecture;
  const place = places.find(({ asm }) => asm.has(architecture));
  const asm = place?.asm.get(architecture);
  if (!place || asm === undefined) {
    const has = targetsOf(places.flatMap((each) => [...each.asm.keys()]));
    throw new HeaderSetError(
      `${nameOrFolder}: has no headers for ${target.name}, but for ${has.join(', ')}; choose another set with --from`,
    );
  }
  const roots = [...new Set([asm, place.common])].map((path) => join(folder, path));
  const isInside = ({ path }: SourceFile): boolean => roots.some((root) => path.startsWith(`${root}/`));
  // An imported folder has the set's headers alone, and they are not all read to know what they are.
  const record = recordIn(folder);
  const part = record?.architectures[architecture];
  if (record && part) return { roots, kernel: record.kernel, origin: part.origin, has: isInside };
  const { kernel, common, architectures } = contentsOf(tree, place, architecture);
  const own = architectures.get(architecture);
  return {
    roots,
    kernel,
    origin: own?.origin ?? { kind: 'tree' },
    has: (file) => isInside(file) && (common.has(file.name) || own?.asm.has(file.name) === true),
  };
}

/** What is said of a tree that `placesIn` finds nothing in. */
export const noSet: string =
  "has no headers in a form that is known: no linux/version.h, or no asm/ with it; of a kernel's source give what " +
  "'make headers_install' makes; 'headers import --help' tells the forms";
