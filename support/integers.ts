/**
 * C's integers, for the functions that the generated modules have in place of macros. This file stands beside them and
 * needs nothing. What is of one type whatever the arguments are, the functions compute without it.
 *
 * After C's promotions there are four types: 32 or 64 bits, signed or not. Sums, differences and products that do not fit
 * wrap around, as the kernel has it compiled.
 */

export interface Integer {
  /** Within the range of its type. */
  readonly value: bigint;
  /** Whether the type has 64 bits. */
  readonly wide: boolean;
  readonly signed: boolean;
}

/**
 * An argument of a macro: a number is an `int`, or an `unsigned int` where only that holds it; a bigint is a `long long`,
 * or an `unsigned long long` where only that holds it. @throws RangeError where none does.
 */
export function argument(macro: string, value: number | bigint): Integer {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) return longLong(value);
    if (BigInt.asUintN(64, value) === value) return unsignedLongLong(value);
    throw new RangeError(`${macro}: ${value} does not fit in 64 bits`);
  }
  if ((value | 0) === value) return int(value);
  if (value >>> 0 === value) return unsignedInt(value);
  throw new RangeError(`${macro}: the number ${value} is no integer of 32 bits; hand over a bigint`);
}

export function int(value: number): Integer {
  return { value: BigInt(value), wide: false, signed: true };
}

export function unsignedInt(value: number): Integer {
  return { value: BigInt(value), wide: false, signed: false };
}

export function longLong(value: bigint): Integer {
  return { value, wide: true, signed: true };
}

export function unsignedLongLong(value: bigint): Integer {
  return { value, wide: true, signed: false };
}

/** A number of 32 bits, a bigint of 64. */
export function result({ value, wide }: Integer): number | bigint {
  return wide ? value : Number(value);
}

/** C's conversion: modulo the width. */
function convert(value: bigint, { wide, signed }: Omit<Integer, 'value'>): Integer {
  const width = wide ? 64 : 32;
  return { value: signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value), wide, signed };
}

/** A value in the type that an operator works in when the other operand is `other`. */
export function inCommon({ value, wide, signed }: Integer, other: Integer): Integer {
  if (wide === other.wide) return convert(value, { wide, signed: signed && other.signed });
  return wide ? { value, wide, signed } : convert(value, other);
}

function compute(left: Integer, right: Integer, operation: (a: bigint, b: bigint) => bigint): Integer {
  const a = inCommon(left, right);
  return convert(operation(a.value, inCommon(right, left).value), a);
}

export function add(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a + b);
}

export function subtract(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a - b);
}

export function multiply(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a * b);
}

export function and(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a & b);
}

export function or(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a | b);
}

export function xor(left: Integer, right: Integer): Integer {
  return compute(left, right, (a, b) => a ^ b);
}

/** @throws RangeError where C has no quotient: by 0, or of the least value by -1. */
export function divide(macro: string, left: Integer, right: Integer): Integer {
  const quotient = compute(left, right, (a, b) => (b === 0n ? fail(macro, 'division by 0') : a / b));
  // Only this one quotient does not fit in the type, and has wrapped around.
  const a = inCommon(left, right);
  if (a.signed && a.value < 0n && quotient.value === a.value && inCommon(right, left).value === -1n) {
    fail(macro, `${a.value} divided by -1 does not fit in its type`);
  }
  return quotient;
}

/** @throws RangeError where C has no quotient. */
export function remainder(macro: string, left: Integer, right: Integer): Integer {
  return subtract(left, multiply(divide(macro, left, right), right));
}

/** @throws RangeError where the type has not so many bits to shift by. */
export function shiftLeft(macro: string, left: Integer, count: number | bigint): Integer {
  return convert(left.value << BigInt(shiftCount(macro, count, left.wide ? 64 : 32)), left);
}

/** @throws RangeError where the type has not so many bits to shift by. */
export function shiftRight(macro: string, left: Integer, count: number | bigint): Integer {
  return convert(left.value >> BigInt(shiftCount(macro, count, left.wide ? 64 : 32)), left);
}

/** @throws RangeError unless a type of `width` bits can be shifted by so many. */
export function shiftCount(macro: string, count: number | bigint, width: number): number {
  return count >= 0 && count < width ? Number(count) : fail(macro, `a shift of a ${width}-bit integer by ${count}`);
}

export function negate(integer: Integer): Integer {
  return convert(-integer.value, integer);
}

export function complement(integer: Integer): Integer {
  return convert(~integer.value, integer);
}

/** Less than 0, 0 or more than 0, as `left` is less than, equal to or more than `right`. */
export function compare(left: Integer, right: Integer): number {
  const a = inCommon(left, right).value;
  const b = inCommon(right, left).value;
  return a < b ? -1 : a > b ? 1 : 0;
}

function fail(macro: string, problem: string): never {
  throw new RangeError(`${macro}: ${problem}, which C leaves undefined`);
}
