/**
 * Expressions that GCC computes without the value of an operand: `x * 0`, `x == x`, `x ? 1 : 1`. The operand has no
 * effect. GCC knows more of them. The others are errors, as all expressions that are not constant.
 */

import type { Expression } from '../syntax.js';
import { convert, fits, type Integer, type IntegerType } from './arithmetic.js';
import { isAnywhere } from './conversions.js';
import { isPure } from './effects.js';
import { isSame, valueOrNone } from './sameness.js';
import { arithmeticType, integerTypeOf, promotedTypeOf, resolved, typeOfInteger, valueType } from './types.js';
import type { Evaluator } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** The values of the operands. An operand that is not a constant integer is undefined. */
interface Known {
  readonly left: Integer | undefined;
  readonly right: Integer | undefined;
}

/** Returns the result of an operation if it does not depend on the operands that are not known. */
export function knownResult(expression: Node<'binary'>, known: Known, evaluator: Evaluator): Integer | undefined {
  const { left, right } = expression;
  const { scope } = evaluator;
  const value = known.left || known.right ? absorbed(expression, known, evaluator) : ofEqual(expression, evaluator);
  if (value === undefined || !isPure(left, evaluator) || !isPure(right, evaluator)) return undefined;
  const type = integerTypeOf(evaluator.typeOf(expression), scope);
  return type && convert(value, type);
}

/** Returns the value of a conditional whose branches are equal. */
export function equalBranches(
  { then, otherwise, test }: Node<'conditional'>,
  type: IntegerType,
  evaluator: Evaluator,
): Integer | undefined {
  if (!then || !isPure(test, evaluator)) return undefined;
  const [a, b] = [convert(evaluator.integer(then).value, type), convert(evaluator.integer(otherwise).value, type)];
  return a.value === b.value ? a : undefined;
}

/** Returns the result if a known operand has it for all values of the other operand. `type` is that of the operation. */
type Absorbing = Readonly<Record<string, (value: bigint, type: IntegerType) => bigint | undefined>>;

const ifZero = (value: bigint): bigint | undefined => (value === 0n ? 0n : undefined);
const ifOnes = (value: bigint, type: IntegerType): bigint | undefined =>
  value === convert(-1n, type).value ? value : undefined;

const byRight: Absorbing = {
  '*': ifZero,
  '&': ifZero,
  '|': ifOnes,
  '%': (value, { signed }) => (value === 1n || (signed && value === -1n) ? 0n : undefined),
};

const byLeft: Absorbing = {
  '*': ifZero,
  '&': ifZero,
  '|': ifOnes,
  '/': ifZero,
  '%': ifZero,
  '<<': ifZero,
  '>>': (value, { signed }) => (value === 0n || (signed && value === -1n) ? value : undefined),
};

function absorbed({ operator, left, right }: Node<'binary'>, known: Known, evaluator: Evaluator): bigint | undefined {
  const operand = known.right ?? known.left;
  if (!operand || operand.overflow) return undefined;
  if (mirrored[operator]) {
    const unknown = known.right ? left : right;
    return comparedWithConstant(known.right ? operator : mirrored[operator], unknown, operand, evaluator)?.result;
  }
  const result = (known.right ? byRight : byLeft)[operator];
  if (!result) return undefined;
  const { scope } = evaluator;
  const [a, b] = [valueType(evaluator.typeOf(left), evaluator), valueType(evaluator.typeOf(right), evaluator)];
  if (!integerTypeOf(a, scope) || !integerTypeOf(b, scope)) return undefined;
  const common = operator === '<<' || operator === '>>' ? promotedTypeOf(a, scope) : arithmeticType(a, b, scope);
  const type = common && integerTypeOf(common, scope);
  return type && result(convert(operand.value, type).value, type);
}

/** The comparisons, and the same comparison with exchanged operands. */
const mirrored: Readonly<Record<string, string>> = {
  ...{ '==': '==', '!=': '!=', '<': '>', '>': '<', '<=': '>=', '>=': '<=' },
};

/** The result of a comparison with a constant, if the type of the other operand determines it. */
interface Compared {
  readonly result: bigint | undefined;
  /** Whether the comparison has the values of the other operand, and not values that a conversion changes. */
  readonly isExact: boolean;
}

/** Compares all values of an operand with a constant at its right. Returns undefined if they are not integers. */
export function comparedWithConstant(
  operator: string,
  operand: Expression,
  constant: Integer,
  evaluator: Evaluator,
): Compared | undefined {
  const { scope } = evaluator;
  const own = valueType(evaluator.typeOf(operand), evaluator);
  const isPointer = resolved(own, scope).kind === 'pointer';
  // GCC compares pointers as integers without a sign.
  const from = isPointer ? scope.integers.unsignedLong : integerTypeOf(own, scope);
  const common = from && arithmeticType(typeOfInteger(from), typeOfInteger(constant.type), scope);
  const to = isPointer ? from : common && integerTypeOf(common, scope);
  if (!from || !to) return undefined;
  const isExact = fits(leastOf(from), to) && fits(mostOf(from), to);
  const [lowest, most] = isExact ? [leastOf(from), mostOf(from)] : [leastOf(to), mostOf(to)];
  const least = isPointer && isObject(operand, evaluator) ? 1n : lowest;
  return { result: resultFor(operator, least, most, convert(constant.value, to).value), isExact };
}

/** Whether an operand is the address of an object that cannot be a null pointer. */
function isObject(operand: Expression, evaluator: Evaluator): boolean {
  const value = valueOrNone(operand, evaluator);
  return value !== undefined && 'address' in value && value.base !== null && value.offset === 0n
    ? isAnywhere(value.base, evaluator.scope)
    : false;
}

/** Returns the result of the comparison of each value from `least` to `most`, if it is always the same. */
function resultFor(operator: string, least: bigint, most: bigint, value: bigint): bigint | undefined {
  const [isLess, isMore] = [most < value, least > value];
  switch (operator) {
    case '==':
    case '!=':
      return isLess || isMore ? (operator === '==' ? 0n : 1n) : undefined;
    case '<':
    case '>=':
      return isLess || least >= value ? (isLess === (operator === '<') ? 1n : 0n) : undefined;
    default:
      return isMore || most <= value ? (isMore === (operator === '>') ? 1n : 0n) : undefined;
  }
}

function leastOf({ name, width, signed }: IntegerType): bigint {
  return name === '_Bool' || !signed ? 0n : -(1n << BigInt(width - 1));
}

function mostOf({ name, width, signed }: IntegerType): bigint {
  return name === '_Bool' ? 1n : (1n << BigInt(signed ? width - 1 : width)) - 1n;
}

/** The results of operations with two equal integers. */
const ofEqualIntegers: Readonly<Record<string, bigint>> = {
  ...{ '==': 1n, '<=': 1n, '>=': 1n, '!=': 0n, '<': 0n, '>': 0n },
  ...{ '-': 0n, '^': 0n, '/': 1n, '%': 0n, '>>': 0n },
};

function ofEqual(expression: Node<'binary'>, evaluator: Evaluator): bigint | undefined {
  const { operator, left, right } = expression;
  const apart = ofApart(expression, evaluator) ?? ofOpposite(expression, evaluator);
  if (apart !== undefined) return apart;
  const result = ofEqualIntegers[operator];
  if (result === undefined || !isSame(left, right, evaluator)) return undefined;
  const type = valueType(evaluator.typeOf(left), evaluator);
  if (integerTypeOf(type, evaluator.scope) || resolved(type, evaluator.scope).kind === 'pointer') return result;
  // A number that is not equal to itself is not less than itself either.
  return operator === '<' || operator === '>' ? result : undefined;
}

/** Returns the result of an operation with two integers whose difference is a number: `(x + 1) - x`, `x + 1 > x`. */
function ofApart({ operator, left, right }: Node<'binary'>, evaluator: Evaluator): bigint | undefined {
  if (left.kind !== 'binary' && right.kind !== 'binary') return undefined;
  const [a, b] = [withOffset(left, evaluator), withOffset(right, evaluator)];
  const type = a?.type;
  if (!a || !b || !type || type !== b.type || !isSame(a.base, b.base, evaluator)) return undefined;
  const distance = a.offset - b.offset;
  if (operator === '-') return distance;
  const isEqual = convert(distance, type).value === 0n;
  if (operator === '==' || operator === '!=') return isEqual === (operator === '==') ? 1n : 0n;
  // An integer with a sign does not overflow.
  if (!type.signed) return undefined;
  return holds(operator, distance);
}

function holds(operator: string, distance: bigint): bigint | undefined {
  const results: Readonly<Record<string, boolean>> = {
    ...{ '<': distance < 0n, '<=': distance <= 0n, '>': distance > 0n, '>=': distance >= 0n },
  };
  const result = results[operator];
  return result === undefined ? undefined : result ? 1n : 0n;
}

interface WithOffset {
  readonly base: Expression;
  readonly offset: bigint;
  /** The type of the sum. */
  readonly type: IntegerType;
}

/** Splits an integer into an expression and a number that is added to it. */
function withOffset(expression: Expression, evaluator: Evaluator): WithOffset | undefined {
  const { scope } = evaluator;
  const typeOf = (each: Expression): IntegerType | undefined => {
    const promoted = promotedTypeOf(valueType(evaluator.typeOf(each), evaluator), scope);
    return promoted && integerTypeOf(promoted, scope);
  };
  const type = typeOf(expression);
  if (!type) return undefined;
  let [base, offset] = [expression, 0n];
  while (base.kind === 'binary' && (base.operator === '+' || base.operator === '-')) {
    const number = base.right.kind === 'integer' ? evaluator.integer(base.right) : undefined;
    if (!number || typeOf(base.left) !== type) break;
    offset += base.operator === '+' ? number.value : -number.value;
    base = base.left;
  }
  return { base, offset, type };
}

/** The results of operations with an integer and its complement, or with an integer and its negative. */
const ofComplement: Readonly<Record<string, bigint>> = { '&': 0n, '|': -1n, '^': -1n, '+': -1n };

function ofOpposite({ operator, left, right }: Node<'binary'>, evaluator: Evaluator): bigint | undefined {
  const isOf = (sign: '-' | '~', one: Expression, other: Expression): boolean =>
    one.kind === 'unary' && one.operator === sign && isSame(one.operand, other, evaluator);
  const isOpposite = (sign: '-' | '~'): boolean => isOf(sign, left, right) || isOf(sign, right, left);
  const result = ofComplement[operator];
  const isInteger = (each: Expression): boolean =>
    integerTypeOf(valueType(evaluator.typeOf(each), evaluator), evaluator.scope) !== undefined;
  if (result === undefined || !isInteger(left) || !isInteger(right)) return undefined;
  if (isOpposite('~')) return result;
  return operator === '+' && isOpposite('-') ? 0n : undefined;
}
