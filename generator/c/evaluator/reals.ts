/**
 * Floating-point numbers of constants, computed exactly. A number is a fraction of two bigints, so no result depends on
 * the floating point of this machine. An operation rounds once, to the nearest number of the target's format.
 */

import { ArithmeticError } from './arithmetic.js';

/** A number is `numerator / denominator`. The denominator is 0 for an infinity and for a value that is not a number. */
export interface Real {
  /** Whether the number is negative. A zero can be negative. */
  readonly negative: boolean;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A binary format. */
export interface RealFormat {
  /** The number of significant bits, with the leading 1. */
  readonly precision: number;
  /** The exponent of the largest power of two that the format holds. */
  readonly maxExponent: number;
}

const zero: Real = { negative: false, numerator: 0n, denominator: 1n };
export const infinity: Real = { negative: false, numerator: 1n, denominator: 0n };
export const notANumber: Real = { negative: false, numerator: 0n, denominator: 0n };

/** The exponents of a format that this file computes with are below this one. */
const mostExponent = 40_000;

export function isFiniteReal({ denominator }: Real): boolean {
  return denominator !== 0n;
}

export function isZero({ numerator, denominator }: Real): boolean {
  return numerator === 0n && denominator !== 0n;
}

export function isNotANumber({ numerator, denominator }: Real): boolean {
  return numerator === 0n && denominator === 0n;
}

export function realOf(value: bigint): Real {
  return { negative: value < 0n, numerator: value < 0n ? -value : value, denominator: 1n };
}

export function negated(real: Real): Real {
  return { ...real, negative: !real.negative };
}

const decimal = /^([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/;
const hexadecimal = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/** Returns the exact value of a floating-point constant without its suffix. Returns undefined for another text. */
export function readReal(text: string): Real | undefined {
  const hex = hexadecimal.exec(text);
  const [, whole = '', fraction = '', exponent = '0'] = hex ?? decimal.exec(text) ?? [];
  const digits = `${whole}${fraction}`;
  if (digits === '') return undefined;
  if (digits.length > 5000 || Math.abs(Number(exponent)) > mostExponent) {
    throw new ArithmeticError(`the floating-point constant ${text.slice(0, 20)}… has too many digits`);
  }
  const numerator = BigInt(hex ? `0x${digits}` : digits);
  const power = Number(exponent) - fraction.length * (hex ? 4 : 1);
  return scaled(numerator, hex ? 2n : 10n, power);
}

function scaled(numerator: bigint, base: bigint, power: number): Real {
  const factor = base ** BigInt(Math.abs(power));
  return power < 0
    ? { negative: false, numerator, denominator: factor }
    : { negative: false, numerator: numerator * factor, denominator: 1n };
}

/** Returns the nearest number of a format. Of two equally near numbers, the even one. */
export function rounded(real: Real, { precision, maxExponent }: RealFormat): Real {
  const { negative, numerator, denominator } = real;
  if (denominator === 0n || numerator === 0n) return real;
  // The exponent of the leading bit, perhaps one too large.
  let exponent = bitLength(numerator) - bitLength(denominator);
  if (compareMagnitudes(real, scaled(1n, 2n, exponent)) < 0) exponent--;
  // Below the smallest normal number, the numbers of the format have one distance.
  const unit = Math.max(exponent, 1 - maxExponent) - (precision - 1);
  const shift = BigInt(Math.abs(unit));
  const over = unit < 0 ? numerator << shift : numerator;
  const under = unit < 0 ? denominator : denominator << shift;
  let count = over / under;
  const rest = (over % under) * 2n;
  if (rest > under || (rest === under && (count & 1n) === 1n)) count++;
  const result = { ...scaled(count, 2n, unit), negative };
  if (count !== 0n && compareMagnitudes(result, scaled(1n, 2n, maxExponent + 1)) >= 0) return { ...infinity, negative };
  return simplified(result);
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4 - Math.clz32(Number.parseInt(value.toString(16)[0] as string, 16)) + 28;
}

function simplified(real: Real): Real {
  let { numerator, denominator } = real;
  while (numerator !== 0n && (numerator & 1n) === 0n && (denominator & 1n) === 0n) {
    numerator >>= 1n;
    denominator >>= 1n;
  }
  return { negative: real.negative, numerator, denominator: numerator === 0n ? 1n : denominator };
}

function compareMagnitudes(a: Real, b: Real): number {
  const [x, y] = [a.numerator * b.denominator, b.numerator * a.denominator];
  return x < y ? -1 : x > y ? 1 : 0;
}

function signedNumerator({ negative, numerator }: Real): bigint {
  return negative ? -numerator : numerator;
}

/** Returns the exact result of `+`, `-`, `*` or `/`. Returns undefined if GCC does not compute it in a constant. */
export function realOperation(operator: string, a: Real, b: Real): Real | undefined {
  if (!isFiniteReal(a) || !isFiniteReal(b)) return infiniteOperation(operator, a, b);
  const [x, y] = [signedNumerator(a), signedNumerator(b)];
  switch (operator) {
    case '+':
    case '-': {
      const other = y * a.denominator;
      const sum = x * b.denominator + (operator === '+' ? other : -other);
      const bNegative = operator === '+' ? b.negative : !b.negative;
      return signed(sum, a.denominator * b.denominator, a.negative && bNegative);
    }
    case '*':
      return signed(x * y, a.denominator * b.denominator, a.negative !== b.negative);
    case '/': {
      if (y === 0n) return undefined;
      const numerator = a.numerator * b.denominator;
      return { negative: a.negative !== b.negative, numerator, denominator: a.denominator * b.numerator };
    }
    default:
      return undefined;
  }
}

/** Returns the result with an operand that is infinite or not a number. */
function infiniteOperation(operator: string, a: Real, b: Real): Real | undefined {
  if (isNotANumber(a) || isNotANumber(b)) return isNotANumber(a) ? a : b;
  const negative = a.negative !== b.negative;
  if (operator === '+' || operator === '-') {
    const other = operator === '-' ? negated(b) : b;
    if (isFiniteReal(a)) return other;
    return isFiniteReal(b) || a.negative === other.negative ? a : undefined;
  }
  if (operator === '*') return isZero(a) || isZero(b) ? undefined : { ...infinity, negative };
  if (operator !== '/' || isZero(b)) return undefined;
  if (isFiniteReal(a)) return { ...zero, negative };
  return isFiniteReal(b) ? { ...infinity, negative } : undefined;
}

/** `zeroNegative` is the sign of a result that is zero. */
function signed(value: bigint, denominator: bigint, zeroNegative: boolean): Real {
  if (value === 0n) return { ...zero, negative: zeroNegative };
  return { negative: value < 0n, numerator: value < 0n ? -value : value, denominator };
}

/** Returns a negative number, 0 or a positive number. Returns undefined if one of the values is not a number. */
export function compareReals(a: Real, b: Real): number | undefined {
  if (isNotANumber(a) || isNotANumber(b)) return undefined;
  if (!isFiniteReal(a) || !isFiniteReal(b)) return rankOf(a) - rankOf(b);
  const difference = signedNumerator(a) * b.denominator - signedNumerator(b) * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function rankOf(real: Real): number {
  if (isFiniteReal(real)) return 0;
  return real.negative ? -1 : 1;
}

/** Returns the value without its fraction. @throws ArithmeticError for a value without an integer. */
export function truncated(real: Real): bigint {
  if (!isFiniteReal(real)) throw new ArithmeticError('a floating-point value that no integer can hold');
  const whole = real.numerator / real.denominator;
  return real.negative ? -whole : whole;
}
