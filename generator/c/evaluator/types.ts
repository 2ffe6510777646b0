/** The conversions of types in expressions: decay, promotions and the usual arithmetic conversions. */

import type { ScalarName } from '../../targets/target.js';
import type { CType, Qualifiers } from '../syntax.js';
import { isMadeAgain } from '../types.js';
import { commonType, type IntegerType, type IntegerTypes, promote } from './arithmetic.js';
import type { Scope } from './scope.js';
import type { BitFieldType, Evaluator, ExpressionType } from './values.js';

export type Scalar = Extract<CType, { kind: 'scalar' }>;
export type Pointer = Extract<CType, { kind: 'pointer' }>;

const scalars = new Map<string, Scalar>();

export function scalar(name: ScalarName): Scalar {
  let type = scalars.get(name);
  if (!type) {
    type = { kind: 'scalar', name };
    scalars.set(name, type);
  }
  return type;
}

export function pointerTo(to: CType): Pointer {
  return { kind: 'pointer', to };
}

/** Returns the type of the integers of a type of arithmetic. */
export function typeOfInteger(type: IntegerType): ExpressionType {
  return type.bitField ? { kind: 'bit-field', integer: type } : scalar(type.name as ScalarName);
}

/** Returns the type without names, qualifiers and alignments. */
export function resolved(type: ExpressionType, scope: Scope): ExpressionType {
  return type.kind === 'bit-field' ? type : scope.resolve(type);
}

/** Returns the integer type of a type, or undefined for a type of other values. */
export function integerTypeOf(type: ExpressionType, scope: Scope): IntegerType | undefined {
  if (type.kind === 'bit-field') return type.integer;
  const plain = scope.resolve(type);
  return plain.kind === 'scalar' ? scope.integerType(plain.name) : undefined;
}

/** Returns the type of a bit-field. A bit-field as wide as an integer type has that type. */
export function bitFieldType(declared: CType, width: number, scope: Scope): ExpressionType {
  const integer = integerTypeOf(declared, scope);
  if (!integer) return declared;
  if (width === (integer.name === '_Bool' ? 1 : integer.width)) return declared;
  const { int } = scope.integers;
  const own = (integer.signed ? signedTypes : unsignedTypes).find((name) => scope.integerType(name)?.width === width);
  if (own) return scalar(own);
  const name = `${integer.name}:${width}`;
  // A bit-field that is narrower than an int becomes an int, and no standard type has a lower rank.
  const rank = width < int.width ? 0 : int.rank;
  return { kind: 'bit-field', integer: { name, width, signed: integer.signed, rank, bitField: true } };
}

const signedTypes: readonly ScalarName[] = ['int', 'signed char', 'short', 'long', 'long long', '__int128'];
const unsignedTypes: readonly ScalarName[] = [
  'unsigned int',
  'unsigned char',
  'unsigned short',
  'unsigned long',
  'unsigned long long',
  'unsigned __int128',
];

/** Returns the type that GCC's layout gives to a bit-field's value: the smallest integer type that holds it. */
export function holderOf({ integer }: BitFieldType, scope: Scope): CType {
  const widthOf = (name: ScalarName): number => scope.integerType(name)?.width ?? 0;
  const wide = (integer.signed ? signedTypes : unsignedTypes).filter((name) => widthOf(name) >= integer.width);
  return scalar(wide.sort((a, b) => widthOf(a) - widthOf(b))[0] ?? 'long long');
}

/** Returns the type of the value of an expression: without qualifiers, and with a pointer for an array or a function. */
export function valueType(type: ExpressionType, evaluator: Evaluator): ExpressionType {
  if (type.kind === 'bit-field') return type;
  const plain = evaluator.scope.resolve(type);
  if (plain.kind === 'array') return pointerTo(elementType(type, evaluator));
  if (plain.kind === 'function') return pointerTo(plain);
  const { type: value, mayAlias } = unqualified(type, evaluator);
  return mayAlias && isMadeAgain(value) ? { kind: 'qualified', of: value, mayAlias } : value;
}

/** Returns the element type of an array, with the qualifiers of the array. */
export function elementType(array: CType, evaluator: Evaluator): CType {
  const { type, qualifiers } = unqualified(array, evaluator);
  if (type.kind !== 'array') throw new Error('not an array');
  return qualifiers === undefined ? type.of : { kind: 'qualified', of: type.of, ...qualifiers };
}

export interface Unqualified {
  readonly type: CType;
  readonly qualifiers: Qualifiers | undefined;
  readonly mayAlias: boolean;
  /** The outermost alignment that is not that of a typedef. */
  readonly aligned: Extract<CType, { kind: 'aligned' }> | null;
}

/** Returns a type without typedefs, alignments and its outermost qualifiers. The type of an enum stays that enum. */
export function unqualified(type: CType, evaluator: Evaluator): Unqualified {
  let result = type;
  let qualifiers: Qualifiers | undefined;
  let mayAlias = false;
  let aligned: Unqualified['aligned'] = null;
  for (;;) {
    switch (result.kind) {
      case 'qualified':
        qualifiers = joined(qualifiers, result);
        mayAlias ||= result.mayAlias === true;
        result = result.of;
        break;
      case 'aligned':
        if (!result.ofTypedef) aligned ??= result;
        result = result.of;
        break;
      case 'typedef':
        result = evaluator.scope.beneath(result);
        break;
      case 'typeof': {
        const of = evaluator.unevaluated().typeOf(result.of);
        result = of.kind === 'bit-field' ? holderOf(of, evaluator.scope) : of;
        break;
      }
      case 'mode':
        return { type: evaluator.scope.resolve(result), qualifiers, mayAlias, aligned };
      default:
        return { type: result, qualifiers, mayAlias, aligned };
    }
  }
}

function joined(a: Qualifiers | undefined, b: Qualifiers): Qualifiers {
  const all = { ...a };
  return {
    ...all,
    ...(b.const ? { const: true as const } : {}),
    ...(b.volatile ? { volatile: true as const } : {}),
    ...(b.restrict ? { restrict: true as const } : {}),
    ...(b.atomic ? { atomic: true as const } : {}),
  };
}

export function isArithmetic(type: ExpressionType, scope: Scope): boolean {
  const { kind } = resolved(type, scope);
  return kind === 'scalar' || kind === 'bit-field' || kind === 'complex';
}

export function isScalar(type: ExpressionType, scope: Scope): boolean {
  return isArithmetic(type, scope) || resolved(type, scope).kind === 'pointer';
}

function promotedType(type: IntegerType, integers: IntegerTypes): IntegerType {
  return promote({ type, value: 0n }, integers).type;
}

/** Returns the type of `+`, `-`, `~` and shifts of an operand. */
export function promotedTypeOf(type: ExpressionType, scope: Scope): ExpressionType {
  const integer = integerTypeOf(type, scope);
  return integer ? typeOfInteger(promotedType(integer, scope.integers)) : resolved(type, scope);
}

/** Returns the type in which a binary operator computes. Undefined for an operand that is not a number. */
export function arithmeticType(a: ExpressionType, b: ExpressionType, scope: Scope): ExpressionType | undefined {
  const [x, y] = [resolved(a, scope), resolved(b, scope)];
  if (x.kind === 'vector' || y.kind === 'vector') return x.kind === 'vector' ? x : y;
  if (!isArithmetic(x, scope) || !isArithmetic(y, scope)) return undefined;
  if (x.kind !== 'complex' && y.kind !== 'complex') return realType(x, y, scope);
  const of = realType(x.kind === 'complex' ? x.of : x, y.kind === 'complex' ? y.of : y, scope);
  return of.kind === 'scalar' ? { kind: 'complex', of } : of;
}

function realType(x: ExpressionType, y: ExpressionType, scope: Scope): ExpressionType {
  const a = integerTypeOf(x, scope);
  const b = integerTypeOf(y, scope);
  if (a && b) {
    return typeOfInteger(commonType(promotedType(a, scope.integers), promotedType(b, scope.integers), scope.integers));
  }
  if (a || b) return a ? y : x;
  return floatRank(x, scope) >= floatRank(y, scope) ? x : y;
}

/** The floating-point types whose rank does not follow from their format. */
const ranks: ReadonlyMap<string, number> = new Map([
  ['float', 1],
  ['double', 2],
  ['long double', 3],
]);

/** Of two types with one format, `_FloatN` has the highest rank, and `_FloatNx` the lowest one. */
function floatRank(type: ExpressionType, scope: Scope): number {
  if (type.kind !== 'scalar') return 0;
  // The long double of PowerPC has the precision of two doubles.
  const precision = scope.realFormat(type.name)?.precision ?? 106;
  return precision * 10 + (ranks.get(type.name) ?? (type.name.endsWith('x') ? 0 : 4));
}
