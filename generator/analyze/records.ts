/** Converts records and enums to the model, with their layouts. */

import type { Layout } from '../c/layout/layout.js';
import { spellType } from '../c/layout/type-names.js';
import type { MacroTable } from '../c/preprocessor/macros.js';
import type { CType, Declarations, EnumNode, MemberNode, RecordNode } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import { bare, qualified } from '../c/types.js';
import { Unsupported } from '../c/unresolvable.js';
import type { SourceFile } from '../headers/files.js';
import { addressesIn } from '../kernel/addresses.js';
import { flexibleArrayCounts } from '../kernel/counted-by.js';
import type { SelectedUnion } from '../kernel/discriminators.js';
import { memberBudget } from '../limits.js';
import type {
  AddressedMemory,
  BitRange,
  ByteOrder,
  EnumType,
  Member,
  Omission,
  RecordType,
  ScalarKind,
  ScalarShape,
  Shape,
} from '../model/model.js';
import type { ScalarName } from '../targets/target.js';
import type { Comments } from './comments.js';
import { casesOf, discriminatorOf, selectedUnion } from './discriminators.js';
import { modelInteger } from './integer-values.js';
import { unitAfter } from './units.js';

/** The typedefs of `linux/types.h` whose values have the same byte order on every target. */
const byteOrders: ReadonlyMap<string, ByteOrder> = new Map([
  ...['__be16', '__be32', '__be64'].map((name) => [name, 'big'] as const),
  ...['__le16', '__le32', '__le64'].map((name) => [name, 'little'] as const),
]);

/** An object that is filled step by step. A single expression would be several times slower. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** The typedefs that are the only name of a record or enum. */
export type TypedefNames = ReadonlyMap<RecordNode | EnumNode, string>;

export function typedefNames(declarations: Declarations): TypedefNames {
  const names = new Map<RecordNode | EnumNode, string>();
  for (const { name, type: declared } of declarations.typedefs.values()) {
    const type = bare(declared);
    const node =
      type.kind === 'unnamed record' ? type.record : type.kind === 'unnamed enum' ? type.enumeration : undefined;
    if (node && !names.has(node)) names.set(node, name);
  }
  return names;
}

/** The named record that members belong to, and the names of its members that contain them: `u.shared_info.`. */
interface Owner {
  readonly record: string;
  readonly path: string;
}

export class RecordAnalyzer {
  readonly #layout: Layout;
  readonly #names: TypedefNames;
  readonly #macros: MacroTable;
  readonly #comments: Comments;
  readonly #budget = memberBudget();
  readonly #unsupported: Omission[] = [];

  constructor(layout: Layout, names: TypedefNames, macros: MacroTable, comments: Comments) {
    this.#layout = layout;
    this.#names = names;
    this.#macros = macros;
    this.#comments = comments;
  }

  /** Returns the named records of the covered headers. Unnamed records are inside named records. */
  records(declarations: Declarations, covered: ReadonlySet<SourceFile>): RecordType[] {
    const own = declarations.records.filter((node) => covered.has(node.at.file));
    const named = own.flatMap((node) => {
      const name = this.#nameOf(node);
      return name === undefined ? [] : this.#supported(node, () => this.#record(node, name));
    });
    for (const node of own) if (this.#nameOf(node) === undefined) this.#check(node);
    return named;
  }

  /** Throws an error for a record that C refuses. A record without a name may be used by no member. */
  #check(node: RecordNode): void {
    try {
      this.#layout.record(node);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
    }
  }

  /** A type with an expression that only a compiler can evaluate is an omission. */
  #supported<T>(node: RecordNode | EnumNode, make: () => T): T[] {
    try {
      return [make()];
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      const name = this.#nameOf(node);
      const keyword = 'keyword' in node ? node.keyword : 'enum';
      this.#unsupported.push({
        kind: 'type',
        name: name === undefined ? keyword : cNameOf(node, name),
        reason: error.message,
        location: locationOf(node.at),
      });
      return [];
    }
  }

  /** The types that `records` and `enums` left out. */
  get unsupported(): readonly Omission[] {
    return this.#unsupported;
  }

  /**
   * Returns the records without a name that are not a member of a record: the type of a variable or the target of a
   * pointer.
   */
  nameless(declarations: Declarations, covered: ReadonlySet<SourceFile>): Omission[] {
    const unnamed = declarations.records.filter(
      (node) => this.#nameOf(node) === undefined && covered.has(node.at.file),
    );
    if (unnamed.length === 0) return [];
    const within = new Set<RecordNode>();
    for (const { members } of declarations.records) {
      for (const { type } of members) {
        const record = recordInArray(type);
        if (record) within.add(record);
      }
    }
    const reason = 'has no name, because it is only the type of another declaration';
    return unnamed
      .filter((node) => !within.has(node))
      .map((node) => ({ kind: 'type', name: node.keyword, reason, location: locationOf(node.at) }));
  }

  #nameOf(node: RecordNode | EnumNode): string | undefined {
    return node.tag ?? this.#names.get(node);
  }

  #record(node: RecordNode, name: string): RecordType {
    const { size } = this.#layout.record(node);
    const align = this.#alignOf(node, name);
    const union = selectedUnion(node);
    return {
      kind: node.keyword,
      tag: name,
      cName: cNameOf(node, name),
      size,
      align,
      location: locationOf(node.at),
      ...(union ? { discriminator: discriminatorOf(union, this.#macros) } : {}),
      ...commented(this.#comments.ofType(node)),
      members: this.#members(node, { record: name, path: '' }, union),
    };
  }

  /** A typedef that is the only name of a record can have an alignment of its own. */
  #alignOf(node: RecordNode, name: string): number {
    if (node.tag !== null) return this.#layout.record(node).align;
    return this.#layout.measure({ kind: 'typedef', name, at: node.at }, node.at).align;
  }

  /** `union` is given if one member of the union is valid at a time. The comments name the constant for each member. */
  #members(node: RecordNode, owner: Owner, union?: SelectedUnion): Member[] {
    const comments = this.#comments.ofMembers(node.members);
    const described: Member[] = [];
    for (const [index, member] of node.members.entries()) {
      // An unnamed bit-field is padding. C code cannot access it.
      if (member.name === null && member.width) continue;
      const own = this.#member(node, member, index, owner, union);
      const comment = comments[index];
      if (comment !== undefined) own.comment = comment;
      described.push(own);
    }
    return described;
  }

  #member(node: RecordNode, member: MemberNode, index: number, owner: Owner, union?: SelectedUnion): Draft<Member> {
    const { record, path } = owner;
    this.#budget.spend(1, member.at);
    const { offset, size, bit } = this.#layout.placed(node, index);
    const { element, dims } = this.#elementOf(member.type);
    const unit = unitAfter(member.declaration.end);
    const flexible = dims.length > 0 && (dims[0] === null || dims[0] === 0);
    const countedBy = flexible ? (member.attributes.countedBy?.text ?? countOf(record, member.name)) : undefined;
    const resolved = this.#layout.resolve(element);
    const inside =
      resolved.kind === 'unnamed record' && !this.#names.has(resolved.record) ? resolved.record : undefined;
    const when = union && member.name !== null ? casesOf(node, index, union, this.#macros) : [];
    // The members of an anonymous member belong to the record itself.
    const promoted = member.name === null ? union : undefined;
    // The target places the bits of a bit-field. The name of the type has no effect.
    const shape = bit ? this.#bitShape(resolved, bit) : this.shape(element);
    const { name } = member;
    const type = spellType(element, this.#layout);
    const described: Draft<Member> =
      dims.length > 0
        ? { name, type, offset, size, dims, elementSize: this.#layout.measure(element, member.at).size, shape }
        : bit
          ? { name, type, offset, size, bit, shape }
          : { name, type, offset, size, shape };
    if (unit !== undefined) described.unit = unit;
    if (countedBy !== undefined) described.countedBy = countedBy;
    const address = dims.length === 0 ? addressOf(record, node.at.file.name, path + member.name) : undefined;
    if (address) described.address = address;
    const enumeration = resolved.kind === 'scalar' ? this.#enumOf(element) : undefined;
    if (enumeration !== undefined) described.enum = enumeration;
    if (when.length > 0) described.when = when;
    if (inside)
      described.members = this.#members(inside, { record, path: name === null ? path : `${path}${name}.` }, promoted);
    return described;
  }

  /** Returns the C name of an enum, also through typedefs. Returns undefined for an enum without a name. */
  #enumOf(declared: CType): string | undefined {
    const type = bare(declared);
    if (type.kind === 'typedef') return this.#enumOf(this.#layout.beneath(type));
    if (type.kind === 'tag') return type.keyword === 'enum' ? `enum ${type.tag}` : undefined;
    return type.kind === 'unnamed enum' ? this.#names.get(type.enumeration) : undefined;
  }

  /** Returns the element type of an array, also through typedefs of arrays, and its dimensions, outermost first. */
  #elementOf(type: CType): { readonly element: CType; readonly dims: (number | null)[] } {
    const dims: (number | null)[] = [];
    let element = type;
    for (;;) {
      const resolved = element.kind === 'array' ? element : this.#layout.resolve(element);
      if (resolved.kind !== 'array') return { element, dims };
      dims.push(this.#layout.length(resolved.length));
      element = qualified(resolved.of, this.#layout.qualifiersOf(element));
    }
  }

  shape(type: CType): Shape {
    const resolved = this.#layout.resolve(type);
    // The views have no addresses of other sizes.
    if (resolved.kind === 'pointer') return { is: resolved.size === undefined ? 'pointer' : 'opaque' };
    if (resolved.kind === 'scalar') return this.#scalarShape(resolved.name, this.#byteOrder(type));
    const node = this.#layout.recordNode(resolved);
    if (!node) return { is: 'opaque' };
    const name = this.#nameOf(node);
    if (name === undefined) return { is: node.keyword, cName: null, align: this.#layout.measure(type, node.at).align };
    return { is: node.keyword, cName: cNameOf(node, name) };
  }

  /** A bit-field of a 128-bit integer is read as an integer of 64 bits, if it has at most 64 bits. */
  #bitShape(resolved: CType, { width }: BitRange): Shape {
    const integer = resolved.kind === 'scalar' ? this.#layout.integerType(resolved.name) : undefined;
    if (integer && integer.width > 64 && width <= 64) return { is: integer.signed ? 's64' : 'u64' };
    return this.shape(resolved);
  }

  #scalarShape(name: ScalarName, byteOrder: ByteOrder | undefined): ScalarShape {
    const is = this.#scalarKind(name);
    if (name === 'char') return { is, character: true };
    return byteOrder ? { is, byteOrder } : { is };
  }

  #byteOrder(type: CType): ByteOrder | undefined {
    const plain = bare(type);
    if (plain.kind !== 'typedef') return undefined;
    return byteOrders.get(plain.name) ?? this.#byteOrder(this.#layout.beneath(plain));
  }

  #scalarKind(name: ScalarName): ScalarKind {
    if (name === '_Bool') return 'bool';
    if (name === 'float' || name === '_Float32') return 'f32';
    if (name === 'double' || name === '_Float64' || name === '_Float32x') return 'f64';
    const integer = this.#layout.integerType(name);
    if (!integer || integer.width > 64) return 'opaque';
    return `${integer.signed ? 's' : 'u'}${integer.width}` as ScalarKind;
  }

  enums(declarations: Declarations, covered: ReadonlySet<SourceFile>): EnumType[] {
    return declarations.enums
      .filter((node) => covered.has(node.at.file))
      .flatMap((node) => this.#supported(node, () => this.#enum(node)));
  }

  #enum(node: EnumNode): EnumType {
    const { type, values } = this.#layout.enumeration(node);
    const name = this.#nameOf(node);
    return {
      tag: name ?? null,
      cName: name === undefined ? null : cNameOf(node, name),
      size: type.width / 8,
      location: locationOf(node.at),
      ...commented(this.#comments.ofType(node)),
      enumerators: node.enumerators.map((enumerator, index) => {
        const { name, at } = enumerator;
        const value = values[index] as (typeof values)[number];
        const comment = this.#comments.ofEnumerator(enumerator);
        return {
          name,
          value: modelInteger(value),
          type: value.type.name,
          location: locationOf(at),
          ...commented(comment),
        };
      }),
    };
  }
}

/** Returns the C name: `struct kvm_run`, or the name of the typedef if only a typedef names the type. */
function cNameOf(node: RecordNode | EnumNode, name: string): string {
  if (node.tag === null) return name;
  return `${'keyword' in node ? node.keyword : 'enum'} ${name}`;
}

function recordInArray(type: CType): RecordNode | undefined {
  const plain = bare(type);
  if (plain.kind === 'array') return recordInArray(plain.of);
  return plain.kind === 'unnamed record' ? plain.record : undefined;
}

/** Returns what the kernel facts say about the memory at an address. */
function addressOf(record: string, header: string, member: string): AddressedMemory | undefined {
  const row = addressesIn.get(record)?.find((each) => each.headers.includes(header) && each.member === member);
  if (!row) return undefined;
  const { countedBy, elementSize } = row;
  return { ...(countedBy === undefined ? {} : { countedBy }), ...(elementSize === undefined ? {} : { elementSize }) };
}

function countOf(record: string, member: string | null): string | undefined {
  return flexibleArrayCounts.find((row) => row.record === record && row.member === member)?.count;
}

/** Returns the `comment` property of an item with a comment. */
export function commented(comment: string | undefined): { readonly comment?: string } {
  return comment === undefined ? {} : { comment };
}
