/** Records and enums: declarations and their layout to the model. */

import type { Layout } from '../c/layout/layout.js';
import { spellType } from '../c/layout/type-names.js';
import type { MacroTable } from '../c/preprocessor/macros.js';
import type { CType, Declarations, EnumNode, MemberNode, RecordNode } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';
import { flexibleArrayCounts } from '../kernel/counted-by.js';
import type { SelectedUnion } from '../kernel/discriminators.js';
import { memberBudget } from '../limits.js';
import type {
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

/** The typedefs of `linux/types.h` whose values are of one byte order on every target. */
const byteOrders: ReadonlyMap<string, ByteOrder> = new Map([
  ...['__be16', '__be32', '__be64'].map((name) => [name, 'big'] as const),
  ...['__le16', '__le32', '__le64'].map((name) => [name, 'little'] as const),
]);

/** What is being put together, part by part: in one expression it takes several times as long. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** The typedefs that are the only name of a record or enum. */
export type TypedefNames = ReadonlyMap<RecordNode | EnumNode, string>;

export function typedefNames(declarations: Declarations): TypedefNames {
  const names = new Map<RecordNode | EnumNode, string>();
  for (const { name, type } of declarations.typedefs.values()) {
    const node =
      type.kind === 'unnamed record' ? type.record : type.kind === 'unnamed enum' ? type.enumeration : undefined;
    if (node && !names.has(node)) names.set(node, name);
  }
  return names;
}

export class RecordAnalyzer {
  readonly #layout: Layout;
  readonly #names: TypedefNames;
  readonly #macros: MacroTable;
  readonly #comments: Comments;
  readonly #budget = memberBudget();

  constructor(layout: Layout, names: TypedefNames, macros: MacroTable, comments: Comments) {
    this.#layout = layout;
    this.#names = names;
    this.#macros = macros;
    this.#comments = comments;
  }

  /** The records of the covered headers that have a name; the unnamed ones are inside of these. */
  records(declarations: Declarations, covered: ReadonlySet<SourceFile>): RecordType[] {
    return declarations.records.flatMap((node) => {
      const name = this.#nameOf(node);
      return name !== undefined && covered.has(node.at.file) ? [this.#record(node, name)] : [];
    });
  }

  /** The records that nothing names and no record has as a member: the type of a variable, what a pointer points to. */
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
    const reason = 'has no name: something else is declared with it';
    return unnamed
      .filter((node) => !within.has(node))
      .map((node) => ({ kind: 'type', name: node.keyword, reason, location: locationOf(node.at) }));
  }

  #nameOf(node: RecordNode | EnumNode): string | undefined {
    return node.tag ?? this.#names.get(node);
  }

  #record(node: RecordNode, name: string): RecordType {
    const { size, align } = this.#layout.record(node);
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
      members: this.#members(node, name, union),
    };
  }

  /** `union`, where it is one of its members that holds, and what its comments say of each. */
  #members(node: RecordNode, record: string, union?: SelectedUnion): Member[] {
    const comments = this.#comments.ofMembers(node.members);
    const described: Member[] = [];
    for (const [index, member] of node.members.entries()) {
      // An unnamed bit-field is padding, and C has no way to speak of it.
      if (member.name === null && member.width) continue;
      const own = this.#member(node, member, index, record, union);
      const comment = comments[index];
      if (comment !== undefined) own.comment = comment;
      described.push(own);
    }
    return described;
  }

  #member(node: RecordNode, member: MemberNode, index: number, record: string, union?: SelectedUnion): Draft<Member> {
    this.#budget.spend(1, member.at);
    const { offset, size, bit } = this.#layout.placed(node, index);
    const { element, dims } = this.#elementOf(this.#layout.memberType(member));
    const unit = unitAfter(member.declaration.end);
    const flexible = dims.length > 0 && (dims[0] === null || dims[0] === 0);
    const countedBy = flexible ? (member.attributes.countedBy?.text ?? countOf(record, member.name)) : undefined;
    const resolved = this.#layout.resolve(element);
    const inside =
      resolved.kind === 'unnamed record' && !this.#names.has(resolved.record) ? resolved.record : undefined;
    const when = union && member.name !== null ? casesOf(node, index, union, this.#macros) : [];
    // An anonymous member's members are the record's own.
    const promoted = member.name === null ? union : undefined;
    // The bits of a bit-field are where the target has them, whatever the type is called.
    const shape = this.shape(bit ? resolved : element);
    const { name } = member;
    const type = spellType(element);
    const described: Draft<Member> =
      dims.length > 0
        ? { name, type, offset, size, dims, elementSize: this.#layout.measure(element, member.at).size, shape }
        : bit
          ? { name, type, offset, size, bit, shape }
          : { name, type, offset, size, shape };
    if (unit !== undefined) described.unit = unit;
    if (countedBy !== undefined) described.countedBy = countedBy;
    if (when.length > 0) described.when = when;
    if (inside) described.members = this.#members(inside, record, promoted);
    return described;
  }

  /** The element type of an array, through typedefs of arrays, and its dimensions, outermost first. */
  #elementOf(type: CType): { readonly element: CType; readonly dims: (number | null)[] } {
    const dims: (number | null)[] = [];
    let element = type;
    for (;;) {
      const resolved = element.kind === 'array' ? element : this.#layout.resolve(element);
      if (resolved.kind !== 'array') return { element, dims };
      dims.push(this.#layout.length(resolved.length));
      element = resolved.of;
    }
  }

  shape(type: CType): Shape {
    const resolved = this.#layout.resolve(type);
    if (resolved.kind === 'pointer') return { is: 'pointer' };
    if (resolved.kind === 'scalar') return this.#scalarShape(resolved.name, this.#byteOrder(type));
    const node = this.#layout.recordNode(resolved);
    if (!node) return { is: 'opaque' };
    const name = this.#nameOf(node);
    if (name === undefined) return { is: node.keyword, cName: null, align: this.#layout.record(node).align };
    return { is: node.keyword, cName: cNameOf(node, name) };
  }

  #scalarShape(name: ScalarName, byteOrder: ByteOrder | undefined): ScalarShape {
    const is = this.#scalarKind(name);
    if (name === 'char') return { is, character: true };
    return byteOrder ? { is, byteOrder } : { is };
  }

  #byteOrder(type: CType): ByteOrder | undefined {
    if (type.kind !== 'typedef') return undefined;
    return byteOrders.get(type.name) ?? this.#byteOrder(this.#layout.beneath(type));
  }

  #scalarKind(name: ScalarName): ScalarKind {
    if (name === '_Bool') return 'bool';
    if (name === 'float') return 'f32';
    if (name === 'double') return 'f64';
    const integer = this.#layout.integerType(name);
    if (!integer || integer.width > 64) return 'opaque';
    return `${integer.signed ? 's' : 'u'}${integer.width}` as ScalarKind;
  }

  enums(declarations: Declarations, covered: ReadonlySet<SourceFile>): EnumType[] {
    return declarations.enums.filter((node) => covered.has(node.at.file)).map((node) => this.#enum(node));
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

/** `struct kvm_run`; of a type that only a typedef names, that name. */
function cNameOf(node: RecordNode | EnumNode, name: string): string {
  if (node.tag === null) return name;
  return `${'keyword' in node ? node.keyword : 'enum'} ${name}`;
}

function recordInArray(type: CType): RecordNode | undefined {
  if (type.kind === 'array') return recordInArray(type.of);
  return type.kind === 'unnamed record' ? type.record : undefined;
}

function countOf(record: string, member: string | null): string | undefined {
  return flexibleArrayCounts.find((row) => row.record === record && row.member === member)?.count;
}

/** The property of an item that has a comment. */
export function commented(comment: string | undefined): { readonly comment?: string } {
  return comment === undefined ? {} : { comment };
}
