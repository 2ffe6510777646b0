/**
 * Computes sizes, alignments, offsets and values of declarations for one target. Each result is computed once, on its
 * first use.
 */

import { Depth } from '../../limits.js';
import type { Measure, ScalarName, Target } from '../../targets/target.js';
import type { Integer, IntegerType } from '../evaluator/arithmetic.js';
import { evaluate, evaluatorOf } from '../evaluator/evaluator.js';
import type { RealFormat } from '../evaluator/reals.js';
import type { Definition, MemberPlace, Scope, TypeMeasure } from '../evaluator/scope.js';
import { checkType } from '../evaluator/type-names.js';
import type {
  Alignment,
  CallFact,
  CType,
  Declarations,
  EnumNode,
  Expression,
  Initializer,
  MemberNode,
  Qualifiers,
  RecordNode,
} from '../syntax.js';
import type { Token } from '../tokens.js';
import { bare, typeInside } from '../types.js';
import { Unresolvable } from '../unresolvable.js';
import { EnumLayout, type LaidOutEnum } from './enums.js';
import { integersOf, type TargetIntegers } from './integers.js';
import { signedBySize } from './modes.js';
import { Objects, type ObjectValue } from './objects.js';
import { type FieldSpec, type PlacedField, type PlacedRecord, placeRecord } from './records.js';
import { realFormatOf } from './target-facts.js';
import { TypeMeasures } from './type-measures.js';
import type { TypeFacts } from './type-names.js';
import { TypeResolution } from './type-resolution.js';

export class Layout implements Scope, TypeFacts {
  readonly depth: Depth<Token> = new Depth((at, problem) => new Unresolvable(at, problem));
  readonly target: Target;
  readonly integers: TargetIntegers;
  readonly charSigned: boolean;
  readonly sizeType: IntegerType;
  readonly differenceType: IntegerType;
  readonly wideCharacter: IntegerType;
  readonly pointerSize: number;
  readonly inInitializer = false;
  readonly #objects: Objects;
  readonly #declarations: Declarations;
  readonly #types: TypeResolution;
  readonly #sizes: TypeMeasures;
  readonly #records = new Map<RecordNode, PlacedRecord | 'in progress'>();
  readonly #enums: EnumLayout;

  constructor(declarations: Declarations, target: Target) {
    this.target = target;
    this.integers = integersOf(target);
    this.charSigned = target.charSigned;
    this.sizeType = this.integers.of(target.sizeType) as IntegerType;
    // The signed type of the width of `sizeof`.
    this.differenceType = this.sizeType === this.integers.unsignedLong ? this.integers.long : this.integers.int;
    this.wideCharacter = this.integers.of(target.wideCharacter) as IntegerType;
    this.pointerSize = target.pointer.size;
    this.#declarations = declarations;
    this.#types = new TypeResolution(declarations, this);
    this.#sizes = new TypeMeasures(this.#types, this);
    this.#objects = new Objects(declarations.objects, this);
    this.#enums = new EnumLayout(declarations.enums, this);
  }

  integerType(name: ScalarName): IntegerType | undefined {
    return this.integers.of(name);
  }

  realFormat(name: ScalarName): RealFormat | undefined {
    return realFormatOf(name, this.target);
  }

  zeroBits(which: 'clz' | 'ctz', width: number): bigint {
    return BigInt(this.target.zeroBits?.[which] ?? width);
  }

  /** Checks all parts of a type. @throws Unresolvable for a type that C or the target does not have. */
  checkType(type: CType, at: Token): void {
    checkType(type, at, evaluatorOf(this));
  }

  evaluate(expression: Expression): Integer {
    return evaluate(expression, this);
  }

  resolve(type: CType): CType {
    return this.#types.resolve(type);
  }

  measure(type: CType, at: Token): TypeMeasure {
    return this.#sizes.measure(type, at);
  }

  /** Returns the type that a typedef names directly. That type can be another typedef. */
  beneath(type: Extract<CType, { kind: 'typedef' }>): CType {
    return this.#types.beneath(type);
  }

  /** Returns the qualifiers of a type, also through typedefs. Undefined without qualifiers. */
  qualifiersOf(type: CType): Qualifiers | undefined {
    return this.#types.qualifiersOf(type);
  }

  step(type: Extract<CType, { kind: 'typeof' | 'mode' }>): CType {
    return this.#types.step(type);
  }

  /** Returns the length of a dimension, or null for a flexible array. */
  length(expression: Expression | null): number | null {
    return this.#sizes.length(expression);
  }

  /** Returns the size and the alignment of an array. An array without a length has no elements. */
  array(type: Extract<CType, { kind: 'array' }>, at: Token): TypeMeasure {
    return this.#sizes.array(type, at);
  }

  alignment(alignment: Alignment): number {
    return this.#sizes.alignment(alignment);
  }

  record(node: RecordNode): PlacedRecord {
    const known = this.#records.get(node);
    if (known === 'in progress') throw new Unresolvable(node.at, `${recordName(node)} contains itself`);
    if (known) return known;
    this.#checkStorageOrder(node);
    this.#records.set(node, 'in progress');
    try {
      const placed = this.#place(node);
      this.#records.set(node, placed);
      return placed;
    } finally {
      if (this.#records.get(node) === 'in progress') this.#records.delete(node);
    }
  }

  #place(node: RecordNode): PlacedRecord {
    const fields = node.members.map((member) => this.#field(member, node.attributes.packed));
    this.#checkFlexible(node);
    const userAlign = this.#sizes.typeAlign(node.attributes);
    const placed = placeRecord({
      keyword: node.keyword,
      fields,
      userAlign,
      userAligned: node.attributes.aligned.length > 0,
      pack: node.pack,
    });
    // Positions are counted in bits. A larger record would have positions that a number cannot hold.
    if (!Number.isSafeInteger(placed.size * 8)) throw new Unresolvable(node.at, 'a record too large to have a layout');
    return placed;
  }

  #checkStorageOrder({ storageOrder }: RecordNode): void {
    if (!storageOrder || storageOrder.order === this.target.byteOrder) return;
    throw new Unresolvable(
      storageOrder.at,
      `scalar_storage_order of ${storageOrder.order}-endian is not supported for ${this.target.name}, which is ${this.target.byteOrder}-endian; use types such as __be32`,
    );
  }

  /**
   * Checks C's rule for arrays without a length: such an array must be the last member of a struct with other members.
   */
  #checkFlexible({ keyword, members }: RecordNode): void {
    for (const [index, { type, at }] of members.entries()) {
      if (!this.#types.isFlexible(type)) continue;
      if (keyword === 'union') throw new Unresolvable(at, 'an array without a length cannot be in a union');
      if (index < members.length - 1) {
        throw new Unresolvable(at, 'an array without a length must be the last member');
      }
      // C does not count an unnamed bit-field as a member.
      const others = members.slice(0, index).filter(({ name, width }) => name !== null || width === null);
      if (others.length === 0)
        throw new Unresolvable(at, 'an array without a length needs another member in its struct');
    }
  }

  /** Returns the alignment that `_Alignas` cannot lower: that of the type before a mode or a vector changes it. */
  #leastAlign({ type, attributes, at }: MemberNode): number {
    if (attributes.aligned.length === 0) return 0;
    let declared = type;
    while (declared.kind === 'mode' || declared.kind === 'vector') declared = declared.of;
    return this.#sizes.leastAlign(declared, at);
  }

  #field(member: MemberNode, packed: boolean): FieldSpec {
    if (typeInside(member.type)) checkType(member.type, member.at, evaluatorOf(this));
    const { kind } = this.resolve(member.type);
    if (kind === 'function' || kind === 'void') {
      throw new Unresolvable(member.at, `a member cannot be ${kind === 'void' ? 'void' : 'a function'}`);
    }
    const { size, align, fieldAlign = align, userAligned } = this.#sizes.completeMeasure(member.type, member.at);
    const isPacked = packed || this.#isPacked(member);
    const width = member.width ? this.#width(member, member.width) : null;
    const userAlign = this.#sizes.requested(member.attributes, this.#leastAlign(member));
    const aligns = member.name !== null || this.target.anonymousBitFieldsAlign;
    // A request for less than the alignment of the type has no effect.
    const requested = member.attributes.aligned.length > 0 && (isPacked || width !== null || userAlign >= align);
    return {
      size,
      align: fieldAlign,
      userAlign,
      userAligned: requested || (userAligned === true && (aligns || !width || (isPacked ? false : 'unless whole'))),
      packed: isPacked,
      width,
      integer: width === null ? null : this.#integerAsWide(width),
      aligns,
    };
  }

  /** GCC ignores `packed` on a member with a type of alignment 1, even if a later attribute changes the type. */
  #isPacked({ attributes, packedAs, width, at }: MemberNode): boolean {
    if (!packedAs || width) return attributes.packed;
    return packedAs.some((type) => this.#sizes.completeMeasure(type, at).align > 1);
  }

  #integerAsWide(width: number): Measure | null {
    const name = signedBySize.find((candidate) => this.target.scalars[candidate]?.size === width / 8);
    return name === undefined ? null : (this.target.scalars[name] ?? null);
  }

  #width(member: MemberNode, expression: Expression): number {
    const type = this.resolve(member.type);
    const integer = type.kind === 'scalar' ? this.integers.of(type.name) : undefined;
    if (!integer) throw new Unresolvable(member.at, 'a bit-field must have an integer type');
    if (this.qualifiersOf(member.type)?.atomic) throw new Unresolvable(member.at, 'a bit-field cannot be _Atomic');
    const bits = integer.name === '_Bool' ? 1 : integer.width;
    const width = Number(this.evaluate(expression).value);
    if (width < 0 || width > bits) {
      throw new Unresolvable(
        expression.at,
        width < 0
          ? `a bit-field cannot have a width of ${width} bits`
          : `a bit-field of ${width} bits is wider than its type, which has ${bits} bits`,
      );
    }
    if (width === 0 && member.name !== null)
      throw new Unresolvable(expression.at, 'a bit-field of 0 bits cannot have a name');
    return width;
  }

  placed(node: RecordNode, index: number): PlacedField {
    return this.record(node).fields[index] as PlacedField;
  }

  enumeration(node: EnumNode): LaidOutEnum {
    return this.#enums.enumeration(node);
  }

  constant(name: string): Integer | undefined {
    return this.#enums.constant(name);
  }

  objectType(name: string): CType | undefined {
    return this.#objects.typeOf(name);
  }

  callsOf(name: string): ReadonlySet<CallFact> | undefined {
    return this.#declarations.objects.get(name)?.calls;
  }

  objectAlign(name: string, at: Token): number {
    const type = this.objectType(name);
    const node = this.#declarations.objects.get(name);
    if (!type || !node) throw new Unresolvable(at, `'${name}' is not defined`, name);
    // The largest alignment of all declarations counts.
    return [{ type, attributes: node.attributes }, ...(node.others ?? [])].reduce((most, declared) => {
      // `aligned` on a variable can also reduce its alignment.
      const { align } = this.#sizes.completeMeasure(declared.type, at);
      const requested = this.#sizes.requested(declared.attributes, this.#sizes.leastAlign(declared.type, at));
      return Math.max(most, requested > 0 ? requested : align);
    }, 0);
  }

  constantInitializer(name: string): Initializer | undefined {
    return this.#objects.constantInitializer(name);
  }

  definitionOf(name: string): Definition {
    return this.#objects.definitionOf(name);
  }

  /** Checks the initializer of a variable. @throws Unresolvable for an initializer that C does not allow. */
  checkInitializer(name: string): void {
    this.#objects.check(name);
  }

  /**
   * Returns the value of a `const` variable with an initializer. @throws Unresolvable if the value is not constant, or is
   * neither an integer nor a string.
   */
  valueOf(name: string): ObjectValue {
    return this.#objects.valueOf(name);
  }

  member(record: CType, name: string, at: Token): MemberPlace {
    const node = this.recordNode(record);
    if (!node) throw new Unresolvable(at, `member '${name}' of a value that is not a struct or union`);
    const found = this.#find(node, name);
    if (!found) throw new Unresolvable(at, `${recordName(node)} has no member '${name}'`);
    return found;
  }

  #find(node: RecordNode, name: string): MemberPlace | undefined {
    for (const [index, member] of node.members.entries()) {
      const { offset, bit } = this.placed(node, index);
      if (member.name === name) {
        return { offset, type: member.type, width: bit?.width ?? null, align: this.#alignOf(node, member) };
      }
      const type = bare(member.type);
      if (member.name !== null || type.kind !== 'unnamed record') continue;
      const inner = this.#find(type.record, name);
      if (inner) return { ...inner, offset: offset + inner.offset };
    }
    return undefined;
  }

  /** Returns the alignment of a member inside its record. */
  #alignOf({ attributes, pack }: RecordNode, member: MemberNode): number {
    const { align, userAlign, packed } = this.#field(member, attributes.packed);
    return Math.min(Math.max(packed ? 1 : align, userAlign), pack ?? Number.POSITIVE_INFINITY);
  }

  /** Returns the definition of a record type, or undefined for any other type. */
  recordNode(type: CType): RecordNode | undefined {
    const resolved = this.resolve(type);
    if (resolved.kind === 'unnamed record') return resolved.record;
    return resolved.kind === 'tag' ? (this.#types.tagged(resolved) as RecordNode) : undefined;
  }
}

function recordName({ keyword, tag }: RecordNode): string {
  return tag === null ? `a ${keyword} without a tag` : `${keyword} ${tag}`;
}
