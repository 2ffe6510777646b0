/**
 * C's integers: their types, conversions and operators. The types of the operands determine the sign and the width of
 * each result.
 */

/** An integer type of arithmetic. */
export interface IntegerType {
  /** The name in C, such as `unsigned long`. */
  readonly name: string;
  /** In bits. */
  readonly width: number;
  readonly signed: boolean;
  /** Conversion rank. If two types have the same width, the type with the higher rank is used. */
  readonly rank: number;
  /** Whether the type is that of a bit-field. C has no name for such a type. */
  readonly bitField?: true;
}

export interface Integer {
  readonly type: IntegerType;
  readonly value: bigint;
  /** Whether the type could not hold the result of an operation, or of a conversion from floating point. */
  readonly overflow?: true;
}

/** The integer types of a target that constants and promotions use. */
export interface IntegerTypes {
  readonly int: IntegerType;
  readonly unsignedInt: IntegerType;
  readonly long: IntegerType;
  readonly unsignedLong: IntegerType;
  readonly longLong: IntegerType;
  readonly unsignedLongLong: IntegerType;
  /** The type of a decimal constant without `u` that no other signed type can hold. GCC warns about such a constant. */
  readonly largest: IntegerType;
}

/** An operation without a value. The message has the reason. */
export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError';
}

export function fits(value: bigint, type: IntegerType): boolean {
  return convert(value, type).value === value;
}

/** Converts a value to an integer type, as C does: modulo 2 to the power of the width. */
export function convert(value: bigint, type: IntegerType): Integer {
  if (type.name === '_Bool') return { type, value: value === 0n ? 0n : 1n };
  return { type, value: type.signed ? BigInt.asIntN(type.width, value) : BigInt.asUintN(type.width, value) };
}

/** Converts an integer explicitly, as a cast does. An overflow before the conversion stays, except in a truth value. */
export function recast(operand: Integer, type: IntegerType): Integer {
  const result = convert(operand.value, type);
  return operand.overflow && type.name !== '_Bool' ? { ...result, overflow: true } : result;
}

/** Returns the exact result of a signed operation as an integer of a type. */
function computed(exact: bigint, type: IntegerType, overflowed: boolean): Integer {
  const result = convert(exact, type);
  return overflowed || (type.signed && result.value !== exact) ? { ...result, overflow: true } : result;
}

export function promote(operand: Integer, types: IntegerTypes): Integer {
  if (operand.type.rank >= types.int.rank) return operand;
  const narrower =
    operand.type.width < types.int.width || (operand.type.width === types.int.width && operand.type.signed);
  return recast(operand, narrower ? types.int : types.unsignedInt);
}

/** Returns the type in which a binary operator computes with two promoted operands. */
export function commonType(a: IntegerType, b: IntegerType, types: IntegerTypes): IntegerType {
  if (a.width !== b.width && (a.bitField || b.bitField)) return a.width > b.width ? a : b;
  if (a.signed === b.signed) return a.rank >= b.rank ? a : b;
  const [unsigned, signed] = a.signed ? [b, a] : [a, b];
  if (unsigned.rank >= signed.rank) return unsigned;
  if (signed.width > unsigned.width) return signed;
  return signed.rank === types.long.rank ? types.unsignedLong : types.unsignedLongLong;
}

export function unaryOperation(operator: '+' | '-' | '~' | '!', operand: Integer, types: IntegerTypes): Integer {
  if (operator === '!') return { type: types.int, value: operand.value === 0n ? 1n : 0n };
  const promoted = promote(operand, types);
  if (operator === '+') return promoted;
  const { type, value, overflow = false } = promoted;
  return computed(operator === '-' ? -value : ~value, type, overflow);
}

export function binaryOperation(operator: string, left: Integer, right: Integer, types: IntegerTypes): Integer {
  const a = promote(left, types);
  const b = promote(right, types);
  if (operator === '<<' || operator === '>>') return shift(operator, a, BigInt.asIntN(a.type.width, b.value));
  const type = commonType(a.type, b.type, types);
  const x = a.type === type ? a.value : convert(a.value, type).value;
  const y = b.type === type ? b.value : convert(b.value, type).value;
  const overflowed = a.overflow === true || b.overflow === true;
  switch (operator) {
    case '+':
      return computed(x + y, type, overflowed);
    case '-':
      return computed(x - y, type, overflowed);
    case '*':
      return computed(x * y, type, overflowed);
    case '/':
    case '%':
      if (y === 0n) throw new ArithmeticError('division by zero');
      return computed(operator === '/' ? x / y : x % y, type, overflowed);
    case '&':
      return computed(x & y, type, overflowed);
    case '|':
      return computed(x | y, type, overflowed);
    case '^':
      return computed(x ^ y, type, overflowed);
    case '<':
      return truth(x < y, types);
    case '>':
      return truth(x > y, types);
    case '<=':
      return truth(x <= y, types);
    case '>=':
      return truth(x >= y, types);
    case '==':
      return truth(x === y, types);
    case '!=':
      return truth(x !== y, types);
    default:
      throw new ArithmeticError(`operator '${operator}' is not constant`);
  }
}

function truth(holds: boolean, types: IntegerTypes): Integer {
  return { type: types.int, value: holds ? 1n : 0n };
}

/** As in GCC, the count has the width of the operand, and a shift by the width or more moves all bits out. */
function shift(operator: '<<' | '>>', operand: Integer, by: bigint): Integer {
  const { type, value } = operand;
  // Any shift of these values gives the same value.
  if (value === 0n || (value === -1n && operator === '>>')) return operand;
  if (by < 0n) throw new ArithmeticError(`shift of a ${type.width}-bit value by ${by}`);
  const most = BigInt(type.width);
  const shifted = operator === '>>' ? value >> (by > most ? most : by) : by >= most ? 0n : value << by;
  return recast({ ...operand, value: shifted }, type);
}

/** Whether GCC takes a shift of a constant in an integer constant expression. The result has a value in any case. */
export function isConstantShift(operator: '<<' | '>>', { type, value }: Integer, by: bigint): boolean {
  if (by < 0n || by >= BigInt(type.width)) return false;
  return operator === '>>' || !type.signed || (value >= 0n && fits(value << by, type));
}

const integerConstant = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uUlL]*)$/;
const suffixes = new Map<string, { unsigned: boolean; longs: number }>(
  ['', 'l', 'll'].flatMap((long, longs) => [
    [long, { unsigned: false, longs }],
    [`u${long}`, { unsigned: true, longs }],
    [`${long}u`, { unsigned: true, longs }],
  ]),
);

const literals = new WeakMap<IntegerTypes, Map<string, Integer>>();

/**
 * Returns the value and the type of an integer constant (C17 6.4.4.1). The type is the first type in the list for the
 * constant's form that can hold the value.
 */
export function integerLiteral(text: string, types: IntegerTypes): Integer {
  let known = literals.get(types);
  if (!known) {
    known = new Map();
    literals.set(types, known);
  }
  let result = known.get(text);
  if (!result) {
    result = readLiteral(text, types);
    known.set(text, result);
  }
  return result;
}

function readLiteral(text: string, types: IntegerTypes): Integer {
  // Nearly all constants are this short. Every target's int can hold them.
  if (/^(?:0|[1-9][0-9]{0,8}|0[xX][0-9a-fA-F]{1,7})$/.test(text))
    return { type: types.int, value: BigInt(Number(text)) };
  const match = integerConstant.exec(text);
  const digits = match?.[1];
  const suffix = suffixes.get((match?.[2] ?? '').toLowerCase());
  if (digits === undefined || !suffix || /lL|Ll/.test(text)) {
    throw new ArithmeticError(`'${text}' is not an integer constant`);
  }
  // Making a bigint of a million digits takes seconds.
  if (digits.replace(/^0[xXbB]?0*/, '').length > 64) throw new ArithmeticError(tooLarge(text));
  const octal = /^0[0-7]+$/.test(digits);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  const decimal = /^[1-9]/.test(digits);
  const candidates = [
    [types.int, types.unsignedInt],
    [types.long, types.unsignedLong],
    [types.longLong, types.unsignedLongLong],
  ].slice(suffix.longs) as [IntegerType, IntegerType][];
  for (const [signed, unsigned] of candidates) {
    if (!suffix.unsigned && fits(value, signed)) return { type: signed, value };
    if ((suffix.unsigned || !decimal) && fits(value, unsigned)) return { type: unsigned, value };
  }
  if (fits(value, types.unsignedLongLong)) return convert(value, types.largest);
  // GCC warns, and takes the lower 64 bits.
  const lower = convert(value, types.unsignedLongLong).value;
  return readLiteral(`${decimal ? lower : `0x${lower.toString(16)}`}${match?.[2] ?? ''}`, types);
}

function tooLarge(text: string): string {
  return `'${text}' does not fit in any integer type`;
}
