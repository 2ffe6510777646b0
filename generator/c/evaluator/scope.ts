/** What the evaluation of an expression needs to know about the declarations of a header and about the target. */

import type { Depth } from '../../limits.js';
import type { Measure, ScalarName } from '../../targets/target.js';
import type { CallFact, CType, Initializer, RecordNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import type { Integer, IntegerType, IntegerTypes } from './arithmetic.js';
import type { RealFormat } from './reals.js';

export interface MemberPlace {
  readonly offset: number;
  readonly type: CType;
  /** The width of a bit-field, in bits. Null for another member. */
  readonly width: number | null;
  /** The alignment of the member in its record, in bytes. */
  readonly align: number;
}

/** The size and the alignments of a type. */
export interface TypeMeasure extends Measure {
  /** Whether an attribute determines the alignment. */
  readonly userAligned?: boolean;
  /** The alignment that `_Alignof` gives, if it is neither `fieldAlign` nor `align`. */
  readonly leastAlign?: number;
}

export type Definition = 'initialized' | 'defined' | 'declared';

export interface Scope {
  /** Counts the depth of the evaluation, including the expressions of declarations. */
  readonly depth: Depth<Token>;
  readonly integers: IntegerTypes;
  readonly charSigned: boolean;
  /** The type of `sizeof`. */
  readonly sizeType: IntegerType;
  /** The type of the difference of two pointers. */
  readonly differenceType: IntegerType;
  /** The element type of `L"…"`. */
  readonly wideCharacter: IntegerType;
  /** The size of a pointer, in bytes. */
  readonly pointerSize: number;
  /** The integer type of a scalar type. Undefined for floating point. */
  integerType(name: ScalarName): IntegerType | undefined;
  /** The format of a floating-point type. Undefined for another type, and for a format that is not binary. */
  realFormat(name: ScalarName): RealFormat | undefined;
  /** The result of `__builtin_clz(0)` or `__builtin_ctz(0)` for an operand of this width. */
  zeroBits(which: 'clz' | 'ctz', width: number): bigint;
  /** The type without typedefs, `typeof`, qualifiers and enums: each is replaced by the type that it names. */
  resolve(type: CType): CType;
  /** The type that a typedef names directly. */
  beneath(type: Extract<CType, { kind: 'typedef' }>): CType;
  /** The size and alignment of a type. @throws Unresolvable for an incomplete type. */
  measure(type: CType, at: Token): TypeMeasure;
  /** The value of a name that is a constant. */
  constant(name: string): Integer | undefined;
  /** The type of a variable or a function, with the length that an initializer gives. */
  objectType(name: string): CType | undefined;
  /** What the attributes of a function, or of a pointer to one, say about its calls. Undefined for another name. */
  callsOf(name: string): ReadonlySet<CallFact> | undefined;
  /** The alignment of a variable or a function in bytes, with the attributes of the declaration. */
  objectAlign(name: string, at: Token): number;
  /** The initializer of a `const` variable whose bytes the compiler reads. */
  constantInitializer(name: string): Initializer | undefined;
  /** Whether a variable or function has a value, has memory, or is only declared. */
  definitionOf(name: string): Definition;
  /** Whether the expressions are in an initializer, where GCC takes the values of `const` variables. */
  readonly inInitializer: boolean;
  /** The definition of a struct or union. Undefined for another type. @throws Unresolvable without a definition. */
  recordNode(type: CType): RecordNode | undefined;
  /** A member of a record. It can be a member of an anonymous member. */
  member(record: CType, name: string, at: Token): MemberPlace;
}

/** The values of names. A map is such an object. */
export interface Constants {
  get(name: string): Integer | undefined;
}

/** Returns a scope in which additional names are constants. */
export function withConstants(scope: Scope, constants: Constants, inInitializer: boolean = scope.inInitializer): Scope {
  return {
    depth: scope.depth,
    integers: scope.integers,
    charSigned: scope.charSigned,
    sizeType: scope.sizeType,
    differenceType: scope.differenceType,
    wideCharacter: scope.wideCharacter,
    pointerSize: scope.pointerSize,
    integerType: (name) => scope.integerType(name),
    realFormat: (name) => scope.realFormat(name),
    zeroBits: (which, width) => scope.zeroBits(which, width),
    resolve: (type) => scope.resolve(type),
    beneath: (type) => scope.beneath(type),
    measure: (type, at) => scope.measure(type, at),
    constant: (name) => constants.get(name) ?? scope.constant(name),
    objectType: (name) => scope.objectType(name),
    callsOf: (name) => scope.callsOf(name),
    objectAlign: (name, at) => scope.objectAlign(name, at),
    constantInitializer: (name) => scope.constantInitializer(name),
    definitionOf: (name) => scope.definitionOf(name),
    inInitializer,
    recordNode: (type) => scope.recordNode(type),
    member: (record, name, at) => scope.member(record, name, at),
  };
}

/** Returns a scope in which additional names are objects. They hide other names. */
export function withObjects(scope: Scope, objects: ReadonlyMap<string, CType>): Scope {
  return {
    ...withConstants(scope, new Map()),
    constant: (name) => (objects.has(name) ? undefined : scope.constant(name)),
    objectType: (name) => objects.get(name) ?? scope.objectType(name),
    callsOf: (name) => (objects.has(name) ? undefined : scope.callsOf(name)),
    constantInitializer: (name) => (objects.has(name) ? undefined : scope.constantInitializer(name)),
    definitionOf: (name) => (objects.has(name) ? 'defined' : scope.definitionOf(name)),
  };
}
