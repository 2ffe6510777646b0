/** Where headers are read from. The core of the generator never touches a file system: it gets a provider. */

import { SourceError } from '../errors.js';

/** Reads files by path. A path is opaque to the generator except that `/` separates its parts. */
export interface FileProvider {
  /** The content of a file, or undefined when there is none at that path. */
  read(path: string): Uint8Array | undefined;
}

/** A provider over files held in memory. */
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
  /** As an `#include` spells it: `linux/kvm.h`. */
  readonly name: string;
  /** As the provider knows it. */
  readonly path: string;
  /** Index of the include root it was found in. */
  readonly root: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(name: string, path: string, root: number, bytes: Uint8Array) {
    this.name = name;
    this.path = path;
    this.root = root;
    this.bytes = bytes;
    this.text = decode(path, bytes);
  }

  /** Line of an offset into `text`, counted from 1. */
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

  /** Line and column of an offset into `text`, both counted from 1. */
  placeAt(offset: number): { readonly line: number; readonly column: number } {
    const line = this.lineAt(offset);
    const start = this.#starts()[line - 1] as number;
    return { line, column: offset - start + 1 };
  }

  /** An error about the place at an offset into `text`. */
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

const strictDecoder = new TextDecoder('utf-8', { fatal: true });

function decode(path: string, bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    const valid = validPrefix(bytes);
    const before = new TextDecoder().decode(bytes.subarray(0, valid));
    const starts = lineStartsOf(before);
    const column = before.length - (starts.at(-1) as number) + 1;
    const byte = (bytes[valid] as number).toString(16).padStart(2, '0');
    throw new SourceError(path, starts.length, column, `not UTF-8: byte 0x${byte}; convert the header to UTF-8`);
  }
}

/** Length of the longest prefix that is valid UTF-8. */
function validPrefix(bytes: Uint8Array): number {
  const isValid = (length: number, stream: boolean): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream });
      return true;
    } catch {
      return false;
    }
  };
  let low = 0;
  let high = bytes.length;
  // A prefix that ends inside a character is not an error yet, so that `stream` makes validity monotonic.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isValid(middle, true)) low = middle;
    else high = middle - 1;
  }
  while (!isValid(low, false)) low--;
  return low;
}
