/** Computes the sizes and the alignments of types. Each result is computed once, on its first use. */

import type { Depth } from '../../limits.js';
import type { Measure, Target } from '../../targets/target.js';
import type { Integer } from '../evaluator/arithmetic.js';
import { evaluatorOf } from '../evaluator/evaluator.js';
import { isWrongLength } from '../evaluator/integer-constants.js';
import type { Scope, TypeMeasure } from '../evaluator/scope.js';
import type { Alignment, CType, Expression, LayoutAttributes, Qualifiers, RecordNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import { bareQualifiers, ownQualifiers } from '../types.js';
import { Unresolvable } from '../unresolvable.js';
import type { TargetIntegers } from './integers.js';
import type { PlacedRecord } from './records.js';
import type { TypeResolution } from './type-resolution.js';

/** The largest alignment that an object file supports, in bytes. */
const mostAlignment = 2 ** 28;

interface MeasureFacts extends Scope {
  readonly depth: Depth<Token>;
  readonly target: Target;
  readonly integers: TargetIntegers;
  evaluate(expression: Expression): Integer;
  record(node: RecordNode): PlacedRecord;
}

export class TypeMeasures {
  readonly #types: TypeResolution;
  readonly #facts: MeasureFacts;
  /** The measures of types that other types contain. Without this map, each level of types would double the work. */
  readonly #measures = new Map<CType, TypeMeasure>();

  constructor(types: TypeResolution, facts: MeasureFacts) {
    this.#types = types;
    this.#facts = facts;
  }

  /** Returns the size and the alignment of a type. In GNU C, `void` and functions have size 1. */
  measure(type: CType, at: Token): TypeMeasure {
    let measured = this.#measures.get(type);
    if (!measured) {
      this.#facts.depth.enter(at);
      try {
        measured = this.#limited(this.#measure(type, at));
      } finally {
        this.#facts.depth.leave();
      }
      this.#measures.set(type, measured);
    }
    return measured;
  }

  /** `_Alignof` gives at most the biggest alignment, unless an attribute requests more. */
  #limited(measured: TypeMeasure): TypeMeasure {
    const { align, fieldAlign = align, userAligned } = measured;
    const { biggestAlignment } = this.#facts.target;
    return userAligned || fieldAlign <= biggestAlignment ? measured : { ...measured, leastAlign: biggestAlignment };
  }

  #measure(type: CType, at: Token): TypeMeasure {
    switch (type.kind) {
      case 'void':
        return { size: 1, align: 1 };
      case 'function':
        return { size: 1, align: this.#facts.target.functionAlignment };
      case 'scalar': {
        const measured = this.#facts.target.scalars[type.name];
        if (!measured) throw new Unresolvable(at, `${this.#facts.target.name} has no type ${type.name}`);
        return measured;
      }
      case 'complex': {
        const { size, ...alignment } = this.measure(type.of, at);
        return { size: 2 * size, ...alignment };
      }
      case 'pointer':
        return type.size === undefined ? this.#facts.target.pointer : { size: type.size, align: type.size };
      case 'vector':
        return this.#vector(type, at);
      case 'array': {
        if (type.length === null) throw new Unresolvable(at, 'an array without a length has no size; state the length');
        return this.array(type, at);
      }
      case 'typedef':
        return this.measure(this.#types.beneath(type), type.at);
      case 'qualified': {
        this.#checkAtomic(type, at);
        const measured = this.#rebuildsArray(type) ? this.#mainVariant(type.of, at) : this.measure(type.of, at);
        const before = this.#types.qualifiersOf(type.of);
        // GCC makes a new atomic type for each new qualifier, and for qualifiers that it adds again.
        const isNew = addsTo(type, before) || (type.again && !this.#types.isTagged(type.of));
        return isNew && (type.atomic || before?.atomic) ? this.#atomic(measured) : measured;
      }
      case 'aligned':
        return this.#aligned(type, this.measure(type.of, at));
      case 'unnamed record':
        return this.#recordMeasure(type.record);
      case 'tag':
        if (type.keyword !== 'enum') return this.#recordMeasure(this.#types.tagged(type) as RecordNode);
        return this.measure(this.#types.resolve(type), type.at);
      case 'typeof':
        return this.measure(this.#types.step(type), at);
      default:
        return this.measure(this.#types.resolve(type), at);
    }
  }

  /** GCC ignores an alignment of `void` and of functions, and that of a packed enum in a type. */
  #aligned(type: Extract<CType, { kind: 'aligned' }>, measured: TypeMeasure): TypeMeasure {
    const align = this.alignment(type.alignment);
    const resolved = this.#types.resolve(type);
    if (align === 0 || resolved.kind === 'void' || resolved.kind === 'function') return measured;
    const { notOfFunctions } = type.alignment;
    if (notOfFunctions && resolved.kind === 'pointer' && this.#types.resolve(resolved.to).kind === 'function') {
      return measured;
    }
    if (!type.ofTypedef && this.#types.enumOf(type)?.attributes.packed) return measured;
    return { size: measured.size, align, userAligned: true };
  }

  /** Whether qualifiers make an array again that already has qualified elements. It then loses its own alignment. */
  #rebuildsArray(type: Extract<CType, { kind: 'qualified' }>): boolean {
    if (this.#types.resolve(type.of).kind !== 'array') return false;
    const before = this.#types.elementQualifiers(type.of);
    return before !== undefined && addsTo(type, before);
  }

  /**
   * Measures a type without qualifiers, as GCC builds it before it adds them. Alignments of typedefs have no effect. An
   * alignment in a type has none on a record or an enum.
   */
  #mainVariant(type: CType, at: Token): TypeMeasure {
    switch (type.kind) {
      case 'qualified':
        this.#checkAtomic(type, at);
        return this.#mainVariant(type.of, at);
      case 'typedef':
        return this.#mainVariant(this.#types.beneath(type), type.at);
      case 'typeof':
        return this.#mainVariant(this.#types.step(type), at);
      case 'aligned': {
        const measured = this.#mainVariant(type.of, at);
        const isNew = !type.ofTypedef && !this.#types.isTagged(type.of);
        return isNew ? this.#aligned(type, measured) : measured;
      }
      default:
        return this.measure(type, at);
    }
  }

  /** Returns the size and the alignment of an array. A flexible array has no elements. */
  array({ of, length }: Extract<CType, { kind: 'array' }>, at: Token): TypeMeasure {
    const { kind } = this.#types.resolve(of);
    if (kind === 'function' || kind === 'void') throw new Unresolvable(at, 'an array of functions or of void');
    if (this.#types.isFlexible(of)) throw new Unresolvable(at, 'an array whose elements are arrays without a length');
    const element = this.#elementMeasure(of, at);
    if (element.size % element.align !== 0) {
      throw new Unresolvable(
        at,
        `an array whose elements have ${element.size} bytes and an alignment of ${element.align}; the size must be a multiple of the alignment`,
      );
    }
    const size = element.size * (this.length(length) ?? 0);
    if (!Number.isSafeInteger(size)) throw new Unresolvable(at, 'an array too large to have a size');
    return { ...element, size };
  }

  /**
   * GCC makes an array before it adds the qualifiers of the elements. The elements then have the alignment without
   * `_Atomic`. If a typedef has qualifiers, its own alignment has no effect either.
   */
  #elementMeasure(of: CType, at: Token): TypeMeasure {
    const qualifiers = this.#types.elementQualifiers(of);
    if (!qualifiers) return this.measure(of, at);
    const declared = bareQualifiers(of);
    const measured = this.#types.elementQualifiers(declared)
      ? this.#mainVariant(declared, at)
      : this.measure(declared, at);
    const { size, align, userAligned = false } = measured;
    return qualifiers.atomic ? { size, align, userAligned } : measured;
  }

  #vector(type: Extract<CType, { kind: 'vector' }>, at: Token): TypeMeasure {
    const resolved = this.#types.resolve(type);
    if (resolved.kind !== 'vector') return this.measure(resolved, at);
    const bytes = Number(this.#facts.evaluate(type.bytes).value);
    if (!isPowerOfTwo(bytes) || bytes % this.measure(type.of, at).size !== 0) {
      throw new Unresolvable(
        type.bytes.at,
        `a vector of ${bytes} bytes; the number of elements must be a power of two`,
      );
    }
    const align = Math.min(bytes, this.#facts.target.mostVectorAlignment ?? bytes);
    const of = this.#types.resolve(type.of);
    const isInteger = of.kind === 'scalar' && this.#facts.integers.of(of.name) !== undefined;
    return isInteger ? this.#asField({ size: bytes, align }) : { size: bytes, align };
  }

  #checkAtomic({ atomic, closed, of }: Extract<CType, { kind: 'qualified' }>, at: Token): void {
    if (!atomic) return;
    const { kind } = this.#types.resolve(of);
    if (kind === 'array' || kind === 'function') {
      throw new Unresolvable(at, `_Atomic of ${kind === 'array' ? 'an array' : 'a function'}`);
    }
    if (closed && this.#types.qualifiersOf(of)) {
      throw new Unresolvable(at, '_Atomic(…) of a type with qualifiers; write them before _Atomic');
    }
  }

  /** `_Atomic` aligns a type to its size, if the type has the size of an integer. */
  #atomic(measured: TypeMeasure): TypeMeasure {
    const { size, align, userAligned = false } = measured;
    if (size > 16 || !isPowerOfTwo(size)) return measured;
    return { size, align: Math.max(align, Math.min(size, this.#facts.target.biggestAlignment)), userAligned };
  }

  #recordMeasure(node: RecordNode): TypeMeasure {
    const { size, align, userAligned } = this.#facts.record(node);
    if (userAligned) return { size, align, userAligned };
    return this.#asRecordField(node, { size, align });
  }

  #asRecordField(node: RecordNode, measured: Measure): TypeMeasure {
    if (this.#facts.target.scalars['long long'].fieldAlign === undefined) return measured;
    return this.#isLikeMember(node, measured) || this.#hasBlock(node) ? measured : this.#asField(measured);
  }

  /**
   * Whether the processor handles a struct as its only member, and that member is not an integer: a vector of
   * floating-point numbers, or a decimal number. An atomic member is an integer if it is one without `_Atomic`.
   */
  #isLikeMember({ keyword, members }: RecordNode, whole: Measure): boolean {
    if (keyword !== 'struct') return false;
    return members.some(({ type, at }) => {
      const { size, align } = this.completeMeasure(type, at);
      if (size !== whole.size || align !== whole.align) return false;
      const plain = this.#types.resolve(type);
      const record = this.#recordOf(plain);
      const { fieldAlign } = record ? this.#asRecordField(record, whole) : this.completeMeasure(plain, at);
      return fieldAlign === undefined;
    });
  }

  /** Returns the record of a resolved type. Undefined for another type. */
  #recordOf(type: CType): RecordNode | undefined {
    if (type.kind === 'unnamed record') return type.record;
    return type.kind === 'tag' && type.keyword !== 'enum' ? (this.#types.tagged(type) as RecordNode) : undefined;
  }

  #hasBlock({ members }: RecordNode): boolean {
    return members.some(({ type, at }) => this.#isBlock(type, at));
  }

  /** Whether the processor handles a member of a record in memory only: no integer has its size. */
  #isBlock(type: CType, at: Token): boolean {
    const resolved = this.#types.resolve(type);
    if (resolved.kind === 'array' && resolved.length === null) return true;
    const { size } = this.measure(type, at);
    if (size === 0) return false;
    if (!isPowerOfTwo(size) || size > 8) return true;
    if (resolved.kind === 'array') return this.#isBlock(resolved.of, at);
    const record = this.#recordOf(resolved);
    return record !== undefined && this.#hasBlock(record);
  }

  /** A type of 8 bytes that the processor handles as an integer has the alignment of `long long` in a record. */
  #asField(measured: Measure): TypeMeasure {
    const { size, align, fieldAlign } = this.#facts.target.scalars['long long'];
    return fieldAlign && measured.size === size && measured.align === align ? { ...measured, fieldAlign } : measured;
  }

  /** Returns the length of a dimension, or null for a flexible array. */
  length(expression: Expression | null): number | null {
    if (!expression) return null;
    const { value } = this.#facts.evaluate(expression);
    if (expression.kind !== 'integer' && isWrongLength(expression, evaluatorOf(this.#facts))) {
      throw new Unresolvable(expression.at, 'the length of an array must be an integer constant expression');
    }
    if (value < 0n || value > Number.MAX_SAFE_INTEGER) {
      throw new Unresolvable(expression.at, `an array cannot have ${value} elements`);
    }
    return Number(value);
  }

  /**
   * Returns the alignment that the `aligned` attributes of a member request, in bytes: the largest one. Returns 0
   * without `aligned`. `least` is the alignment of the member's type.
   */
  requested({ aligned }: LayoutAttributes, least: number): number {
    const requested = aligned.map((each) => ({ ...each, align: this.alignment(each) }));
    const strict = requested.filter((each) => each.strict && each.align > 0);
    const [first] = strict;
    if (first && strict.every(({ align }) => align < least)) {
      throw new Unresolvable(
        first.at,
        `_Alignas(${first.align}) is less than the alignment of the type, which is ${least}`,
      );
    }
    return requested.reduce((most, { align }) => Math.max(most, align), 0);
  }

  /**
   * Returns the alignment that the `aligned` attributes of a type request, in bytes: the last one. Returns 0 without
   * `aligned`.
   */
  typeAlign(attributes: LayoutAttributes): number {
    const operand = attributes.aligned.at(-1);
    return operand === undefined ? 0 : this.alignment(operand);
  }

  /** Returns the alignment that an attribute requests, in bytes. 0 changes nothing. */
  alignment({ bytes: operand }: Alignment): number {
    if (!operand) return this.#facts.target.biggestAlignment;
    const value = Number(this.#facts.evaluate(operand).value);
    if (value !== 0 && !isPowerOfTwo(value)) {
      throw new Unresolvable(operand.at, `an alignment of ${value}; it must be a power of two`);
    }
    if (value > mostAlignment) {
      throw new Unresolvable(operand.at, `an alignment of ${value}; it must be at most ${mostAlignment}`);
    }
    return value;
  }

  /** Returns the alignment of a declaration's type that `_Alignas` cannot lower, as GCC has it before it adds `_Atomic`. */
  leastAlign(type: CType, at: Token): number {
    const declared = bareQualifiers(type);
    const plain = this.#types.resolve(declared);
    if (plain.kind === 'array' && this.#types.elementQualifiers(declared)?.atomic) {
      return this.leastAlign(this.#withoutQualifiers(plain.of), at);
    }
    const { align, fieldAlign = align, leastAlign = fieldAlign } = this.completeMeasure(declared, at);
    return leastAlign;
  }

  #withoutQualifiers(type: CType): CType {
    switch (type.kind) {
      case 'qualified':
        return this.#withoutQualifiers(type.of);
      case 'typedef':
        return this.#types.qualifiersOf(type) ? this.#withoutQualifiers(this.#types.beneath(type)) : type;
      default:
        return type;
    }
  }

  /** Returns the size and the alignment of a type. An array without a length has the size 0. */
  completeMeasure(type: CType, at: Token): TypeMeasure {
    const resolved = this.#types.resolve(type);
    return resolved.kind === 'array' && resolved.length === null ? this.array(resolved, at) : this.measure(type, at);
  }
}

/** Whether a type has a qualifier that is not among others. */
function addsTo(type: Extract<CType, { kind: 'qualified' }>, before: Qualifiers | undefined): boolean {
  return Object.keys(ownQualifiers(type) ?? {}).some((name) => !before || !(name in before));
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}
