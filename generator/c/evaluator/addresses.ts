/** Computes with addresses: those of objects, and those that are numbers, as in `&((struct s *)0)->member`. */

import type { BinaryOperator, CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { Unresolvable } from '../unresolvable.js';
import { convert, type Integer } from './arithmetic.js';
import { isAnywhere } from './conversions.js';
import { recordOf } from './expression-types.js';
import { selectedAssociation } from './generic.js';
import { type StringUnits, stringUnits } from './literals.js';
import { integerTypeOf } from './types.js';
import {
  type Address,
  type Evaluator,
  type ExpressionType,
  isFloating,
  isInteger,
  type Place,
  type Value,
} from './values.js';

/** Returns the object that an expression designates. */
export function placeOf(expression: Expression, evaluator: Evaluator): Place {
  switch (expression.kind) {
    case 'name':
      if (evaluator.scope.objectType(expression.name)) return { base: expression.name, offset: 0n };
      break;
    case 'string':
    case 'compound literal':
      return { base: expression, offset: 0n };
    case 'member': {
      const record = recordOf(expression, evaluator);
      const { offset } = evaluator.scope.member(record, expression.name, expression.at);
      const place = expression.arrow ? pointerValue(expression.base, evaluator) : evaluator.place(expression.base);
      return moved(place, BigInt(offset));
    }
    case 'index': {
      const [a, b] = [evaluator.value(expression.base), evaluator.value(expression.index)];
      const [pointer, index] = isInteger(a) ? [b, a] : [a, b];
      if (!isInteger(index) || !('address' in pointer)) break;
      return moved(pointer, index.value * stepOf(pointer, expression.at, evaluator));
    }
    case 'unary':
      if (expression.operator === '*') return pointerValue(expression.operand, evaluator);
      break;
    case 'generic':
      return evaluator.place(selectedAssociation(expression, evaluator));
    default:
      break;
  }
  throw new Unresolvable(expression.at, 'an address that is not constant');
}

function moved({ base, offset }: Place, by: bigint): Place {
  return { base, offset: offset + by };
}

function pointerValue(expression: Expression, evaluator: Evaluator): Place {
  const value = evaluator.value(expression);
  if ('address' in value) return { base: value.base, offset: value.offset };
  throw new Unresolvable(expression.at, 'an address that is not constant');
}

/** Returns the distance in bytes by which 1 moves a pointer. An integer moves by one byte. */
function stepOf({ address }: Address, at: Token, { scope }: Evaluator): bigint {
  const type = scope.resolve(address);
  return type.kind === 'pointer' ? BigInt(scope.measure(type.to, at).size) : 1n;
}

/**
 * Returns the result of a binary operator with at least one address. `type` is the type of the result. Returns undefined
 * if GCC does not compute it in a constant.
 */
export function addressOperation(
  operator: BinaryOperator,
  a: Value,
  b: Value,
  type: ExpressionType,
  at: Token,
  evaluator: Evaluator,
): Value | undefined {
  if (isFloating(a) || isFloating(b)) return undefined;
  if (operator === '+' || operator === '-') return sum(operator, a, b, type, at, evaluator);
  return comparison(operator, a, b, evaluator);
}

function sum(
  operator: '+' | '-',
  a: Integer | Address,
  b: Integer | Address,
  type: ExpressionType,
  at: Token,
  evaluator: Evaluator,
): Value | undefined {
  if (!isInteger(a) && !isInteger(b)) {
    const integer = integerTypeOf(type, evaluator.scope);
    if (operator === '+' || !integer || !isSameObject(a, b, evaluator)) return undefined;
    const distance = asPointer(a, evaluator, 'signed') - asPointer(b, evaluator, 'signed');
    const bits = evaluator.scope.pointerSize * 8;
    return convert(BigInt.asIntN(bits, distance) / stepOf(a, at, evaluator), integer);
  }
  const [address, number] = isInteger(a) ? [b, a] : [a, b];
  if (isInteger(address) || !isInteger(number)) return undefined;
  if (operator === '-' && isInteger(a)) return undefined;
  const by = number.value * stepOf(address, at, evaluator);
  const offset = operator === '+' ? address.offset + by : address.offset - by;
  const moved = { address: type as CType, base: address.base, offset };
  return address.base === null ? { ...moved, offset: asPointer(moved, evaluator, 'unsigned') } : moved;
}

/** Returns the offset as the bits of a pointer. */
function asPointer({ offset }: Address, { scope }: Evaluator, as: 'signed' | 'unsigned'): bigint {
  const bits = scope.pointerSize * 8;
  return as === 'signed' ? BigInt.asIntN(bits, offset) : BigInt.asUintN(bits, offset);
}

function comparison(
  operator: string,
  a: Integer | Address,
  b: Integer | Address,
  evaluator: Evaluator,
): Value | undefined {
  const [x, y] = [addressOf(a, b, evaluator), addressOf(b, a, evaluator)];
  const same = isSameObject(x, y, evaluator);
  if (!same && !areDistinct(x, y, evaluator)) return undefined;
  const how = x.base === null ? 'unsigned' : 'signed';
  const [left, right] = [asPointer(x, evaluator, how), asPointer(y, evaluator, how)];
  const holds = ordered(operator, same && left === right, same ? left < right : undefined);
  return holds === undefined ? undefined : { type: evaluator.scope.integers.int, value: holds ? 1n : 0n };
}

function ordered(operator: string, same: boolean, less: boolean | undefined): boolean | undefined {
  if (operator === '==') return same;
  if (operator === '!=') return !same;
  if (less === undefined) return undefined;
  if (operator === '<') return less;
  if (operator === '<=') return less || same;
  if (operator === '>') return !less && !same;
  return operator === '>=' ? !less : undefined;
}

/** Converts an integer that is compared with an address. */
function addressOf(value: Integer | Address, other: Integer | Address, evaluator: Evaluator): Address {
  if (!isInteger(value)) return value;
  const address = isInteger(other) ? ({ kind: 'void' } as const) : other.address;
  return { address, base: null, offset: BigInt.asUintN(evaluator.scope.pointerSize * 8, value.value) };
}

/** Whether two addresses are in one object. Two string literals with the same text are one object. */
function isSameObject(a: Address, b: Address, evaluator: Evaluator): boolean {
  if (a.base === b.base) return true;
  const [x, y] = [stringAt(a, evaluator), stringAt(b, evaluator)];
  return x !== undefined && y !== undefined && x.prefix === y.prefix && String(x.units) === String(y.units);
}

function stringAt({ base }: Address, { scope }: Evaluator): StringUnits | undefined {
  if (base === null || typeof base === 'string' || base.kind !== 'string') return undefined;
  return stringUnits(
    base.parts.map(({ text }) => text),
    scope,
  );
}

/**
 * Whether GCC knows that two addresses are different. A variable that is only declared can be weak or another name of a
 * variable. A string can be the end of a longer string.
 */
function areDistinct(a: Address, b: Address, evaluator: Evaluator): boolean {
  const [x, y] = [stringAt(a, evaluator), stringAt(b, evaluator)];
  if (x && y) return x.prefix !== y.prefix || haveOtherText(x.units, a.offset, y.units, b.offset);
  const { scope } = evaluator;
  if (a.base === null || b.base === null) {
    const [object, number] = a.base === null ? [b.base, a] : [a.base, b];
    return object !== null && number.offset === 0n && isAnywhere(object, scope);
  }
  const isInitialized = ({ base }: Address): boolean =>
    typeof base === 'string' && (scope.inInitializer || scope.definitionOf(base) === 'initialized');
  return (x ?? y) !== undefined || (isInitialized(a) && isInitialized(b));
}

/** Whether two strings have different units where one string would lie over the other. */
function haveOtherText(a: readonly number[], from: bigint, b: readonly number[], to: bigint): boolean {
  const shift = Number(from - to);
  const at = (units: readonly number[], index: number): number | undefined =>
    index === units.length ? 0 : units[index];
  for (let index = Math.max(0, shift); index <= a.length && index - shift <= b.length; index++) {
    if (at(a, index) !== at(b, index - shift)) return true;
  }
  return false;
}
