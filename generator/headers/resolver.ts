/** Finds the file of an `#include` in an ordered list of include folders. Each file is read once. */

import { type FileProvider, SourceFile } from './files.js';
import { freestandingHeaders } from './freestanding/headers.js';

/** The files that the resolvers of one run have read, by path. Targets that share headers read and lex them once. */
export type OpenFiles = Map<string, SourceFile>;

const encoder = new TextEncoder();

/** The index of the folder of a header that is given as a path. The search after this folder begins at the first folder. */
const ownFolder = -1;

export class Resolver {
  readonly #provider: FileProvider;
  readonly roots: readonly string[];
  /** The files that were looked for, by path and by each spelling of the path. */
  readonly #files = new Map<string, SourceFile | undefined>();
  readonly #open: OpenFiles;
  /** The paths of the headers that are given as paths, by their names. */
  readonly #paths: ReadonlyMap<string, string>;

  constructor(
    provider: FileProvider,
    roots: readonly string[],
    open: OpenFiles = new Map(),
    paths: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#provider = provider;
    this.roots = roots;
    this.#open = open;
    this.#paths = paths;
  }

  /**
   * Returns the file for `<name>`. `after` limits the search to the folders after that index (`#include_next`). The
   * compiler's own headers come after all folders. A header that is given as a path comes before all folders.
   */
  system(name: string, after: number = ownFolder - 1): SourceFile | undefined {
    const path = after < ownFolder ? this.#paths.get(name) : undefined;
    if (path !== undefined) return this.#file(name, path, ownFolder);
    for (let root = Math.max(0, after + 1); root < this.roots.length; root++) {
      const file = this.#file(name, `${this.roots[root]}/${name}`, root);
      if (file) return file;
    }
    return after < this.roots.length ? this.#freestanding(name) : undefined;
  }

  #freestanding(name: string): SourceFile | undefined {
    const text = freestandingHeaders.get(name);
    if (text === undefined) return undefined;
    const known = this.#files.get(name) ?? new SourceFile(name, name, this.roots.length, encoder.encode(text));
    this.#files.set(name, known);
    return known;
  }

  /**
   * Returns the paths that were looked for, with their files. A path without a file has no file on the disk. The compiler's
   * own headers are not in the result.
   */
  lookups(): (readonly [path: string, file: SourceFile | undefined])[] {
    return [...this.#files].filter(([, file]) => !file || !this.isFreestanding(file));
  }

  /** Whether a file is one of the compiler's own headers. The generator contains the text of these headers. */
  isFreestanding({ root }: SourceFile): boolean {
    return root === this.roots.length;
  }

  /**
   * Returns the file for `"name"`. The folder of the including file is searched first, then the folders for `<name>`.
   */
  quoted(name: string, from: SourceFile): SourceFile | undefined {
    const folder = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
    return this.#file(folder(from.name) + name, folder(from.path) + name, from.root) ?? this.system(name);
  }

  /** Returns the file at a path. One file has one path, even if an `#include` or a folder spells it differently. */
  #file(name: string, spelled: string, root: number): SourceFile | undefined {
    if (this.#files.has(spelled)) return this.#files.get(spelled);
    const path = normalize(spelled);
    const isKnown = this.#files.has(path);
    // A name cannot lead out of the output folder.
    const file = isKnown ? this.#files.get(path) : this.#read(normalize(name).replace(/^(?:\.\.\/)+/, ''), path, root);
    this.#files.set(path, file).set(spelled, file);
    return file;
  }

  #read(name: string, path: string, root: number): SourceFile | undefined {
    const place = `${root} ${name} ${path}`;
    const known = this.#open.get(place);
    if (known) return known;
    const bytes = this.#provider.read(path);
    if (!bytes) return undefined;
    const file = new SourceFile(name, path, root, bytes);
    this.#open.set(place, file);
    return file;
  }
}

/** Removes `.`, `..` and `//` from a path as far as the text alone allows. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || part === '') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}
