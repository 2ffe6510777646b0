/** Creates folders for output and caches. */

import { lstatSync, mkdirSync, rmSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OutputError } from '../errors.js';

/**
 * Creates a folder and the folders above it, and returns the created folders. Node's recursive `mkdir` does not return for a
 * path in `/proc`, because the kernel says ENOENT there although the folder above exists. `remedy` ends the error message.
 *
 * @throws OutputError if a file has the name of one of the folders. Every other error is that of `mkdir`.
 */
export function makeFolder(path: string, remedy: string): string[] {
  const there = statusOf(path, statSync);
  if (there?.isDirectory()) return [];
  if (there) throw new OutputError(`${path}: is a file, so it cannot be a folder; ${remedy}`);
  if (statusOf(path, lstatSync)) {
    throw new OutputError(`${path}: is a link to a path that does not exist; remove the link, or ${remedy}`);
  }
  const above = dirname(path) === path ? [] : makeFolder(dirname(path), remedy);
  try {
    mkdirSync(path);
  } catch (error) {
    for (const made of above.reverse()) rmSync(made, { recursive: true, force: true });
    throw error;
  }
  return [...above, path];
}

function statusOf(path: string, stat: typeof statSync): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file has the name of a folder of the path. The folder above is tried next.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
