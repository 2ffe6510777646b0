/** Declarations to sizes, alignments, offsets and values, for one target. Everything is computed once, when asked for. */

import { Depth } from '../../limits.js';
import type { Measure, ScalarName, Target } from '../../targets/target.js';
import { convert, fits, type Integer, type IntegerType } from '../evaluator/arithmetic.js';
import { evaluate, type MemberPlace, type Scope, typeOfExpression } from '../evaluator/evaluator.js';
import { Unresolvable } from '../evaluator/unresolvable.js';
import { predefinedTypedefs } from '../parser/arithmetic-types.js';
import { noAttributes } from '../parser/attributes.js';
import type {
  CType,
  Declarations,
  EnumeratorNode,
  EnumNode,
  Expression,
  LayoutAttributes,
  MemberNode,
  RecordNode,
} from '../syntax.js';
import type { Token } from '../tokens.js';
import { integersOf, type TargetIntegers } from './integers.js';
import { type FieldSpec, type PlacedField, type PlacedRecord, placeRecord } from './records.js';

/** The machine modes that `__attribute__((mode(…)))` names, by size in bytes; `word` and `pointer` are the target's. */
const modeSizes = new Map([
  ['QI', 1],
  ['byte', 1],
  ['HI', 2],
  ['SI', 4],
  ['DI', 8],
  ['TI', 16],
]);
const signedBySize: readonly ScalarName[] = ['signed char', 'short', 'int', 'long', 'long long', '__int128'];
const unsignedBySize: readonly ScalarName[] = [
  'unsigned char',
  'unsigned short',
  'unsigned int',
  'unsigned long',
  'unsigned long long',
  'unsigned __int128',
];

/** What an object file can ask for, in bytes. */
const mostAlignment = 2 ** 28;

export interface LaidOutEnum {
  /** The integer type that holds it. */
  readonly type: IntegerType;
  readonly values: readonly Integer[];
}

export class Layout implements Scope {
  readonly depth: Depth<Token> = new Depth((at, problem) => new Unresolvable(at, problem));
  readonly target: Target;
  readonly integers: TargetIntegers;
  readonly charSigned: boolean;
  readonly sizeType: IntegerType;
  readonly #declarations: Declarations;
  /** Of the types that others are made of: measuring them again for each of these would double the work each time. */
  readonly #measures = new Map<CType, Measure>();
  readonly #resolved = new Map<CType, CType>();
  readonly #records = new Map<RecordNode, PlacedRecord | 'in progress'>();
  readonly #enums = new Map<EnumNode, LaidOutEnum>();
  readonly #begunEnums = new Set<EnumNode>();
  readonly #enumerators = new Map<string, { readonly node: EnumNode; readonly index: number }>();
  readonly #values = new Map<string, Integer | 'in progress'>();

  constructor(declarations: Declarations, target: Target) {
    this.target = target;
    this.integers = integersOf(target);
    this.charSigned = target.charSigned;
    this.sizeType = this.integers.of(target.sizeType) as IntegerType;
    this.#declarations = declarations;
    for (const node of declarations.enums) {
      for (const [index, { name }] of node.enumerators.entries()) this.#enumerators.set(name, { node, index });
    }
  }

  integerType(name: ScalarName): IntegerType | undefined {
    return this.integers.of(name);
  }

  evaluate(expression: Expression): Integer {
    return evaluate(expression, this);
  }

  resolve(type: CType): CType {
    if (type.kind !== 'typedef' && type.kind !== 'typeof' && type.kind !== 'tag' && type.kind !== 'unnamed enum')
      return type;
    let resolved = this.#resolved.get(type);
    if (!resolved) {
      const at = 'at' in type ? type.at : type.enumeration.at;
      this.depth.enter(at);
      try {
        resolved = this.#resolve(type);
      } finally {
        this.depth.leave();
      }
      this.#resolved.set(type, resolved);
    }
    return resolved;
  }

  #resolve(type: Exclude<CType, { kind: 'unnamed record' }>): CType {
    switch (type.kind) {
      case 'typedef': {
        const { type: to, attributes } = this.#typedef(type.name, type.at);
        if (attributes.mode) return this.#withMode(this.resolve(to), attributes.mode);
        return attributes.vectorSize ? { kind: 'vector', of: to, bytes: attributes.vectorSize } : this.resolve(to);
      }
      case 'typeof':
        return this.resolve(typeOfExpression(type.of, this));
      case 'tag':
        if (type.keyword !== 'enum') return type;
        return { kind: 'scalar', name: this.enumeration(this.#tagged(type) as EnumNode).type.name as ScalarName };
      case 'unnamed enum':
        return { kind: 'scalar', name: this.enumeration(type.enumeration).type.name as ScalarName };
      default:
        return type;
    }
  }

  /** Size and alignment of a type; as GNU C has it, those of `void` and of functions are 1. */
  measure(type: CType, at: Token): Measure {
    let measured = this.#measures.get(type);
    if (!measured) {
      this.depth.enter(at);
      try {
        measured = this.#measure(type, at);
      } finally {
        this.depth.leave();
      }
      this.#measures.set(type, measured);
    }
    return measured;
  }

  #measure(type: CType, at: Token): Measure {
    switch (type.kind) {
      case 'void':
      case 'function':
        return { size: 1, align: 1 };
      case 'scalar': {
        const measured = this.target.scalars[type.name];
        if (!measured) throw new Unresolvable(at, `${this.target.name} has no type ${type.name}`);
        return measured;
      }
      case 'pointer':
        return this.target.pointer;
      case 'vector': {
        const bytes = Number(this.evaluate(type.bytes).value);
        if (!isPowerOfTwo(bytes) || bytes % this.measure(type.of, at).size !== 0) {
          throw new Unresolvable(
            type.bytes.at,
            `a vector of ${bytes} bytes; it must be a power of two of its elements`,
          );
        }
        return { size: bytes, align: Math.min(bytes, this.target.mostVectorAlignment ?? bytes) };
      }
      case 'array': {
        const element = this.measure(type.of, at);
        if (this.#isFlexible(type.of))
          throw new Unresolvable(at, 'an array whose elements are arrays without a length');
        if (element.size % element.align !== 0) {
          throw new Unresolvable(
            at,
            `an array whose elements of ${element.size} bytes are aligned to ${element.align}`,
          );
        }
        const size = element.size * (this.length(type.length) ?? 0);
        if (!Number.isSafeInteger(size)) throw new Unresolvable(at, 'an array too large to have a size');
        return { ...element, size };
      }
      case 'typedef': {
        const measured = this.measure(this.beneath(type), type.at);
        const aligned = this.#typeAlign(this.#typedef(type.name, type.at).attributes);
        return aligned > 0 ? { size: measured.size, align: aligned } : measured;
      }
      case 'unnamed record':
        return this.record(type.record);
      case 'tag':
        if (type.keyword !== 'enum') return this.record(this.#tagged(type) as RecordNode);
        return this.measure(this.resolve(type), type.at);
      default:
        return this.measure(this.resolve(type), at);
    }
  }

  /** What a typedef stands for, one step. */
  beneath(type: Extract<CType, { kind: 'typedef' }>): CType {
    const node = this.#typedef(type.name, type.at);
    return node.attributes.mode || node.attributes.vectorSize ? this.resolve(type) : node.type;
  }

  /** A dimension; null for a flexible one. */
  length(expression: Expression | null): number | null {
    if (!expression) return null;
    const { value } = this.evaluate(expression);
    if (value < 0n || value > Number.MAX_SAFE_INTEGER) {
      throw new Unresolvable(expression.at, `an array of ${value} elements`);
    }
    return Number(value);
  }

  #isFlexible(type: CType): boolean {
    const resolved = this.resolve(type);
    return resolved.kind === 'array' && resolved.length === null;
  }

  /** What the `aligned` attributes of a member ask for, in bytes: the most that one does; 0 for nothing. */
  #memberAlign(attributes: LayoutAttributes): number {
    return attributes.aligned.reduce((most, operand) => Math.max(most, this.#alignment(operand)), 0);
  }

  /** What the `aligned` attributes of a type ask for, in bytes: what the last one does; 0 for nothing. */
  #typeAlign(attributes: LayoutAttributes): number {
    const operand = attributes.aligned.at(-1);
    return operand === undefined ? 0 : this.#alignment(operand);
  }

  #alignment(operand: Expression | null): number {
    if (!operand) return this.target.biggestAlignment;
    const value = Number(this.evaluate(operand).value);
    if (value !== 0 && !isPowerOfTwo(value)) {
      throw new Unresolvable(operand.at, `an alignment of ${value}; it must be a power of two`);
    }
    if (value > mostAlignment) {
      throw new Unresolvable(operand.at, `an alignment of ${value}; it must be at most ${mostAlignment}`);
    }
    return value;
  }

  record(node: RecordNode): PlacedRecord {
    const known = this.#records.get(node);
    if (known === 'in progress') throw new Unresolvable(node.at, `${recordName(node)} contains itself`);
    if (known) return known;
    this.#records.set(node, 'in progress');
    const fields = node.members.map((member) => this.#field(member, node.attributes.packed));
    this.#checkFlexible(node);
    const userAlign = this.#typeAlign(node.attributes);
    const placed = placeRecord({ keyword: node.keyword, fields, userAlign, pack: node.pack });
    // Positions are counted in bits, and beyond this no number holds them.
    if (!Number.isSafeInteger(placed.size * 8)) throw new Unresolvable(node.at, 'a record too large to have a layout');
    this.#records.set(node, placed);
    return placed;
  }

  /** C's rule for arrays without a length: the last member of a struct that has others. */
  #checkFlexible({ keyword, members }: RecordNode): void {
    for (const [index, { type, at }] of members.entries()) {
      if (!this.#isFlexible(type)) continue;
      if (keyword === 'union') throw new Unresolvable(at, 'an array without a length in a union');
      if (index < members.length - 1) {
        throw new Unresolvable(at, 'an array without a length that is not the last member');
      }
      // An unnamed bit-field is no member to C.
      const others = members.slice(0, index).filter(({ name, width }) => name !== null || width === null);
      if (others.length === 0)
        throw new Unresolvable(at, 'an array without a length in a struct without other members');
    }
  }

  #field(member: MemberNode, packed: boolean): FieldSpec {
    const { kind } = this.resolve(member.type);
    if (kind === 'function' || kind === 'void') {
      throw new Unresolvable(member.at, `a member that is ${kind === 'void' ? 'void' : 'a function'}`);
    }
    const { size, align, fieldAlign } = this.measure(this.memberType(member), member.at);
    const width = member.width ? this.#width(member, member.width) : null;
    return {
      size,
      align: fieldAlign ?? align,
      userAlign: this.#memberAlign(member.attributes),
      packed: packed || member.attributes.packed,
      width,
      integer: width === null ? null : this.#integerAsWide(width),
      aligns: member.name !== null || this.target.anonymousBitFieldsAlign,
    };
  }

  /** The type of a member with the attributes that stand on the member itself. */
  memberType(member: MemberNode): CType {
    const { mode, vectorSize } = member.attributes;
    if (mode) return this.#withMode(this.resolve(member.type), mode);
    return vectorSize ? { kind: 'vector', of: member.type, bytes: vectorSize } : member.type;
  }

  #integerAsWide(width: number): Measure | null {
    const name = signedBySize.find((candidate) => this.target.scalars[candidate]?.size === width / 8);
    return name === undefined ? null : (this.target.scalars[name] ?? null);
  }

  #width(member: MemberNode, expression: Expression): number {
    const type = this.resolve(this.memberType(member));
    const integer = type.kind === 'scalar' ? this.integers.of(type.name) : undefined;
    if (!integer) throw new Unresolvable(member.at, 'a bit-field of a type that is no integer');
    const bits = integer.name === '_Bool' ? 1 : integer.width;
    const width = Number(this.evaluate(expression).value);
    if (width < 0 || width > bits) {
      throw new Unresolvable(expression.at, `a bit-field of ${width} bits in a type of ${bits}`);
    }
    if (width === 0 && member.name !== null) throw new Unresolvable(expression.at, 'a bit-field of 0 bits with a name');
    return width;
  }

  placed(node: RecordNode, index: number): PlacedField {
    return this.record(node).fields[index] as PlacedField;
  }

  enumeration(node: EnumNode): LaidOutEnum {
    let result = this.#enums.get(node);
    if (!result) {
      this.#begunEnums.add(node);
      const values = node.enumerators.map(({ name }) => this.#enumeratorValue(name));
      const type = this.#enumType(node, values);
      const { int } = this.integers;
      result = { type, values: values.map(({ value }) => ({ type: fits(value, int) ? int : type, value })) };
      this.#enums.set(node, result);
    }
    return result;
  }

  #enumType(node: EnumNode, values: readonly Integer[]): IntegerType {
    const negative = values.some(({ value }) => value < 0n);
    const names = negative ? signedBySize : unsignedBySize;
    const smallest = node.attributes.packed ? 1 : this.integers.int.width / 8;
    for (const name of names) {
      const type = this.integers.of(name);
      if (type && type.width / 8 >= smallest && values.every(({ value }) => fits(value, type))) return type;
    }
    throw new Unresolvable(node.at, 'an enum whose values fit in no integer type');
  }

  constant(name: string): Integer | undefined {
    const found = this.#enumerators.get(name);
    if (!found) return undefined;
    // In their order, as each may be made of the one before it.
    if (!this.#begunEnums.has(found.node)) this.enumeration(found.node);
    return this.#enums.get(found.node)?.values[found.index] ?? this.#enumeratorValue(name);
  }

  /** The value of an enumerator while its enum is still being computed. */
  #enumeratorValue(name: string): Integer {
    const known = this.#values.get(name);
    if (known && known !== 'in progress') return known;
    const { node, index } = this.#enumerators.get(name) as { node: EnumNode; index: number };
    const { value, at } = node.enumerators[index] as EnumNode['enumerators'][number];
    if (known) throw new Unresolvable(at, `the value of '${name}' depends on itself`);
    this.#values.set(name, 'in progress');
    const result = value ? this.evaluate(value) : this.#successor(this.#valueBefore(node, index), at);
    this.#values.set(name, result);
    return result;
  }

  /** The value of the enumerator before one, of a list that may be longer than the stack is deep. */
  #valueBefore({ enumerators }: EnumNode, index: number): Integer | undefined {
    const isKnown = ({ name, value }: EnumeratorNode): boolean => value !== null || this.#values.has(name);
    let from = index - 1;
    while (from > 0 && !isKnown(enumerators[from] as EnumeratorNode)) from--;
    const before = enumerators.slice(Math.max(from, 0), index);
    return before.map(({ name }) => this.#enumeratorValue(name)).at(-1);
  }

  #successor(previous: Integer | undefined, at: Token): Integer {
    if (!previous) return { type: this.integers.int, value: 0n };
    const value = previous.value + 1n;
    const { int, unsignedInt, long, unsignedLong, longLong, unsignedLongLong } = this.integers;
    const larger = [previous.type, int, unsignedInt, long, unsignedLong, longLong, unsignedLongLong];
    const type = larger.find((candidate) => fits(value, candidate));
    if (!type) throw new Unresolvable(at, 'an enumerator past the largest integer');
    return convert(value, type);
  }

  objectType(name: string): CType | undefined {
    return this.#declarations.objects.get(name)?.type;
  }

  member(record: CType, name: string, at: Token): MemberPlace {
    const node = this.recordNode(record);
    if (!node) throw new Unresolvable(at, `member '${name}' of something that is no struct or union`);
    const found = this.#find(node, name);
    if (!found) throw new Unresolvable(at, `${recordName(node)} has no member '${name}'`);
    return found;
  }

  #find(node: RecordNode, name: string): MemberPlace | undefined {
    for (const [index, member] of node.members.entries()) {
      const { offset } = this.placed(node, index);
      if (member.name === name) return { offset, type: this.memberType(member) };
      if (member.name !== null || member.type.kind !== 'unnamed record') continue;
      const inner = this.#find(member.type.record, name);
      if (inner) return { offset: offset + inner.offset, type: inner.type };
    }
    return undefined;
  }

  /** The definition of a record type; undefined for any other type. */
  recordNode(type: CType): RecordNode | undefined {
    const resolved = this.resolve(type);
    if (resolved.kind === 'unnamed record') return resolved.record;
    return resolved.kind === 'tag' ? (this.#tagged(resolved) as RecordNode) : undefined;
  }

  #typedef(name: string, at: Token): { readonly type: CType; readonly attributes: LayoutAttributes } {
    const node = this.#declarations.typedefs.get(name);
    if (node) return node;
    const type = predefinedTypedefs.get(name);
    if (!type) throw new Unresolvable(at, `type '${name}' is not defined`);
    return { type, attributes: noAttributes };
  }

  #tagged(type: Extract<CType, { kind: 'tag' }>): RecordNode | EnumNode {
    const node = this.#declarations.tags.get(type.tag);
    const keyword = node && ('keyword' in node ? node.keyword : 'enum');
    if (!node || keyword !== type.keyword) {
      const name = `${type.keyword} ${type.tag}`;
      throw new Unresolvable(type.at, `${name} is not defined for ${this.target.name}: its size is unknown`, name);
    }
    return node;
  }

  #withMode(type: CType, mode: Token): CType {
    const word = mode.text.replace(/^__(.+)__$/, '$1');
    const size = word === 'word' || word === 'pointer' ? this.target.pointer.size : modeSizes.get(word);
    const base = type.kind === 'scalar' ? this.integers.of(type.name) : undefined;
    const names = base?.signed ? signedBySize : unsignedBySize;
    const name = base && names.find((candidate) => this.target.scalars[candidate]?.size === size);
    if (!name) throw new Unresolvable(mode, `mode(${mode.text}) of this type is not an integer type`);
    return { kind: 'scalar', name };
  }
}

function recordName({ keyword, tag }: RecordNode): string {
  return tag === null ? `a ${keyword} without a tag` : `${keyword} ${tag}`;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}
