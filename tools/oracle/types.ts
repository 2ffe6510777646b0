/** The compiler's own list of the types that headers declare, from its debug information. */

import { locationText } from '../../generator/model/locations.js';
import type { Member, Model } from '../../generator/model/model.js';
import { includeLines } from '../../generator/verify/c-assertions.js';
import { type Compiler, debugDump } from '../lib/compilers.js';
import { headerAt, type Listed, type Listing, type Subject } from './listing.js';

interface TypeCounts {
  readonly structs: number;
  readonly unions: number;
  /** Of the structs and unions. */
  readonly unnamed: number;
  readonly fields: number;
  readonly bitFields: number;
  readonly enums: number;
  readonly enumerators: number;
}

export interface TypeList {
  readonly items: Listing;
  /** Each by its location, a member by that of its type; a type without a name under that of its member. */
  readonly inventory: {
    /** Structs and unions. */
    readonly types: readonly string[];
    readonly members: readonly string[];
    readonly enums: readonly string[];
    readonly enumerators: readonly string[];
  };
  readonly counts: TypeCounts;
}

// Types, as the debug information has them

/** An entry of the debug information with its attributes as text. */
interface Entry {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Entry[];
}

export const noTypes: Pick<TypeList, 'items' | 'inventory'> = {
  items: new Map(),
  inventory: { types: [], members: [], enums: [], enumerators: [] },
};

/** The types of the covered headers, in a C text that includes the one that covers them. */
export async function compiledTypes(compiler: Compiler, subject: Subject): Promise<TypeList> {
  const dump = await debugDump(compiler, `${includeLines(subject).join('\n')}\n`, 'info', 'rawline');
  return new DebugTypes(dump, subject.coveredHeaders);
}

class DebugTypes implements TypeList {
  readonly items: Map<string, Listed> = new Map();
  readonly inventory = {
    types: [] as string[],
    members: [] as string[],
    enums: [] as string[],
    enumerators: [] as string[],
  };
  readonly counts: TypeCounts;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #listed = new Set<Entry>();
  readonly #pointerSize: number;
  /** The covered header of each number in the file table. */
  readonly #headers: ReadonlyMap<string, string>;

  constructor(dump: string, covers: readonly string[]) {
    this.#entries = entriesOf(dump);
    this.#pointerSize = Number(/^ +Pointer Size: +(\d+)$/m.exec(dump)?.[1]);
    this.#headers = headersOf(dump, covers);
    const here = [...this.#entries.values()].filter(
      (entry) => this.#headerOf(entry) && !entry.attributes.has('declaration'),
    );
    const records = here.filter(({ tag }) => tag === 'structure_type' || tag === 'union_type');
    const enums = here.filter(({ tag }) => tag === 'enumeration_type');
    const fields = records.flatMap(membersOf);
    this.counts = {
      structs: records.filter(({ tag }) => tag === 'structure_type').length,
      unions: records.filter(({ tag }) => tag === 'union_type').length,
      unnamed: records.filter(({ attributes }) => !attributes.has('name')).length,
      fields: fields.length,
      bitFields: fields.filter(({ attributes }) => attributes.has('bit_size')).length,
      enums: enums.length,
      enumerators: enums.flatMap(({ children }) => children).length,
    };
    for (const record of records) if (record.attributes.has('name')) this.#record(record, this.#spell(record));
    for (const entry of here) if (entry.tag === 'typedef') this.#typedef(entry);
    // What no name leads to, such as the type of a variable, is known by its place.
    for (const record of records)
      if (!this.#listed.has(record)) this.#record(record, `${keywordOf(record)} at ${this.#place(record)}`);
    for (const entry of enums) this.#enum(entry);
  }

  /** A typedef is listed where it is the name of an unnamed record. */
  #typedef(entry: Entry): void {
    const type = this.#typeOf(entry);
    if (type && isRecord(type) && !type.attributes.has('name')) this.#record(type, text(entry, 'name'));
  }

  #record(entry: Entry, name: string): void {
    const at = this.#place(entry);
    this.items.set(name, { at, text: `${keywordOf(entry)}, ${number(entry, 'byte_size')} bytes` });
    this.inventory.types.push(`${at} ${name}`);
    this.#members(entry, name, at);
  }

  #members(record: Entry, path: string, at: string): void {
    this.#listed.add(record);
    for (const [index, member] of membersOf(record).entries()) {
      const item = `${path}.${member.attributes.get('name') ?? `<${index}>`}`;
      const { element, dims } = this.#elementOf(this.#typeOf(member));
      this.items.set(item, { at, text: describeMember(this.#describe(member, element, dims)) });
      this.inventory.members.push(`${at} ${item}`);
      // What is reached through a typedef has that name.
      if (!element || !isRecord(element) || element.attributes.has('name')) continue;
      this.inventory.types.push(`${at} ${item}`);
      this.#members(element, item, at);
    }
  }

  #describe(member: Entry, element: Entry | undefined, dims: readonly number[]): DescribedMember {
    const type = this.#spell(element);
    const resolved = this.#resolve(element);
    const shape = this.#shapeOf(resolved);
    const width = member.attributes.get('bit_size');
    if (width !== undefined) {
      return { type, dims, shape, bit: [Number(member.attributes.get('data_bit_offset') ?? 0), Number(width)] };
    }
    const offset = Number(member.attributes.get('data_member_location') ?? 0);
    return { type, dims, shape, offset, size: dims.reduce((size, length) => size * length, this.#sizeOf(resolved)) };
  }

  #enum(entry: Entry): void {
    const name = entry.attributes.get('name');
    const title = name === undefined ? 'enum' : `enum ${name}`;
    const size = number(entry, 'byte_size');
    const at = enumPlace(name ?? null, this.#place(entry));
    this.inventory.enums.push(`${at} ${title} of ${entry.children[0]?.attributes.get('name')}`);
    for (const child of entry.children) {
      const item = text(child, 'name');
      const value = BigInt(text(child, 'const_value'));
      this.items.set(item, { at, text: `${title}, ${size} bytes: ${value}` });
      this.inventory.enumerators.push(`${at} ${item}`);
    }
  }

  #headerOf(entry: Entry): string | undefined {
    const file = entry.attributes.get('decl_file');
    return file === undefined ? undefined : this.#headers.get(file);
  }

  #place(entry: Entry): string {
    return `${this.#headerOf(entry)}:${text(entry, 'decl_line')}`;
  }

  #typeOf(entry: Entry): Entry | undefined {
    const reference = entry.attributes.get('type');
    return reference === undefined ? undefined : this.#entries.get(reference.replace(/^<0x|>$/g, ''));
  }

  /** The element of an array, through typedefs of arrays, without its qualifiers; 0 stands for an open length. */
  #elementOf(type: Entry | undefined): { element: Entry | undefined; dims: number[] } {
    const dims: number[] = [];
    let element = type;
    for (;;) {
      const resolved = this.#resolve(element);
      if (resolved?.tag !== 'array_type') break;
      dims.push(...resolved.children.map(lengthOf));
      element = this.#typeOf(resolved);
    }
    while (element && qualifiers.includes(element.tag)) element = this.#typeOf(element);
    return { element, dims };
  }

  /** Without typedefs and qualifiers. */
  #resolve(type: Entry | undefined): Entry | undefined {
    let resolved = type;
    while (resolved && [...qualifiers, 'typedef'].includes(resolved.tag)) resolved = this.#typeOf(resolved);
    return resolved;
  }

  #sizeOf(element: Entry | undefined): number {
    // clang leaves the size of a pointer to the head of the unit.
    if (element?.tag === 'pointer_type') return this.#pointerSize;
    return element ? number(element, 'byte_size') : 0;
  }

  #shapeOf(element: Entry | undefined): string {
    if (!element) return 'opaque';
    const { tag, attributes } = element;
    const bits = this.#sizeOf(element) * 8;
    if (tag === 'pointer_type') return 'pointer';
    if (isRecord(element)) return keywordOf(element);
    const encoding = /\((.*)\)/.exec(attributes.get('encoding') ?? '')?.[1] ?? '';
    if (encoding === 'boolean') return 'bool';
    if (bits > 64) return 'opaque';
    if (encoding === 'float') return `f${bits}`;
    return `${encoding.startsWith('unsigned') ? 'u' : 's'}${bits}`;
  }

  /** As C spells the type. */
  #spell(type: Entry | undefined): string {
    if (!type) return 'void';
    const name = type.attributes.get('name');
    if (isRecord(type)) return name === undefined ? keywordOf(type) : `${keywordOf(type)} ${name}`;
    if (type.tag === 'enumeration_type') return name === undefined ? 'enum' : `enum ${name}`;
    if (type.tag === 'pointer_type') return this.#spellPointer(this.#typeOf(type));
    if (type.tag === 'const_type') return `const ${this.#spell(this.#typeOf(type))}`;
    if (type.tag === 'volatile_type') return this.#spell(this.#typeOf(type));
    return baseNames.get(name ?? '') ?? name ?? type.tag;
  }

  #spellPointer(to: Entry | undefined): string {
    if (to?.tag === 'subroutine_type') return `${this.#spell(this.#typeOf(to))} (*)()`;
    return `${this.#spell(to)} *`.replaceAll('* *', '**');
  }
}

const qualifiers = ['const_type', 'volatile_type'];

const baseNames = new Map([
  ['short int', 'short'],
  ['short unsigned int', 'unsigned short'],
  ['long int', 'long'],
  ['long unsigned int', 'unsigned long'],
  ['long long int', 'long long'],
  ['long long unsigned int', 'unsigned long long'],
  ['__int128 unsigned', 'unsigned __int128'],
]);

/** The entries of a dump by their place in it: `<1><2a>: Abbrev Number: 17 (DW_TAG_base_type)` and its attributes. */
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

/** The covered header of each number in a dump of the file table. */
function headersOf(lines: string, covers: readonly string[]): Map<string, string> {
  const [, directoryTable = '', fileTable = ''] = lines.split(/^ The (?:Directory|File Name) Table.*$/m);
  const name = String.raw`(?:\(.*\): )?(.+)$`;
  const directories = [...directoryTable.matchAll(new RegExp(String.raw`^ +(\d+)\t${name}`, 'gm'))];
  const paths = new Map(directories.map(([, index = '', path = '']) => [index, path]));
  // Before the name, older forms of the table have a time and a size, and clang a checksum.
  const more = String.raw`(?:\t\d+\t\d+| 0x[0-9a-f]+)?`;
  const files = [...fileTable.matchAll(new RegExp(String.raw`^ +(\d+)\t(\d+)${more}\t${name}`, 'gm'))];
  return new Map(
    files.flatMap(([, index = '', directory = '', file = '']) => {
      const header = headerAt(`${paths.get(directory)}/${file}`, covers);
      return header === undefined ? [] : [[index, header] as const];
    }),
  );
}

function isRecord({ tag }: Entry): boolean {
  return tag === 'structure_type' || tag === 'union_type';
}

function keywordOf({ tag }: Entry): 'struct' | 'union' {
  return tag === 'union_type' ? 'union' : 'struct';
}

function membersOf({ children }: Entry): Entry[] {
  return children.filter(({ tag }) => tag === 'member');
}

function text({ tag, attributes }: Entry, name: string): string {
  const value = attributes.get(name);
  if (value === undefined) throw new Error(`an entry ${tag} without ${name}`);
  return value;
}

function number(entry: Entry, name: string): number {
  return Number(text(entry, name));
}

function lengthOf({ attributes }: Entry): number {
  const bound = attributes.get('upper_bound');
  return bound === undefined ? Number(attributes.get('count') ?? 0) : Number(bound) + 1;
}

// The same of a model

type DescribedMember = { readonly type: string; readonly dims: readonly number[]; readonly shape: string } & (
  | { readonly offset: number; readonly size: number }
  | { readonly bit: readonly [first: number, width: number] }
);

function describeMember(member: DescribedMember): string {
  const { type, dims, shape } = member;
  const place = 'bit' in member ? `bits ${member.bit.join('+')}` : `offset ${member.offset}, ${member.size} bytes`;
  return `${type}${dims.map((length) => `[${length}]`).join('')} (${shape}), ${place}`;
}

/** An enum without a tag is where `enum` stands for us, and where its brace does for GCC: only the header is compared. */
function enumPlace(tag: string | null, at: string): string {
  return tag === null ? at.replace(/:\d+$/, '') : at;
}

export function modelledTypes(model: Model): Listing {
  const items = new Map<string, Listed>();
  for (const type of model.types) {
    const { cName: name, kind, size } = type;
    const at = locationText(type.location);
    items.set(name, { at, text: `${kind}, ${size} bytes` });
    listMembers(type.members, name, at, items);
  }
  for (const { tag, cName, size, location, enumerators } of model.enums) {
    const title = tag === null || cName === tag ? 'enum' : `enum ${tag}`;
    const place = enumPlace(title === 'enum' ? null : tag, locationText(location));
    for (const { name, value } of enumerators)
      items.set(name, { at: place, text: `${title}, ${size} bytes: ${value}` });
  }
  return items;
}

/** Those that the debug information does not know by name. */
const predefinedTypedefs = new Map([
  ['__int128_t', '__int128'],
  ['__uint128_t', 'unsigned __int128'],
]);

function listMembers(members: readonly Member[], path: string, at: string, items: Map<string, Listed>): void {
  for (const [index, member] of members.entries()) {
    const item = `${path}.${member.name ?? `<${index}>`}`;
    const { offset, size, bit } = member;
    const type = predefinedTypedefs.get(member.type) ?? member.type;
    const dims = (member.dims ?? []).map((length) => length ?? 0);
    const shape = member.shape.is;
    const described: DescribedMember = bit
      ? { type, dims, shape, bit: [offset * 8 + bit.offset, bit.width] }
      : { type, dims, shape, offset, size };
    items.set(item, { at, text: describeMember(described) });
    if (member.members) listMembers(member.members, item, at, items);
  }
}
