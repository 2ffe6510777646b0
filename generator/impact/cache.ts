/**
 * What an earlier run found, by file. A file is read again if its text has changed, or that of a file that it imports,
 * directly or not. A change of bindings, of declarations of packages or of the list of files makes all files stale.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readCached, writeCached } from '../headers/cache-files.js';
import type { BindingsFolder } from './bindings.js';
import type { Findings } from './findings.js';
import type { ProjectPart } from './project.js';

/** A file of the project. */
export interface CachedFile {
  /** The files that it imports. */
  readonly imports: readonly string[];
  /** Whether its declarations can concern files that do not import it. */
  readonly isGlobal: boolean;
  /** The names after `as` in its exports. */
  readonly aliases: readonly string[];
  readonly findings: Findings;
}

/** What an analysis read and found. */
export interface Analyzed {
  readonly folders: readonly BindingsFolder[];
  readonly files: ReadonlyMap<string, CachedFile>;
  /** The other files that the compiler read. */
  readonly inputs: readonly string[];
}

interface Stored {
  readonly key: string;
  readonly roots: readonly string[];
  readonly folders: readonly BindingsFolder[];
  readonly files: Readonly<Record<string, CachedFile>>;
  /** The hash of each file that was read. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** The results for one tsconfig.json. Without a file, nothing is kept for a later run. */
export class PartCache {
  readonly #path: string | undefined;
  readonly #key: string;
  #roots: readonly string[] = [];
  #folders: readonly BindingsFolder[] = [];
  #files = new Map<string, CachedFile>();
  #hashes = new Map<string, string>();

  /** @param key What the results depend on, other than the texts of files. */
  constructor(path: string | undefined, key: string) {
    this.#path = path;
    this.#key = key;
  }

  /** Reads what is known of a part. Returns the files to read again. */
  read({ files: roots }: ProjectPart): {
    readonly folders: readonly BindingsFolder[];
    readonly stale: ReadonlySet<string>;
  } {
    const stored = this.#path === undefined ? undefined : storedIn(this.#path, this.#key);
    this.#roots = roots;
    if (!stored || stored.folders.length === 0 || !isSame(stored.roots, roots))
      return { folders: [], stale: new Set(roots) };
    const changed = Object.entries(stored.hashes).flatMap(([name, hash]) => (hashOf(name) === hash ? [] : [name]));
    if (changed.some((name) => !stored.files[name] || stored.files[name].isGlobal || hashOf(name) === null)) {
      return { folders: [], stale: new Set(roots) };
    }
    this.#folders = stored.folders;
    this.#files = new Map(Object.entries(stored.files));
    this.#hashes = new Map(Object.entries(stored.hashes));
    return { folders: stored.folders, stale: this.#importing(changed) };
  }

  /** Returns files, and the files that import them, directly or not. */
  #importing(changed: readonly string[]): Set<string> {
    const importers = new Map<string, string[]>();
    for (const [name, { imports }] of this.#files) {
      for (const each of imports) importers.set(each, [...(importers.get(each) ?? []), name]);
    }
    const stale = new Set(changed);
    // A set also visits the elements that are added meanwhile.
    for (const name of stale) for (const importer of importers.get(name) ?? []) stale.add(importer);
    return stale;
  }

  /** Stores what an analysis found. An error of the file system is ignored, because the next run finds it again. */
  update({ folders, files, inputs }: Analyzed): void {
    this.#folders = folders;
    for (const [name, file] of files) this.#files.set(name, file);
    for (const name of [...files.keys(), ...inputs]) {
      const hash = hashOf(name);
      // ts-morph has some files in memory, and an overlay can have files that are not on the disk.
      if (hash !== null) this.#hashes.set(name, hash);
    }
    if (this.#path === undefined) return;
    const stored: Stored = {
      key: this.#key,
      roots: this.#roots,
      folders,
      files: Object.fromEntries(this.#files),
      hashes: Object.fromEntries(this.#hashes),
    };
    writeCached(this.#path, stored);
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  folders(): readonly BindingsFolder[] {
    return this.#folders;
  }

  findings(): Findings[] {
    return Array.from(this.#files.values(), ({ findings }) => findings);
  }

  aliases(): string[] {
    return [...this.#files.values()].flatMap(({ aliases }) => aliases);
  }

  globalFiles(): string[] {
    return Array.from(this.#files).flatMap(([name, { isGlobal }]) => (isGlobal ? [name] : []));
  }
}

function storedIn(path: string, key: string): Stored | undefined {
  const stored = readCached(path) as Stored | undefined;
  return stored?.key === key ? stored : undefined;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

/** Returns the hash of a file. Returns null if it cannot be read. */
function hashOf(name: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(name)).digest('base64');
  } catch {
    return null;
  }
}
