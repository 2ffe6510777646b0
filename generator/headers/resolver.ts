/** Finds the file that an `#include` means, over an ordered list of include roots, and reads each file once. */

import { type FileProvider, SourceFile } from './files.js';
import { freestandingHeaders } from './freestanding.js';

/** What resolvers of one run have read, by place: targets that have headers in common read and lex them once. */
export type OpenFiles = Map<string, SourceFile>;

const encoder = new TextEncoder();

export class Resolver {
  readonly #provider: FileProvider;
  readonly roots: readonly string[];
  readonly #files = new Map<string, SourceFile | undefined>();
  readonly #open: OpenFiles;

  constructor(provider: FileProvider, roots: readonly string[], open: OpenFiles = new Map()) {
    this.#provider = provider;
    this.roots = roots;
    this.#open = open;
  }

  /**
   * The file for `<name>`; `after` restricts the search to the roots after that index (`#include_next`). After all
   * roots come the headers that are the compiler's own.
   */
  system(name: string, after = -1): SourceFile | undefined {
    for (let root = after + 1; root < this.roots.length; root++) {
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

  /** Whether a file stands for a header of the compiler's own: its text is ours. */
  isFreestanding({ root }: SourceFile): boolean {
    return root === this.roots.length;
  }

  /** The file for `"name"`: beside the including file first, then as for `<name>`. */
  quoted(name: string, from: SourceFile): SourceFile | undefined {
    const folder = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
    return this.#file(folder(from.name) + name, folder(from.path) + name, from.root) ?? this.system(name);
  }

  /** One file is known by one path, however an `#include` or a root is spelled. */
  #file(name: string, spelled: string, root: number): SourceFile | undefined {
    const path = normalize(spelled);
    if (this.#files.has(path)) return this.#files.get(path);
    const file = this.#read(normalize(name), path, root);
    this.#files.set(path, file);
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

/** Resolves `.`, `..` and `//` in a path where it can be done by the text alone. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || part === '') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}
