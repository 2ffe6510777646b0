/** Files to look for headers in: a folder on disk or an unpacked archive. No link leads out of a tree. */

import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { HeaderSetError } from '../../errors.js';

/** Paths are relative to the tree, with `/` between their parts; '' is the tree itself. */
export interface HeaderTree {
  /** What it is called in messages. */
  readonly name: string;
  /** Where it is on disk, with no link in the path; undefined for an archive. */
  readonly folder?: string;
  /** The names in a folder, sorted; none when there is no such folder. @throws HeaderSetError for a link that leads out. */
  list(path: string): readonly string[];
  /** The content of a file; undefined when there is none. @throws HeaderSetError for a link that leads out or nowhere. */
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

  /** The path with all links followed; undefined when nothing is there. */
  const find = (path: string): string | undefined => {
    const spelled = join(root, path);
    let real: string;
    try {
      real = realpathSync(spelled);
    } catch (error) {
      if (!isMissing(error)) throw unreadable(spelled, error);
      if (!lstatSync(spelled, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
      throw new HeaderSetError(`${spelled}: is a link that leads nowhere; unpack the headers again`);
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

/** An entry of an archive; a link's target is relative to the link's folder, a folder has neither. */
export interface ArchiveEntry {
  readonly path: string;
  readonly data?: Uint8Array;
  readonly link?: string;
}

const mostLinks = 40;

/** @throws HeaderSetError when the path of an entry, or a link, leads out of the archive. */
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
      throw new HeaderSetError(`${name}: the entry ${entry.path} leads out of the archive; do not use this file`);
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

  /** The path with all links followed. */
  const find = (path: string, links = 0): string => {
    const parts = posix.normalize(path).split('/');
    for (let count = 1; count <= parts.length; count++) {
      const at = parts.slice(0, count).join('/');
      const link = nodes.get(at)?.link;
      if (link === undefined) continue;
      if (links === mostLinks) throw new HeaderSetError(`${name}: ${path}: its links go in a circle`);
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
        throw new HeaderSetError(`${name}: ${path}: is a link that leads nowhere`);
      }
      return data;
    },
  };
}

const leadsOut = (what: string): string => `is a link that leads out of ${what}; nothing behind it was read`;

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'check the spelling',
  ENOTDIR: 'check the spelling',
  EACCES: 'check its permissions',
  EPERM: 'check its permissions',
  ELOOP: 'its links go in a circle',
};

export function unreadable(path: string, error: unknown): HeaderSetError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = remedies[code];
  return new HeaderSetError(`${path}: cannot be read (${code || message})${remedy ? `; ${remedy}` : ''}`);
}
