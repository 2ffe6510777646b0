/** C's integers: their types, conversions and operators. The type decides the sign and the width of every result. */

/** An integer type as arithmetic sees it. */
export interface IntegerType {
  /** `unsigned long` */
  readonly name: string;
  /** In bits. */
  readonly width: number;
  readonly signed: boolean;
  /** Conversion rank: of two types of one width, the one with the higher rank wins. */
  readonly rank: number;
}

export interface Integer {
  readonly type: IntegerType;
  readonly value: bigint;
}

/** The integer types of a target, as far as constants and promotions need them. */
export interface IntegerTypes {
  readonly int: IntegerType;
  readonly unsignedInt: IntegerType;
  readonly long: IntegerType;
  readonly unsignedLong: IntegerType;
  readonly longLong: IntegerType;
  readonly unsignedLongLong: IntegerType;
}

/** An operation that has no value: the message says why. */
export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError';
}

export function fits(value: bigint, type: IntegerType): boolean {
  return convert(value, type).value === value;
}

/** C's conversion to an integer type: modulo its width. */
export function convert(value: bigint, type: IntegerType): Integer {
  if (type.name === '_Bool') return { type, value: value === 0n ? 0n : 1n };
  return { type, value: type.signed ? BigInt.asIntN(type.width, value) : BigInt.asUintN(type.width, value) };
}

export function promote(operand: Integer, types: IntegerTypes): Integer {
  if (operand.type.rank >= types.int.rank) return operand;
  const narrower =
    operand.type.width < types.int.width || (operand.type.width === types.int.width && operand.type.signed);
  return { type: narrower ? types.int : types.unsignedInt, value: operand.value };
}

/** The type in which a binary operator works on two promoted operands. */
export function commonType(a: IntegerType, b: IntegerType, types: IntegerTypes): IntegerType {
  if (a.signed === b.signed) return a.rank >= b.rank ? a : b;
  const [unsigned, signed] = a.signed ? [b, a] : [a, b];
  if (unsigned.rank >= signed.rank) return unsigned;
  if (signed.width > unsigned.width) return signed;
  return signed.rank === types.long.rank ? types.unsignedLong : types.unsignedLongLong;
}

export function unaryOperation(operator: '+' | '-' | '~' | '!', operand: Integer, types: IntegerTypes): Integer {
  if (operator === '!') return { type: types.int, value: operand.value === 0n ? 1n : 0n };
  const { type, value } = promote(operand, types);
  if (operator === '-') return convert(-value, type);
  return operator === '~' ? convert(~value, type) : { type, value };
}

export function binaryOperation(operator: string, left: Integer, right: Integer, types: IntegerTypes): Integer {
  const a = promote(left, types);
  const b = promote(right, types);
  if (operator === '<<' || operator === '>>') return shift(operator, a, b);
  const type = commonType(a.type, b.type, types);
  const x = a.type === type ? a.value : convert(a.value, type).value;
  const y = b.type === type ? b.value : convert(b.value, type).value;
  switch (operator) {
    case '+':
      return convert(x + y, type);
    case '-':
      return convert(x - y, type);
    case '*':
      return convert(x * y, type);
    case '/':
    case '%':
      if (y === 0n) throw new ArithmeticError('division by zero');
      return convert(operator === '/' ? x / y : x % y, type);
    case '&':
      return convert(x & y, type);
    case '|':
      return convert(x | y, type);
    case '^':
      return convert(x ^ y, type);
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

function shift(operator: '<<' | '>>', left: Integer, by: Integer): Integer {
  if (by.value < 0n || by.value >= BigInt(left.type.width)) {
    throw new ArithmeticError(`shift of a ${left.type.width}-bit value by ${by.value}`);
  }
  return operator === '<<' ? convert(left.value << by.value, left.type) : convert(left.value >> by.value, left.type);
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

/** The value and type of an integer constant (C17 6.4.4.1): the first type in the list for its form that holds it. */
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
  // Nearly all are, and no target's int is narrower.
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
  throw new ArithmeticError(tooLarge(text));
}

function tooLarge(text: string): string {
  return `'${text}' does not fit in any integer type`;
}
