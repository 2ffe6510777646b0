/** Converts values between types, as a cast does, and computes with floating-point numbers. */

import type { CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { Unresolvable, Unsupported } from '../unresolvable.js';
import { ArithmeticError, convert, type Integer, type IntegerType, recast } from './arithmetic.js';
import {
  compareReals,
  isFiniteReal,
  isNotANumber,
  isZero,
  type Real,
  realOf,
  realOperation,
  rounded,
  truncated,
} from './reals.js';
import type { Scope } from './scope.js';
import { arithmeticType, integerTypeOf, scalar, typeOfInteger } from './types.js';
import {
  type Address,
  type Evaluator,
  type ExpressionType,
  type Floating,
  isFloating,
  isInteger,
  type Value,
} from './values.js';

/** Whether a value is not zero. Undefined if GCC does not know. */
function truthOf(value: Value, scope: Scope): boolean | undefined {
  if (isInteger(value)) return value.value !== 0n;
  if (isFloating(value)) return !isZero(value.real);
  if (value.base === null) return value.offset !== 0n;
  // GCC does not expect a weak variable after `&`, but it does after an operation with the address.
  return value.offset === 0n || isAnywhere(value.base, scope) ? true : undefined;
}

/** Whether the address of an object is not zero. A variable or function that is only declared can be weak. */
export function isAnywhere(base: string | Expression, scope: Scope): boolean {
  if (typeof base !== 'string') return true;
  return scope.inInitializer || scope.definitionOf(base) !== 'declared';
}

/** Whether a value is not zero. @throws Unresolvable at `at` if the compiler does not know. */
export function isTrue(value: Value, at: Token, scope: Scope): boolean {
  const truth = truthOf(value, scope);
  if (truth === undefined) throw new Unresolvable(at, 'the address of an object is not a constant');
  return truth;
}

/** Returns an address as the bits of a pointer. */
function pointerBits(offset: bigint, { pointerSize }: Scope): bigint {
  return BigInt.asUintN(pointerSize * 8, offset);
}

export function converted(value: Value, type: CType, at: Token, scope: Scope): Value {
  const plain = scope.resolve(type);
  if (plain.kind === 'pointer') {
    if (plain.size !== undefined)
      throw new Unsupported(at, 'a pointer of another size, which the generator does not compute');
    return toPointer(value, type, at, scope);
  }
  if (plain.kind === 'scalar') {
    const integer = scope.integerType(plain.name);
    if (integer) return toInteger(value, integer, type, at, scope);
    const format = scope.realFormat(plain.name);
    if (!format) throw new Unsupported(at, `a number of type ${plain.name}, which the generator does not compute`);
    if (isFloating(value)) return { format: plain.name, real: rounded(value.real, format) };
    if (isInteger(value)) return { format: plain.name, real: rounded(realOf(value.value), format) };
    throw new Unresolvable(at, 'a pointer cannot become a floating-point number');
  }
  if (plain.kind === 'void') throw new Unresolvable(at, 'a cast to void has no value');
  if (plain.kind === 'complex' || plain.kind === 'vector')
    throw new Unsupported(at, 'a complex number or a vector, which the generator does not compute');
  throw new Unresolvable(at, 'a cast to a type without values');
}

function toPointer(value: Value, type: CType, at: Token, scope: Scope): Address {
  if (isInteger(value)) return { address: type, base: null, offset: pointerBits(value.value, scope) };
  if (isFloating(value)) throw new Unresolvable(at, 'a floating-point number cannot become a pointer');
  return { address: type, base: value.base, offset: value.offset };
}

function toInteger(value: Value, integer: IntegerType, type: CType, at: Token, scope: Scope): Value {
  if (isInteger(value)) return recast(value, integer);
  if (integer.name === '_Bool') return { type: integer, value: isTrue(value, at, scope) ? 1n : 0n };
  if (isFloating(value)) return saturated(value.real, integer);
  // GCC extends the bits of a pointer with its sign.
  if (value.base === null) return convert(BigInt.asIntN(scope.pointerSize * 8, value.offset), integer);
  if (integer.width !== scope.pointerSize * 8) {
    throw new Unresolvable(at, 'a part of the address of an object is not a constant');
  }
  return { address: type, base: value.base, offset: value.offset };
}

/** As in GCC, a number that is too large becomes the largest integer, and no number becomes 0. */
function saturated(real: Real, type: IntegerType): Integer {
  if (isNotANumber(real)) return { type, value: 0n, overflow: true };
  const { width, signed } = type;
  const most = signed ? (1n << BigInt(width - 1)) - 1n : (1n << BigInt(width)) - 1n;
  const least = signed ? -most - 1n : 0n;
  const value = isFiniteReal(real) ? truncated(real) : undefined;
  if (value !== undefined && value >= least && value <= most) return { type, value };
  return { type, value: real.negative ? least : most, overflow: true };
}

/** Returns the type of a number, for the usual arithmetic conversions. */
function numberType(value: Integer | Floating): ExpressionType {
  return isInteger(value) ? typeOfInteger(value.type) : scalar(value.format);
}

/** Computes with at least one floating-point number. Returns undefined if GCC does not compute it in a constant. */
export function floatingOperation(operator: string, a: Value, b: Value, { scope }: Evaluator): Value | undefined {
  if (!(isInteger(a) || isFloating(a)) || !(isInteger(b) || isFloating(b))) return undefined;
  const type = arithmeticType(numberType(a), numberType(b), scope);
  if (type?.kind !== 'scalar' || integerTypeOf(type, scope)) return undefined;
  const format = scope.realFormat(type.name);
  if (!format) throw new ArithmeticError(`a number of type ${type.name} has no value here`);
  const real = (value: Integer | Floating): Real =>
    rounded(isInteger(value) ? realOf(value.value) : value.real, format);
  const [x, y] = [real(a), real(b)];
  const holds = comparison(operator, x, y);
  if (holds !== undefined) return { type: scope.integers.int, value: holds ? 1n : 0n };
  const exact = realOperation(operator, x, y);
  const result = exact && rounded(exact, format);
  // GCC does not fold an operation that overflows.
  const overflows = result && !isFiniteReal(result) && isFiniteReal(x) && isFiniteReal(y);
  return result && !overflows ? { format: type.name, real: result } : undefined;
}

/** Returns the result of a comparison. Returns undefined for another operator, and if GCC does not fold it. */
function comparison(operator: string, a: Real, b: Real): boolean | undefined {
  const order = compareReals(a, b);
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order !== undefined && order < 0;
    case '<=':
      return order !== undefined && order <= 0;
    case '>':
      return order !== undefined && order > 0;
    case '>=':
      return order !== undefined && order >= 0;
    default:
      return undefined;
  }
}
