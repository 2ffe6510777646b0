/** Reads the DWARF debug information of a header from a dump of `readelf`. */

import type { HeaderFinder } from './listing.js';

/** An entry of the debug information, with its attributes as text. */
export interface Entry {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Entry[];
}

export class DebugInfo {
  /** The entries of the covered headers. */
  readonly here: readonly Entry[];
  readonly #entries: ReadonlyMap<string, Entry>;
  /** The covered header of each number in the file table. */
  readonly #headers: ReadonlyMap<string, string>;

  constructor(dump: string, headerAt: HeaderFinder) {
    this.#entries = entriesOf(dump);
    this.#headers = headersOf(dump, headerAt);
    this.here = [...this.#entries.values()].filter((entry) => this.#headerOf(entry) !== undefined);
  }

  #headerOf(entry: Entry): string | undefined {
    const file = entry.attributes.get('decl_file');
    return file === undefined ? undefined : this.#headers.get(file);
  }

  /** Returns the location of an entry: `linux/kvm.h:292`. */
  place(entry: Entry): string {
    return `${this.#headerOf(entry)}:${text(entry, 'decl_line')}`;
  }

  /** Returns the type of an entry. Undefined is `void`. */
  typeOf(entry: Entry): Entry | undefined {
    const reference = entry.attributes.get('type');
    return reference === undefined ? undefined : this.#entries.get(reference.replace(/^<0x|>$/g, ''));
  }
}

export function text({ tag, attributes }: Entry, name: string): string {
  const value = attributes.get(name);
  if (value === undefined) throw new Error(`the entry ${tag} has no ${name}`);
  return value;
}

export function number(entry: Entry, name: string): number {
  return Number(text(entry, name));
}

/**
 * Returns the entries of a dump by their offset: `<1><2a>: Abbrev Number: 17 (DW_TAG_base_type)`, with their
 * attributes.
 */
function entriesOf(info: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const open: Entry[] = [];
  let attributes = new Map<string, string>();
  for (const line of info.split('\n')) {
    const head = /^ *<([0-9a-f]+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)/.exec(line);
    if (head) {
      const [, depth = '', place = '', tag = ''] = head;
      attributes = new Map();
      const entry: Entry = { tag, attributes, children: [] };
      entries.set(place, entry);
      open.length = Number.parseInt(depth, 16);
      open.at(-1)?.children.push(entry);
      open.push(entry);
      continue;
    }
    const attribute = /^ *<[0-9a-f]+> +DW_AT_(\w+) *: (?:\((?:indirect|indexed|alt)[^)]*\): )?(.*)$/.exec(line);
    if (attribute) attributes.set(attribute[1] as string, (attribute[2] as string).trim());
  }
  return entries;
}

/** Returns the covered header of each number in a dump of the file table. */
function headersOf(lines: string, headerAt: HeaderFinder): Map<string, string> {
  const [, directoryTable = '', fileTable = ''] = lines.split(/^ The (?:Directory|File Name) Table.*$/m);
  const name = String.raw`(?:\(.*\): )?(.+)$`;
  const directories = [...directoryTable.matchAll(new RegExp(String.raw`^ +(\d+)\t${name}`, 'gm'))];
  const paths = new Map(directories.map(([, index = '', path = '']) => [index, path]));
  // Before the name, older forms of the table have a time and a size, and clang has a checksum.
  const more = String.raw`(?:\t\d+\t\d+| 0x[0-9a-f]+)?`;
  const files = [...fileTable.matchAll(new RegExp(String.raw`^ +(\d+)\t(\d+)${more}\t${name}`, 'gm'))];
  return new Map(
    files.flatMap(([, index = '', directory = '', file = '']) => {
      const header = headerAt(`${paths.get(directory)}/${file}`);
      return header === undefined ? [] : [[index, header] as const];
    }),
  );
}
