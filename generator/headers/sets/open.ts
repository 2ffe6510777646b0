/** Opens a header set for one target, by the name of an imported set or by a folder. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HeaderSetError } from '../../errors.js';
import type { Origin } from '../../model/model.js';
import { targetsOf } from '../../targets/architectures.js';
import type { Target } from '../../targets/target.js';
import type { SourceFile } from '../files.js';
import { identified } from './contents.js';
import { placesIn } from './forms.js';
import { importedSets, recordIn } from './store.js';
import { folderTree } from './tree.js';

/** The part of a set that one target reads. */
export interface OpenSet {
  /** Include folders, in search order. */
  readonly roots: readonly string[];
  readonly kernel: string;
  readonly origin: Origin;
  /** Whether a file in the folders belongs to the set. */
  has(file: SourceFile): boolean;
}

/**
 * Opens a header set. A value with a `/`, and the values `.` and `..`, are folders. Any other value is the name of an
 * imported set.
 * @throws HeaderSetError if the set does not exist or does not have the target's architecture.
 */
export function openSet(nameOrFolder: string, cache: string, target: Target): OpenSet {
  const isFolder = nameOrFolder.includes('/') || nameOrFolder === '.' || nameOrFolder === '..';
  const folder = isFolder ? resolve(nameOrFolder) : join(cache, nameOrFolder);
  if (!isFolder && !existsSync(folder)) {
    const known = importedSets(cache).map(({ name }) => name);
    throw new HeaderSetError(
      `header set '${nameOrFolder}' not found; ${known.length === 0 ? 'no set is imported' : `the imported sets are ${known.join(', ')}`}; write ./${nameOrFolder} for a folder`,
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
      `${nameOrFolder}: has no headers for ${target.name}, only for ${has.join(', ')}; choose another set with --from`,
    );
  }
  const roots = [...new Set([asm, place.common])].map((path) => join(folder, path));
  const isInside = ({ path }: SourceFile): boolean => roots.some((root) => path.startsWith(`${root}/`));
  // An imported folder contains only the set's headers. They do not need to be read to identify the set.
  const record = recordIn(folder);
  const part = record?.architectures[architecture];
  if (record && part) return { roots, kernel: record.kernel, origin: part.origin, has: isInside };
  const { kernel, origin, has } = identified(tree, place, architecture);
  return { roots, kernel, origin, has: (file) => isInside(file) && has(file.name) };
}

/** The error text for a tree in which `placesIn` finds no set. */
export const noSet: string =
  'contains no headers in a known form: linux/version.h is missing, or an asm/ folder is missing; for a kernel source tree, ' +
  "run 'make headers_install' and give its output; 'headers import --help' lists the forms";
