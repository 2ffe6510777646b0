/** GCC's builtin functions that have a value in a constant expression. */

import type { CType, Expression } from '../syntax.js';
import { NotConstant, Unresolvable, Unsupported } from '../unresolvable.js';
import { ArithmeticError, fits, type Integer, type IntegerType, unaryOperation } from './arithmetic.js';
import { type BitFunction, bitFunctionCalled, signedBySuffix } from './bit-functions.js';
import { textAt } from './constant-bytes.js';
import { builtinName, isPure } from './effects.js';
import { chosenExpression } from './integer-constants.js';
import { realFunction, realFunctionType } from './real-builtins.js';
import type { Scope } from './scope.js';
import { integerTypeOf, typeOfInteger } from './types.js';
import { isUnknown } from './unknown-values.js';
import { type Evaluator, type ExpressionType, isFloating, isInteger, type Value } from './values.js';

type Call = Extract<Expression, { kind: 'call' }>;

const absolute = /^__builtin_(|l|ll|imax)abs$/;
const swaps = /^__builtin_bswap(16|32|64|128)$/;
const overflows = /^__builtin_(add|sub|mul)_overflow_p$/;
const comparisons = /^__builtin_(strcmp|strncmp|memcmp)$/;

/** Returns the type of a call of a builtin function. Returns undefined for another function. */
export function builtinType(name: string, call: Call, evaluator: Evaluator): ExpressionType | undefined {
  const type = resultType(name, call, evaluator);
  if (!type) return undefined;
  for (const each of call.arguments) evaluator.typeOf(each);
  const count =
    argumentCounts.get(name) ??
    (bitFunctionCalled(name, evaluator.scope) || absolute.test(name) || swaps.test(name) ? 1 : undefined);
  if (count !== undefined && call.arguments.length !== count) {
    throw new Unresolvable(call.at, `a call with ${call.arguments.length} arguments of a function of ${count}`);
  }
  return 'rank' in type ? typeOfInteger(type) : type;
}

const argumentCounts: ReadonlyMap<string, number> = new Map([
  ['__builtin_constant_p', 1],
  ['__builtin_expect', 2],
  ['__builtin_expect_with_probability', 3],
  ['__builtin_choose_expr', 3],
  ['__builtin_strlen', 1],
]);

/** The result's type: an integer type, or another type. */
function resultType(name: string, call: Call, evaluator: Evaluator): IntegerType | ExpressionType | undefined {
  const { scope } = evaluator;
  const { integers } = scope;
  if (!name.startsWith('__builtin_')) return undefined;
  if (bitFunctionCalled(name, scope) || comparisons.test(name) || name === '__builtin_constant_p') return integers.int;
  if (overflows.test(name)) return scope.integerType('_Bool');
  const suffix = absolute.exec(name)?.[1];
  if (suffix !== undefined) return signedBySuffix(suffix, scope);
  const swap = swaps.exec(name)?.[1];
  if (swap !== undefined) return swappedType(Number(swap), scope);
  if (name === '__builtin_expect' || name === '__builtin_expect_with_probability') return integers.long;
  if (name === '__builtin_strlen') return scope.sizeType;
  if (name === '__builtin_choose_expr') {
    const chosen = chosenExpression(call, evaluator);
    return evaluator.typeOf(chosen);
  }
  return realFunctionType(name);
}

/** Returns the value of a call of a builtin function. Returns undefined if the function has no constant value. */
export function builtinValue(name: string, call: Call, evaluator: Evaluator): Value | undefined {
  const { integers } = evaluator.scope;
  const full = builtinName(name);
  const [first] = call.arguments;
  if (!first) return realFunction(full, [], evaluator.scope);
  if (full === '__builtin_constant_p') {
    return { type: integers.int, value: isConstant(first, evaluator) ? 1n : 0n };
  }
  if (full === '__builtin_choose_expr') return evaluator.value(chosenExpression(call, evaluator));
  const bits = bitFunctionCalled(full, evaluator.scope);
  if (bits) return bitCount(bits, first, evaluator);
  const swap = swaps.exec(full)?.[1];
  if (swap !== undefined) {
    const type = swappedType(Number(swap), evaluator.scope) as IntegerType;
    const operand = argument(first, type, evaluator);
    return operand.overflow ? undefined : { type, value: swapBytes(operand.value, type.width) };
  }
  const suffix = absolute.exec(full)?.[1];
  if (suffix !== undefined) {
    const operand = argument(first, signedBySuffix(suffix, evaluator.scope), evaluator);
    return operand.value < 0n ? unaryOperation('-', operand, integers) : operand;
  }
  return otherValue(full, call, evaluator);
}

function otherValue(name: string, call: Call, evaluator: Evaluator): Value | undefined {
  const [first, second, third] = call.arguments as [Expression, Expression?, Expression?];
  const { scope } = evaluator;
  if (name === '__builtin_expect' || name === '__builtin_expect_with_probability') {
    return argument(first, scope.integers.long, evaluator);
  }
  if (name === '__builtin_strlen') {
    const text = textAt(evaluator.value(first), evaluator);
    return text && { type: scope.sizeType, value: BigInt(text.length) };
  }
  const compared = comparisons.exec(name)?.[1];
  if (compared !== undefined && second) return comparedTexts(compared, [first, second, third], evaluator);
  const operation = overflows.exec(name)?.[1];
  if (operation !== undefined && second && third) return overflow(operation, first, second, third, evaluator);
  return realFunction(
    name,
    call.arguments.map((each) => evaluator.value(each)),
    scope,
  );
}

/**
 * Returns an argument as the type of the function's parameter. GCC keeps an overflow of the conversion only in an operand
 * that it does not evaluate.
 */
function argument(expression: Expression, type: IntegerType, evaluator: Evaluator): Integer {
  const given = evaluator.value(expression);
  const value = evaluator.convert(given, typeOfInteger(type) as CType, expression.at);
  if (isInteger(value)) {
    const overflows = !evaluator.isEvaluated && type.signed && isInteger(given) && value.value !== given.value;
    return overflows ? { ...value, overflow: true } : value;
  }
  throw new NotConstant(expression.at, 'not an integer constant expression');
}

/** Returns the type of a builtin that reverses bytes: that of `uint16_t`, and so on. */
function swappedType(width: number, scope: Scope): IntegerType | undefined {
  if (width === 16) return scope.integerType('unsigned short');
  if (width === 128) return scope.integerType('unsigned __int128');
  const { unsignedInt, unsignedLong, unsignedLongLong } = scope.integers;
  return [unsignedInt, unsignedLong, unsignedLongLong].find((type) => type.width === width);
}

function swapBytes(value: bigint, width: number): bigint {
  let result = 0n;
  for (let bits = 0; bits < width; bits += 8) result = (result << 8n) | ((value >> BigInt(bits)) & 0xffn);
  return result;
}

/**
 * As in GCC, a number and the address of a string are constants. The address of a variable and an expression with an
 * effect are not. @throws Unsupported if GCC could know the value.
 */
function isConstant(expression: Expression, evaluator: Evaluator): boolean {
  try {
    const value = evaluator.value(expression);
    if (isInteger(value) || isFloating(value) || value.base === null) return true;
    return typeof value.base === 'object' && value.base.kind === 'string' && value.offset === 0n;
  } catch (error) {
    if (error instanceof Unsupported || !(error instanceof Unresolvable || error instanceof ArithmeticError))
      throw error;
    if (!(error instanceof NotConstant) || !isPure(expression, evaluator)) return false;
    if (isUnknown(expression, evaluator)) return false;
    throw new Unsupported(expression.at, '__builtin_constant_p of a value that the generator does not compute');
  }
}

/** GCC does not compute its builtin functions of bits for an argument with an overflow. */
function bitCount({ what, type }: BitFunction, operand: Expression, evaluator: Evaluator): Integer | undefined {
  const { scope } = evaluator;
  const { width } = type;
  const { value, overflow } = argument(operand, type, evaluator);
  if (overflow) return undefined;
  const bits = BigInt.asUintN(width, value);
  return { type: scope.integers.int, value: countOf(what, bits, width, scope) };
}

function countOf(what: string, bits: bigint, width: number, scope: Scope): bigint {
  const text = bits.toString(2).padStart(width, '0');
  switch (what) {
    case 'clz':
      return bits === 0n ? scope.zeroBits('clz', width) : BigInt(text.indexOf('1'));
    case 'ctz':
      return bits === 0n ? scope.zeroBits('ctz', width) : BigInt(width - 1 - text.lastIndexOf('1'));
    case 'ffs':
      return bits === 0n ? 0n : BigInt(width - text.lastIndexOf('1'));
    case 'clrsb':
      return BigInt((/^(?:0+|1+)/.exec(text)?.[0].length ?? 1) - 1);
    default: {
      const ones = text.replaceAll('0', '').length;
      return BigInt(what === 'parity' ? ones % 2 : ones);
    }
  }
}

function comparedTexts(
  what: string,
  [first, second, third]: readonly [Expression, Expression, Expression | undefined],
  evaluator: Evaluator,
): Integer | undefined {
  const [a, b] = [textAt(evaluator.value(first), evaluator), textAt(evaluator.value(second), evaluator)];
  if (!a || !b) return undefined;
  const most = third ? Number(evaluator.integer(third).value) : Number.POSITIVE_INFINITY;
  // GCC reads memory only inside of a string.
  if (what === 'memcmp' && most > Math.min(a.length, b.length) + 1) return undefined;
  const { int } = evaluator.scope.integers;
  for (let index = 0; index < most && index <= Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return { type: int, value: difference < 0 ? -1n : 1n };
    if (index >= a.length) break;
  }
  return { type: int, value: 0n };
}

function overflow(
  operation: string,
  first: Expression,
  second: Expression,
  third: Expression,
  evaluator: Evaluator,
): Integer | undefined {
  const [a, b] = [evaluator.integer(first).value, evaluator.integer(second).value];
  const into = integerTypeOf(evaluator.typeOf(third), evaluator.scope);
  const type = evaluator.scope.integerType('_Bool');
  if (!into || !type) return undefined;
  const exact = operation === 'add' ? a + b : operation === 'sub' ? a - b : a * b;
  return { type, value: fits(exact, into) ? 0n : 1n };
}
