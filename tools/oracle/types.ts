/** The compiler's list of the types of headers, from its debug information. */

import { locationText } from '../../generator/model/locations.js';
import type { Member, Model } from '../../generator/model/model.js';
import { includeLines } from '../../generator/verify/c-assertions.js';
import { type Compiler, debugDump } from '../lib/compilers.js';
import { DebugInfo, type Entry, number, text } from './debug-info.js';
import { type HeaderFinder, headerFinder, type Listed, type Listing, type Subject } from './listing.js';

interface TypeCounts {
  readonly structs: number;
  readonly unions: number;
  /** The number of unnamed structs and unions. */
  readonly unnamed: number;
  readonly fields: number;
  readonly bitFields: number;
  readonly enums: number;
  readonly enumerators: number;
}

export interface TypeList {
  readonly items: Listing;
  /**
   * Each item by its location. A member has the location of its type. A type without a name has the name of its member.
   */
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

export const noTypes: Pick<TypeList, 'items' | 'inventory'> = {
  items: new Map(),
  inventory: { types: [], members: [], enums: [], enumerators: [] },
};

/** Returns the types of the covered headers in a C text that includes the covering header. `lines` come after the include. */
export async function compiledTypes(
  compiler: Compiler,
  subject: Subject,
  lines: readonly string[] = [],
): Promise<TypeList> {
  const dump = await debugDump(compiler, `${[...includeLines(subject), ...lines].join('\n')}\n`, 'info', 'rawline');
  return new DebugTypes(dump, headerFinder(subject, compiler));
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
  readonly #info: DebugInfo;
  readonly #listed = new Set<Entry>();
  readonly #pointerSize: number;

  constructor(dump: string, headerAt: HeaderFinder) {
    this.#info = new DebugInfo(dump, headerAt);
    this.#pointerSize = Number(/^ +Pointer Size: +(\d+)$/m.exec(dump)?.[1]);
    const here = this.#info.here.filter(({ attributes }) => !attributes.has('declaration'));
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
    // A type without a name, such as the type of a variable, is identified by its location.
    for (const record of records)
      if (!this.#listed.has(record)) this.#record(record, `${keywordOf(record)} at ${this.#info.place(record)}`);
    for (const entry of enums) this.#enum(entry);
  }

  /** Lists a typedef if it is the name of an unnamed record. A second name of the record is only a typedef. */
  #typedef(entry: Entry): void {
    const { entry: type } = this.#unqualified(this.#info.typeOf(entry));
    if (!type || !isRecord(type) || type.attributes.has('name') || this.#listed.has(type)) return;
    this.#record(type, text(entry, 'name'));
  }

  #record(entry: Entry, name: string): void {
    const at = this.#info.place(entry);
    this.items.set(name, { at, text: `${keywordOf(entry)}, ${number(entry, 'byte_size')} bytes` });
    this.inventory.types.push(`${at} ${name}`);
    this.#members(entry, name, at);
  }

  #members(record: Entry, path: string, at: string): void {
    this.#listed.add(record);
    for (const [index, member] of membersOf(record).entries()) {
      const item = `${path}.${member.attributes.get('name') ?? `<${index}>`}`;
      const { element: qualified, dims, outer } = this.#elementOf(this.#info.typeOf(member));
      const element = this.#unqualified(qualified).entry;
      this.items.set(item, {
        at,
        text: describeMember(this.#describe(member, this.#spell(qualified, '', outer), element, dims)),
      });
      this.inventory.members.push(`${at} ${item}`);
      // A type that is reached through a typedef has the name of the typedef.
      if (!element || !isRecord(element) || element.attributes.has('name')) continue;
      this.inventory.types.push(`${at} ${item}`);
      this.#members(element, item, at);
    }
  }

  #describe(member: Entry, type: string, element: Entry | undefined, dims: readonly number[]): DescribedMember {
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
    const at = enumPlace(name ?? null, this.#info.place(entry));
    this.inventory.enums.push(`${at} ${title} of ${entry.children[0]?.attributes.get('name')}`);
    for (const child of entry.children) {
      const item = text(child, 'name');
      const value = BigInt(text(child, 'const_value'));
      this.items.set(item, { at, text: `${title}, ${size} bytes: ${value}` });
      this.inventory.enumerators.push(`${at} ${item}`);
    }
  }

  /**
   * Returns the element type of an array, through typedefs of arrays, and the dimensions. 0 is an open length. `outer`
   * has the qualifiers of the array. In C, they are qualifiers of the elements.
   */
  #elementOf(type: Entry | undefined): { element: Entry | undefined; dims: number[]; outer: Set<string> } {
    const dims: number[] = [];
    const outer = new Set<string>();
    let element = type;
    for (;;) {
      const { entry, words } = this.#unqualified(element);
      const resolved = this.#resolve(entry);
      if (resolved?.tag !== 'array_type') break;
      for (const word of words) outer.add(word);
      dims.push(...resolved.children.map(lengthOf));
      element = this.#info.typeOf(resolved);
    }
    return { element, dims, outer };
  }

  /** Returns the type without its own qualifiers, and the qualifiers. */
  #unqualified(type: Entry | undefined): { readonly entry: Entry | undefined; readonly words: Set<string> } {
    const words = new Set<string>();
    let entry = type;
    for (;;) {
      const word = entry && qualifiers.get(entry.tag);
      if (!entry || word === undefined) return { entry, words };
      words.add(word);
      entry = this.#info.typeOf(entry);
    }
  }

  /** Returns the type without typedefs and qualifiers. */
  #resolve(type: Entry | undefined): Entry | undefined {
    let resolved = type;
    while (resolved && (qualifiers.has(resolved.tag) || resolved.tag === 'typedef'))
      resolved = this.#info.typeOf(resolved);
    return resolved;
  }

  #sizeOf(element: Entry | undefined): number {
    // clang stores the size of a pointer only at the start of the unit.
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

  /**
   * Returns the type in C, around the inner part of its declarator. `outer` has qualifiers in addition to those of the
   * type.
   */
  #spell(type: Entry | undefined, inside = '', outer: ReadonlySet<string> = new Set()): string {
    const { entry, words } = this.#unqualified(type);
    const all = [...qualifiers.values()].filter((word) => words.has(word) || outer.has(word)).join(' ');
    if (entry?.tag === 'pointer_type') {
      const to = this.#info.typeOf(entry);
      const isSuffixed = ['array_type', 'subroutine_type'].includes(this.#unqualified(to).entry?.tag ?? '');
      const declarator = `*${[all, inside].filter((part) => part !== '').join(' ')}`;
      return this.#spell(to, isSuffixed ? `(${declarator})` : declarator);
    }
    if (entry?.tag === 'array_type') {
      const dims = entry.children.map((dimension) => `[${lengthOf(dimension) || ''}]`).join('');
      return this.#spell(this.#info.typeOf(entry), `${inside}${dims}`, new Set([...words, ...outer]));
    }
    if (entry?.tag === 'subroutine_type')
      return this.#spell(this.#info.typeOf(entry), `${inside}(${this.#parameters(entry)})`);
    return [all, this.#name(entry), inside].filter((part) => part !== '').join(' ');
  }

  #parameters({ attributes, children }: Entry): string {
    const parameters = children
      .filter(({ tag }) => tag === 'formal_parameter')
      .map((one) => this.#spell(this.#info.typeOf(one)));
    const isVariadic = children.some(({ tag }) => tag === 'unspecified_parameters');
    if (parameters.length === 0) return attributes.has('prototyped') ? 'void' : '';
    return [...parameters, ...(isVariadic ? ['...'] : [])].join(', ');
  }

  #name(type: Entry | undefined): string {
    if (!type) return 'void';
    const name = type.attributes.get('name');
    if (isRecord(type)) return name === undefined ? keywordOf(type) : `${keywordOf(type)} ${name}`;
    if (type.tag === 'enumeration_type') return name === undefined ? 'enum' : `enum ${name}`;
    return baseNames.get(name ?? '') ?? name ?? type.tag;
  }
}

/** Maps the entries of qualified types to C's words, in the order in which the generator writes them. */
const qualifiers: ReadonlyMap<string, string> = new Map([
  ['const_type', 'const'],
  ['volatile_type', 'volatile'],
  ['restrict_type', 'restrict'],
  ['atomic_type', '_Atomic'],
]);

const baseNames = new Map([
  ['short int', 'short'],
  ['short unsigned int', 'unsigned short'],
  ['long int', 'long'],
  ['long unsigned int', 'unsigned long'],
  ['long long int', 'long long'],
  ['long long unsigned int', 'unsigned long long'],
  ['__int128 unsigned', 'unsigned __int128'],
]);

function isRecord({ tag }: Entry): boolean {
  return tag === 'structure_type' || tag === 'union_type';
}

function keywordOf({ tag }: Entry): 'struct' | 'union' {
  return tag === 'union_type' ? 'union' : 'struct';
}

function membersOf({ children }: Entry): Entry[] {
  return children.filter(({ tag }) => tag === 'member');
}

function lengthOf({ attributes }: Entry): number {
  const bound = attributes.get('upper_bound');
  return bound === undefined ? Number(attributes.get('count') ?? 0) : Number(bound) + 1;
}

// The items of a model

type DescribedMember = { readonly type: string; readonly dims: readonly number[]; readonly shape: string } & (
  | { readonly offset: number; readonly size: number }
  | { readonly bit: readonly [first: number, width: number] }
);

function describeMember(member: DescribedMember): string {
  const { type, dims, shape } = member;
  const place = 'bit' in member ? `bits ${member.bit.join('+')}` : `offset ${member.offset}, ${member.size} bytes`;
  return `${type}${dims.map((length) => `[${length}]`).join('')} (${shape}), ${place}`;
}

/**
 * Returns the location of an enum. For an enum without a tag, the model has the location of `enum` and GCC has the
 * location of the brace. Only the header is compared in this case.
 */
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

/** The predefined typedefs whose names the debug information does not contain. */
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
