/**
 * C's integers, for the functions that replace macros in generated modules. This file imports nothing. A function uses
 * this file only for values whose type depends on the arguments.
 *
 * After C's promotions there are four types: 32 or 64 bits, signed or unsigned. If a sum, difference or product does
 * not fit its type, it wraps around, as in the kernel's compiled code.
 */

export interface Integer {
  /** The value, in the range of its type. */
  readonly value: bigint;
  /** Whether the type has 64 bits. */
  readonly wide: boolean;
  readonly signed: boolean;
}

/**
 * Converts an argument of a macro. A number becomes an `int`, or an `unsigned int` if only that type can hold it. A
 * bigint becomes a `long long`, or an `unsigned long long` if only that type can hold it. @throws RangeError if no type
 * can hold the value.
 */
export function argument(macro: string, value: number | bigint): Integer {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) return longLong(value);
    if (BigInt.asUintN(64, value) === value) return unsignedLongLong(value);
    throw new RangeError(`${macro}: the bigint ${value} does not fit in 64 bits`);
  }
  if ((value | 0) === value) return int(value);
  if (value >>> 0 === value) return unsignedInt(value);
  throw new RangeError(`${macro}: the number ${value} is not an integer of 32 bits; use a bigint for a larger integer`);
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

/** Returns a number for 32 bits and a bigint for 64 bits. */
export function result({ value, wide }: Integer): number | bigint {
  return wide ? value : Number(value);
}

/** Converts a value as C does: modulo 2 to the power of the width. */
function convert(value: bigint, { wide, signed }: Omit<Integer, 'value'>): Integer {
  const width = wide ? 64 : 32;
  return { value: signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value), wide, signed };
}

/** Returns a value in the type in which an operator computes if the other operand is `other`. */
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

/**
 * Divides as C does. @throws RangeError if the result is undefined in C: a division by 0, or the smallest value divided
 * by -1.
 */
export function divide(macro: string, left: Integer, right: Integer): Integer {
  const quotient = compute(left, right, (a, b) => (b === 0n ? fail(macro, 'division by 0') : a / b));
  // Only this quotient does not fit in the type, so it has wrapped around.
  const a = inCommon(left, right);
  if (a.signed && a.value < 0n && quotient.value === a.value && inCommon(right, left).value === -1n) {
    fail(macro, `${a.value} divided by -1 does not fit in its type`);
  }
  return quotient;
}

/** Returns the remainder as C does. @throws RangeError if the result is undefined in C. */
export function remainder(macro: string, left: Integer, right: Integer): Integer {
  return subtract(left, multiply(divide(macro, left, right), right));
}

/** Shifts to the left. @throws RangeError if the count is negative, or not less than the width of the type. */
export function shiftLeft(macro: string, left: Integer, count: number | bigint): Integer {
  return convert(left.value << BigInt(shiftCount(macro, count, left.wide ? 64 : 32)), left);
}

/** Shifts to the right. @throws RangeError if the count is negative, or not less than the width of the type. */
export function shiftRight(macro: string, left: Integer, count: number | bigint): Integer {
  return convert(left.value >> BigInt(shiftCount(macro, count, left.wide ? 64 : 32)), left);
}

/** Returns the count of a shift as a number. @throws RangeError if the count is negative, or not less than `width`. */
export function shiftCount(macro: string, count: number | bigint, width: number): number {
  return count >= 0 && count < width ? Number(count) : fail(macro, `a shift of a ${width}-bit integer by ${count}`);
}

export function negate(integer: Integer): Integer {
  return convert(-integer.value, integer);
}

export function complement(integer: Integer): Integer {
  return convert(~integer.value, integer);
}

/** Returns a number less than, equal to or greater than 0 if `left` is less than, equal to or greater than `right`. */
export function compare(left: Integer, right: Integer): number {
  const a = inCommon(left, right).value;
  const b = inCommon(right, left).value;
  return a < b ? -1 : a > b ? 1 : 0;
}

function fail(macro: string, problem: string): never {
  throw new RangeError(`${macro}: ${problem}, which is undefined in C`);
}
