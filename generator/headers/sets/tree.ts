/**
 * A tree of files that contains headers: a folder on disk or an unpacked archive. A link must not lead out of the tree.
 */

import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { HeaderSetError } from '../../errors.js';

/** A tree of files. Paths are relative to the tree and use `/`. The empty path is the tree itself. */
export interface HeaderTree {
  /** The name of the tree in messages. */
  readonly name: string;
  /** The folder on disk, with all links resolved. Undefined for an archive. */
  readonly folder?: string;
  /**
   * Returns the sorted names in a folder, or none if it does not exist. @throws HeaderSetError for a link out of the
   * tree.
   */
  list(path: string): readonly string[];
  /**
   * Returns the content of a file, or undefined. @throws HeaderSetError for a link that is broken or leads out of the
   * tree.
   */
  read(path: string): Uint8Array | undefined;
}

export function folderTree(folder: string): HeaderTree {
  const root = (() => {
    try {
      return realpathSync(folder);
    } catch (error) {
      throw unreadable(folder, error);
    }
  })();
  const inside = root.endsWith(sep) ? root : root + sep;

  /** Returns the path with all links resolved, or undefined if nothing is there. */
  const find = (path: string): string | undefined => {
    const spelled = join(root, path);
    let real: string;
    try {
      real = realpathSync(spelled);
    } catch (error) {
      if (!isMissing(error)) throw unreadable(spelled, error);
      if (!lstatSync(spelled, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
      throw new HeaderSetError(`${spelled}: is a broken link; unpack the headers again`);
    }
    if (real !== root && !real.startsWith(inside)) throw new HeaderSetError(`${spelled}: ${leadsOut(folder)}`);
    return real;
  };

  return {
    name: folder,
    folder: root,
    list(path) {
      const real = find(path);
      if (real === undefined || !statSync(real).isDirectory()) return [];
      try {
        return readdirSync(real).sort();
      } catch (error) {
        throw unreadable(real, error);
      }
    },
    read(path) {
      const real = find(path);
      if (real === undefined || !statSync(real).isFile()) return undefined;
      try {
        return readFileSync(real);
      } catch (error) {
        throw unreadable(real, error);
      }
    },
  };
}

/**
 * An entry of an archive. The target of a link is relative to the link's folder. A folder has no target and no content.
 */
export interface ArchiveEntry {
  readonly path: string;
  readonly data?: Uint8Array;
  readonly link?: string;
}

const mostLinks = 40;

/**
 * Returns the tree of an archive. @throws HeaderSetError if the path of an entry, or a link, leads out of the archive.
 */
export function archiveTree(name: string, entries: readonly ArchiveEntry[]): HeaderTree {
  const nodes = new Map<string, ArchiveEntry>();
  const children = new Map<string, Set<string>>();

  const targetOf = (path: string, link: string): string => {
    const target = posix.normalize(posix.join(posix.dirname(path), link));
    if (posix.isAbsolute(link) || target === '..' || target.startsWith('../')) {
      throw new HeaderSetError(`${name}: ${path}: ${leadsOut('the archive')}`);
    }
    return target;
  };

  for (const entry of entries) {
    if (posix.isAbsolute(entry.path) || entry.path.split('/').includes('..')) {
      throw new HeaderSetError(
        `${name}: the path of entry ${entry.path} leads out of the archive; do not use this archive`,
      );
    }
    const path = posix.normalize(entry.path).replace(/\/$/, '');
    if (entry.link !== undefined) targetOf(path, entry.link);
    nodes.set(path, entry);
    for (let child = path; child !== '.'; child = posix.dirname(child)) {
      const parent = posix.dirname(child);
      const names = children.get(parent) ?? new Set();
      children.set(parent, names.add(posix.basename(child)));
    }
  }

  /** Returns the path with all links resolved. */
  const find = (path: string, links = 0): string => {
    const parts = posix.normalize(path).split('/');
    for (let count = 1; count <= parts.length; count++) {
      const at = parts.slice(0, count).join('/');
      const link = nodes.get(at)?.link;
      if (link === undefined) continue;
      if (links === mostLinks)
        throw new HeaderSetError(`${name}: ${path}: the links form a cycle; do not use this archive`);
      return find(posix.join(targetOf(at, link), ...parts.slice(count)), links + 1);
    }
    return parts.join('/');
  };

  return {
    name,
    list: (path) => [...(children.get(find(path)) ?? [])].sort(),
    read(path) {
      const real = find(path);
      const data = nodes.get(real)?.data;
      if (data === undefined && nodes.get(path)?.link !== undefined && !children.has(real)) {
        throw new HeaderSetError(`${name}: ${path}: is a broken link; do not use this archive`);
      }
      return data;
    },
  };
}

const leadsOut = (what: string): string => `is a link that leads out of ${what}; the link was not followed`;

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'check the spelling',
  ENOTDIR: 'check the spelling',
  EACCES: 'check its permissions',
  EPERM: 'check its permissions',
  ELOOP: 'its links form a cycle',
};

export function unreadable(path: string, error: unknown): HeaderSetError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = remedies[code];
  return new HeaderSetError(`${path}: cannot be read (${code || message})${remedy ? `; ${remedy}` : ''}`);
}
