/** The source of header files. The core of the generator never uses a file system. It uses a provider. */

import { SourceError } from '../errors.js';
import { decodeSource } from './source-text.js';

/** Reads files by path. The generator only assumes that `/` separates the parts of a path. */
export interface FileProvider {
  /** The content of a file, or undefined if no file has this path. */
  read(path: string): Uint8Array | undefined;
}

/** Returns a provider over files in memory. */
export function filesInMemory(files: Readonly<Record<string, string | Uint8Array>>): FileProvider {
  const encoder = new TextEncoder();
  const contents = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? encoder.encode(content) : content,
    ]),
  );
  return { read: (path) => contents.get(path) };
}

/** One header as it was read. */
export class SourceFile {
  /** The name, spelled as in an `#include`: `linux/kvm.h`. */
  readonly name: string;
  /** The path for the provider. */
  readonly path: string;
  /** The index of the include folder that contains the file. */
  readonly root: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(name: string, path: string, root: number, bytes: Uint8Array) {
    this.name = name;
    this.path = path;
    this.root = root;
    this.bytes = bytes;
    this.text = decodeSource(bytes);
  }

  /** Returns the line of an offset into `text`, counted from 1. */
  lineAt(offset: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** Returns the line and the column of an offset into `text`, both counted from 1. */
  placeAt(offset: number): { readonly line: number; readonly column: number } {
    const line = this.lineAt(offset);
    const start = this.#starts()[line - 1] as number;
    return { line, column: offset - start + 1 };
  }

  /** Returns an error at an offset into `text`. */
  errorAt(offset: number, problem: string): SourceError {
    const { line, column } = this.placeAt(offset);
    return new SourceError(this.path, line, column, problem);
  }

  #starts(): readonly number[] {
    this.#lineStarts ??= lineStartsOf(this.text);
    return this.#lineStarts;
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
