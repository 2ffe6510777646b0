/**
 * The compiler's own lists of what a header declares: types from its debug information, macros from its preprocessor.
 * Each list is of texts by item, in a form that a model can be put into as well, so that the two can be held against
 * each other in both directions.
 */

import type { Member, Model, RecordType } from '../generator/model.js';
import { type Compiler, debugDump, linesWithErrors, preprocess } from './compilers.js';

/** What is said of each item, `struct kvm_run.io` or `KVM_RUN`. */
export type Listing = ReadonlyMap<string, string>;

export interface TypeCounts {
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
  readonly counts: TypeCounts;
}

// Types, as the debug information has them

/** An entry of the debug information with its attributes as text. */
interface Entry {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Entry[];
}

/** The types of the covered headers, in a C text that includes one of them. */
export function compiledTypes(compiler: Compiler, header: string, covers: readonly string[]): TypeList {
  const [info = '', lines = ''] = debugDump(compiler, `#include <${header}>\n`, 'info', 'rawline');
  return new DebugTypes(info, lines, covers);
}

class DebugTypes implements TypeList {
  readonly items: Map<string, string> = new Map();
  readonly counts: TypeCounts;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #pointerSize: number;
  /** The covered header behind each number of the file table. */
  readonly #headers: ReadonlyMap<string, string>;

  constructor(info: string, lines: string, covers: readonly string[]) {
    this.#entries = entriesOf(info);
    this.#pointerSize = Number(/^ +Pointer Size: +(\d+)$/m.exec(info)?.[1]);
    this.#headers = headersOf(lines, covers);
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
    for (const entry of enums) this.#enum(entry);
  }

  /** A typedef is listed where it is the name of an unnamed record. */
  #typedef(entry: Entry): void {
    const type = this.#typeOf(entry);
    if (type && isRecord(type) && !type.attributes.has('name')) this.#record(type, text(entry, 'name'));
  }

  #record(entry: Entry, name: string): void {
    this.items.set(name, `${keywordOf(entry)}, ${text(entry, 'byte_size')} bytes, ${this.#place(entry)}`);
    this.#members(entry, name);
  }

  #members(record: Entry, path: string): void {
    for (const [index, member] of membersOf(record).entries()) {
      const item = `${path}.${member.attributes.get('name') ?? `<${index}>`}`;
      const { element, dims } = this.#elementOf(this.#typeOf(member));
      this.items.set(item, describeMember(this.#describe(member, element, dims)));
      if (element && isRecord(element) && !element.attributes.has('name')) this.#members(element, item);
    }
  }

  #describe(member: Entry, element: Entry | undefined, dims: readonly number[]): DescribedMember {
    const declared = this.#typeOf(member);
    const type = this.#spell(this.#elementOf(declared, false).element);
    const shape = this.#shapeOf(element);
    const bits = member.attributes.get('data_bit_offset');
    if (bits !== undefined) return { type, dims, shape, bit: [Number(bits), number(member, 'bit_size')] };
    const offset = Number(member.attributes.get('data_member_location') ?? 0);
    return { type, dims, shape, offset, size: dims.reduce((size, length) => size * length, this.#sizeOf(element)) };
  }

  #enum(entry: Entry): void {
    const name = entry.attributes.get('name');
    const title = name === undefined ? 'enum' : `enum ${name}`;
    const size = text(entry, 'byte_size');
    for (const child of entry.children) {
      const value = BigInt(text(child, 'const_value'));
      this.items.set(text(child, 'name'), `${title}, ${size} bytes, ${this.#place(entry)}: ${value}`);
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

  /** Through arrays and, unless the element's own spelling is asked for, typedefs; 0 stands for an open length. */
  #elementOf(type: Entry | undefined, throughTypedefs = true): { element: Entry | undefined; dims: number[] } {
    const dims: number[] = [];
    let element = type;
    while (element) {
      if (element.tag === 'array_type') dims.push(...element.children.map(lengthOf));
      else if (!throughTypedefs || !['typedef', 'const_type', 'volatile_type'].includes(element.tag)) break;
      element = this.#typeOf(element);
    }
    return { element, dims };
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
    if (type.tag === 'pointer_type') return `${this.#spell(this.#typeOf(type))} *`.replaceAll('* *', '**');
    if (type.tag === 'const_type') return `const ${this.#spell(this.#typeOf(type))}`;
    return baseNames.get(name ?? '') ?? name ?? type.tag;
  }
}

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

function headerAt(path: string, covers: readonly string[]): string | undefined {
  return covers.find((name) => path.endsWith(`/${name}`));
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

export function typeName({ kind, tag, typedef }: RecordType): string {
  return typedef ? tag : `${kind} ${tag}`;
}

export function modelledTypes(model: Model): Listing {
  const items = new Map<string, string>();
  for (const type of model.types) {
    const name = typeName(type);
    items.set(name, `${type.kind}, ${type.size} bytes, ${type.at}`);
    listMembers(type.members, name, items);
  }
  for (const { tag, typedef, size, at, enumerators } of model.enums) {
    const title = tag === null || typedef ? 'enum' : `enum ${tag}`;
    for (const { name, value } of enumerators) items.set(name, `${title}, ${size} bytes, ${at}: ${value}`);
  }
  return items;
}

/** Those that the debug information does not know by name. */
const predefinedTypedefs = new Map([
  ['__int128_t', '__int128'],
  ['__uint128_t', 'unsigned __int128'],
]);

function listMembers(members: readonly Member[], path: string, items: Map<string, string>): void {
  for (const [index, member] of members.entries()) {
    const item = `${path}.${member.name ?? `<${index}>`}`;
    const { offset, size, bit } = member;
    const type = predefinedTypedefs.get(member.type) ?? member.type;
    const dims = (member.dims ?? []).map((length) => length ?? 0);
    const shape = member.shape.is;
    const described: DescribedMember = bit
      ? { type, dims, shape, bit: [offset * 8 + bit.offset, bit.width] }
      : { type, dims, shape, offset, size };
    items.set(item, describeMember(described));
    if (member.members) listMembers(member.members, item, items);
  }
}

// Macros

export interface Macro {
  readonly name: string;
  /** Null for an object-like one. */
  readonly parameters: readonly string[] | null;
  readonly body: string;
  readonly at: string;
}

/** The macros that the covered headers define and that are still defined at the end, by name. */
export function compiledMacros(compiler: Compiler, header: string, covers: readonly string[]): Map<string, Macro> {
  const macros = new Map<string, Macro>();
  let file: string | undefined;
  let line = 0;
  for (const text of preprocess(compiler, `#include <${header}>\n`, '-dD').split('\n')) {
    const marker = /^# (\d+) "(.*)"/.exec(text);
    if (marker) {
      line = Number(marker[1]);
      file = headerAt(marker[2] as string, covers);
      continue;
    }
    const [, directive, name = '', parameters, body = ''] = /^#(define|undef) (\w+)(\([^)]*\))?(.*)/.exec(text) ?? [];
    if (directive !== undefined) macros.delete(name);
    if (directive === 'define' && file !== undefined) {
      const names =
        parameters === undefined
          ? null
          : parameters
              .slice(1, -1)
              .split(',')
              .filter((each) => each !== '');
      macros.set(name, { name, parameters: names, body: body.trim(), at: `${file}:${line}` });
    }
    line++;
  }
  return macros;
}

/** Of names, those that the compiler takes for an integer that it knows. */
export function integerMacros(compiler: Compiler, header: string, names: readonly string[]): Set<string> {
  const tests = names.map((name) => `_Static_assert(~(${name}) * 0 == 0, "");`);
  const wrong = linesWithErrors(compiler, [`#include <${header}>`, ...tests, ''].join('\n'));
  return new Set(names.filter((_, index) => !wrong.has(index + 2)));
}

/** Whether a macro is a use of one that makes a request number. */
export function isRequest({ parameters, body }: Macro): boolean {
  return parameters === null && /^\(*_IO(?:R|W|WR|C)?\s*\(/.test(body);
}

// The two against each other

/** Items that only one side has, or that the sides say different things of. */
export function listingDifferences(compiled: Listing, modelled: Listing): string[] {
  const names = new Set([...compiled.keys(), ...modelled.keys()]);
  return [...names].flatMap((name) => {
    const [expected, found] = [compiled.get(name), modelled.get(name)];
    return expected === found
      ? []
      : [`${name}: ${expected ?? 'not there'} for the compiler, ${found ?? 'not there'} here`];
  });
}
