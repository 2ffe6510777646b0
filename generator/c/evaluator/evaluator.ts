/** Evaluates constant expressions with C's types. What it must know of declarations it asks its scope for. */

import type { Depth } from '../../limits.js';
import type { Measure, ScalarName } from '../../targets/target.js';
import type { CType, Expression, Measured } from '../syntax.js';
import type { Token } from '../tokens.js';
import {
  ArithmeticError,
  binaryOperation,
  commonType,
  convert,
  type Integer,
  type IntegerType,
  type IntegerTypes,
  integerLiteral,
  promote,
  unaryOperation,
} from './arithmetic.js';
import { characterValue, stringBytes } from './literals.js';
import { Unresolvable } from './unresolvable.js';

export interface MemberPlace {
  readonly offset: number;
  readonly type: CType;
}

export interface Scope {
  /** How deep evaluation has gone, through expressions and what they need of declarations. */
  readonly depth: Depth<Token>;
  readonly integers: IntegerTypes;
  readonly charSigned: boolean;
  /** The type of `sizeof`. */
  readonly sizeType: IntegerType;
  /** The integer type of a scalar; undefined for floating point. */
  integerType(name: ScalarName): IntegerType | undefined;
  /** The type with typedefs, `typeof` and enums replaced by what they stand for. */
  resolve(type: CType): CType;
  measure(type: CType, at: Token): Measure;
  /** The value of a name that is a constant. */
  constant(name: string): Integer | undefined;
  objectType(name: string): CType | undefined;
  /** A member of a record, those of its anonymous members included. */
  member(record: CType, name: string, at: Token): MemberPlace;
}

/** A scope in which some more names are constants. */
export function withConstants(scope: Scope, constants: ReadonlyMap<string, Integer>): Scope {
  return {
    depth: scope.depth,
    integers: scope.integers,
    charSigned: scope.charSigned,
    sizeType: scope.sizeType,
    integerType: (name) => scope.integerType(name),
    resolve: (type) => scope.resolve(type),
    measure: (type, at) => scope.measure(type, at),
    constant: (name) => constants.get(name) ?? scope.constant(name),
    objectType: (name) => scope.objectType(name),
    member: (record, name, at) => scope.member(record, name, at),
  };
}

/** The value of an integer constant expression. */
export function evaluate(expression: Expression, scope: Scope): Integer {
  try {
    return integer(expression, scope);
  } catch (error) {
    throw resolvable(error, expression);
  }
}

/** The C type of an expression, without evaluating it. */
export function typeOfExpression(expression: Expression, scope: Scope): CType {
  try {
    return typeOf(expression, scope);
  } catch (error) {
    throw resolvable(error, expression);
  }
}

/** The error, as one of the expression where it is about values alone. */
function resolvable(error: unknown, { at }: Expression): unknown {
  return error instanceof ArithmeticError ? new Unresolvable(at, error.message) : error;
}

function integer(expression: Expression, scope: Scope): Integer {
  // Half of all expressions, and nothing is deeper.
  if (expression.kind === 'integer') return integerLiteral(expression.text, scope.integers);
  scope.depth.enter(expression.at);
  try {
    return integerOf(expression, scope);
  } finally {
    scope.depth.leave();
  }
}

function integerOf(expression: Expression, scope: Scope): Integer {
  const { at } = expression;
  const { integers } = scope;
  switch (expression.kind) {
    case 'character':
      return { type: integers.int, value: characterValue(expression.text, scope.charSigned) };
    case 'name': {
      const value = scope.constant(expression.name);
      if (value) return value;
      const declared = scope.objectType(expression.name) !== undefined;
      if (declared) throw new Unresolvable(at, `'${expression.name}' is not a constant`);
      throw new Unresolvable(at, `'${expression.name}' is not defined`, expression.name);
    }
    case 'unary':
      if (expression.operator === '&' || expression.operator === '*') break;
      return unaryOperation(expression.operator, integer(expression.operand, scope), integers);
    case 'binary':
      return chain(expression, scope);
    case 'conditional':
      return conditional(expression.test, expression.then, expression.otherwise, scope);
    case 'cast': {
      const type = integerType(expression.type, scope);
      if (!type) throw new Unresolvable(at, `${noInteger(expression.type, scope)}, not an integer`);
      const value = addressOf(expression.operand, scope) ?? integer(expression.operand, scope).value;
      return convert(value, type);
    }
    case 'measure': {
      const measured = scope.measure(
        'type' in expression.of ? expression.of.type : typeOf(expression.of.expression, scope),
        at,
      );
      return size(measuredBytes(measured, expression.what), scope);
    }
    case 'offsetof':
      return size(pathOffset(expression, scope), scope);
    case 'float':
      throw new Unresolvable(at, 'a floating-point value, not an integer');
    case 'string':
      throw new Unresolvable(at, 'a string, not an integer');
    case 'call':
      return call(expression, scope);
    case 'member':
    case 'index':
      throw new Unresolvable(at, notConstant(expression, scope));
    default:
      break;
  }
  throw new Unresolvable(at, 'not an integer constant expression');
}

/** What is said of an expression that designates an object. */
function notConstant(expression: Expression, scope: Scope): string {
  let base = expression;
  while (base.kind === 'member' || base.kind === 'index') base = base.base;
  const isName = base.kind === 'name' && scope.objectType(base.name) === undefined;
  return isName ? 'names a member, not a value' : 'not an integer constant expression';
}

function noInteger(type: CType, scope: Scope): string {
  const { kind } = scope.resolve(type);
  if (kind === 'pointer') return 'a pointer';
  return kind === 'scalar' ? 'a floating-point value' : 'a cast to a type without values';
}

/** The builtins of GCC that headers make constants with. */
function call(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Integer {
  const { callee, at } = expression;
  const name = callee.kind === 'name' ? callee.name : undefined;
  const [first, second, third] = expression.arguments;
  const { integers } = scope;
  switch (name) {
    case '__builtin_constant_p':
      return { type: integers.int, value: first && isConstant(first, scope) ? 1n : 0n };
    case '__builtin_bswap16':
    case '__builtin_bswap32':
    case '__builtin_bswap64': {
      if (!first) break;
      const type = swappedType(name, scope) as IntegerType;
      return { type, value: swapBytes(convert(integer(first, scope).value, type)) };
    }
    case '__builtin_expect':
      if (!first) break;
      return convert(integer(first, scope).value, integers.long);
    case '__builtin_choose_expr':
      if (!first || !second || !third) break;
      return integer(integer(first, scope).value === 0n ? third : second, scope);
    default:
      break;
  }
  if (name === undefined) throw new Unresolvable(at, 'a call is not a constant');
  if (scope.objectType(name) || name.startsWith('__builtin_')) {
    throw new Unresolvable(at, `calls the function '${name}', which is not a constant`);
  }
  throw new Unresolvable(at, `calls '${name}', which is not defined`, name);
}

function isConstant(expression: Expression, scope: Scope): boolean {
  if (expression.kind === 'float' || expression.kind === 'string') return true;
  try {
    integer(expression, scope);
    return true;
  } catch (error) {
    if (error instanceof Unresolvable || error instanceof ArithmeticError) return false;
    throw error;
  }
}

/** The type of a builtin that reverses bytes: `uint16_t` and so on. */
function swappedType(name: string, scope: Scope): IntegerType | undefined {
  const width = Number(/^__builtin_bswap(16|32|64)$/.exec(name)?.[1]);
  if (width === 16) return scope.integerType('unsigned short');
  const { unsignedInt, unsignedLong, unsignedLongLong } = scope.integers;
  return [unsignedInt, unsignedLong, unsignedLongLong].find((type) => type.width === width);
}

function swapBytes({ type, value }: Integer): bigint {
  let result = 0n;
  for (let bits = 0; bits < type.width; bits += 8) result = (result << 8n) | ((value >> BigInt(bits)) & 0xffn);
  return result;
}

function measuredBytes(measure: Measure, what: Measured): number {
  if (what === 'sizeof') return measure.size;
  return what === 'alignof' ? (measure.fieldAlign ?? measure.align) : measure.align;
}

function size(bytes: number, scope: Scope): Integer {
  return { type: scope.sizeType, value: BigInt(bytes) };
}

type Binary = Extract<Expression, { kind: 'binary' }>;

/** What leans to the left, as `a | b | c` does, is as long as it likes: it is walked, from the inside out. */
function chain(expression: Binary, scope: Scope): Integer {
  if (expression.left.kind !== 'binary') {
    return binary(expression.operator, integer(expression.left, scope), expression.right, scope);
  }
  const { first, links } = linksOf(expression);
  let value = integer(first, scope);
  for (const { operator, right } of links) value = binary(operator, value, right, scope);
  return value;
}

/** The innermost operand of a chain, and its operations, innermost first. */
function linksOf(expression: Binary): { readonly first: Expression; readonly links: readonly Binary[] } {
  const links = [expression];
  let first = expression.left;
  for (; first.kind === 'binary' && first.operator !== ','; first = first.left) links.push(first);
  return { first, links: links.reverse() };
}

function binary(operator: string, a: Integer, right: Expression, scope: Scope): Integer {
  if (operator === '&&' || operator === '||') {
    const decided = (a.value !== 0n) === (operator === '||');
    const holds = decided ? a.value !== 0n : integer(right, scope).value !== 0n;
    return { type: scope.integers.int, value: holds ? 1n : 0n };
  }
  const b = integer(right, scope);
  return operator === ',' ? b : binaryOperation(operator, a, b, scope.integers);
}

function conditional(test: Expression, then: Expression | null, otherwise: Expression, scope: Scope): Integer {
  const condition = integer(test, scope);
  const holds = condition.value !== 0n;
  const other = holds ? otherwise : (then ?? test);
  const taken = !holds ? integer(otherwise, scope) : then ? integer(then, scope) : condition;
  const value = promote(taken, scope.integers);
  return convert(value.value, commonType(value.type, promotedTypeOf(other, scope), scope.integers));
}

const truthOperators = new Set(['<', '>', '<=', '>=', '==', '!=', '&&', '||']);

/** The integer type of an expression that C does not evaluate: it may have no value. */
function integerTypeOf(expression: Expression, scope: Scope): IntegerType {
  return scope.depth.within(expression.at, () => integerTypeOfAny(expression, scope));
}

function integerTypeOfAny(expression: Expression, scope: Scope): IntegerType {
  const { integers } = scope;
  switch (expression.kind) {
    case 'unary':
      if (expression.operator === '!') return integers.int;
      if (expression.operator === '&' || expression.operator === '*') break;
      return promotedTypeOf(expression.operand, scope);
    case 'binary': {
      if (expression.operator === ',') return integerTypeOf(expression.right, scope);
      const { first, links } = linksOf(expression);
      return links.reduce((type, link) => binaryType(link, type, scope), promotedTypeOf(first, scope));
    }
    case 'conditional': {
      const { test, then, otherwise } = expression;
      return commonType(promotedTypeOf(then ?? test, scope), promotedTypeOf(otherwise, scope), integers);
    }
    case 'cast': {
      const type = integerType(expression.type, scope);
      if (type) return type;
      break;
    }
    case 'call': {
      const type = expression.callee.kind === 'name' && callType(expression.callee.name, scope);
      if (type) return type;
      break;
    }
    default:
      break;
  }
  return integer(expression, scope).type;
}

/** The integer type of what a function gives back. */
function callType(name: string, scope: Scope): IntegerType | undefined {
  const declared = scope.objectType(name);
  const type = declared && scope.resolve(declared);
  return type?.kind === 'function' ? integerType(type.returns, scope) : swappedType(name, scope);
}

function binaryType({ operator, right }: Binary, left: IntegerType, scope: Scope): IntegerType {
  if (operator === '<<' || operator === '>>') return left;
  const common = commonType(left, promotedTypeOf(right, scope), scope.integers);
  return truthOperators.has(operator) ? scope.integers.int : common;
}

function promotedTypeOf(expression: Expression, scope: Scope): IntegerType {
  return promote({ type: integerTypeOf(expression, scope), value: 0n }, scope.integers).type;
}

function integerType(type: CType, scope: Scope): IntegerType | undefined {
  const resolved = scope.resolve(type);
  return resolved.kind === 'scalar' ? scope.integerType(resolved.name) : undefined;
}

/** The address that an expression of pointer type stands for, as in `&((T *)0)->member`; undefined for no pointer. */
function addressOf(expression: Expression, scope: Scope): bigint | undefined {
  return scope.depth.within(expression.at, () => addressOfAny(expression, scope));
}

function addressOfAny(expression: Expression, scope: Scope): bigint | undefined {
  if (expression.kind === 'cast') {
    if (scope.resolve(expression.type).kind !== 'pointer') return undefined;
    return addressOf(expression.operand, scope) ?? integer(expression.operand, scope).value;
  }
  if (expression.kind === 'unary' && expression.operator === '&') return placeOf(expression.operand, scope);
  return undefined;
}

/** The address of what an expression designates. */
function placeOf(expression: Expression, scope: Scope): bigint {
  return scope.depth.within(expression.at, () => placeOfAny(expression, scope));
}

function placeOfAny(expression: Expression, scope: Scope): bigint {
  if (expression.kind === 'member') {
    const base = expression.arrow ? addressOf(expression.base, scope) : placeOf(expression.base, scope);
    const { record } = memberBase(expression.base, expression.arrow, scope, expression.at);
    if (base !== undefined) return base + BigInt(scope.member(record, expression.name, expression.at).offset);
  }
  if (expression.kind === 'index') {
    const type = typeOf(expression, scope);
    const index = integer(expression.index, scope).value;
    return placeOf(expression.base, scope) + index * BigInt(scope.measure(type, expression.at).size);
  }
  if (expression.kind === 'unary' && expression.operator === '*') {
    const address = addressOf(expression.operand, scope);
    if (address !== undefined) return address;
  }
  throw new Unresolvable(expression.at, 'an address that is not constant');
}

function memberBase(base: Expression, arrow: boolean, scope: Scope, at: Token): { record: CType } {
  const type = scope.resolve(typeOf(base, scope));
  if (!arrow) return { record: type };
  if (type.kind !== 'pointer') throw new Unresolvable(at, "'->' after something that is no pointer");
  return { record: scope.resolve(type.to) };
}

function typeOf(expression: Expression, scope: Scope): CType {
  return scope.depth.within(expression.at, () => typeOfAny(expression, scope));
}

function typeOfAny(expression: Expression, scope: Scope): CType {
  const { at } = expression;
  switch (expression.kind) {
    case 'string': {
      const bytes = expression.parts.reduce((sum, part) => sum + stringBytes(part.text).length, 1);
      const length: Expression = { kind: 'integer', text: String(bytes), at };
      return { kind: 'array', of: { kind: 'scalar', name: 'char' }, length };
    }
    case 'float':
      return { kind: 'scalar', name: /[fF]$/.test(expression.text) ? 'float' : 'double' };
    case 'name': {
      const type = scope.objectType(expression.name);
      if (type) return type;
      break;
    }
    case 'cast':
      return expression.type;
    case 'member': {
      const { record } = memberBase(expression.base, expression.arrow, scope, at);
      return scope.member(record, expression.name, at).type;
    }
    case 'index':
    case 'unary': {
      if (expression.kind === 'unary' && expression.operator === '&') {
        return { kind: 'pointer', to: typeOf(expression.operand, scope) };
      }
      if (expression.kind === 'unary' && expression.operator !== '*') break;
      const base = scope.resolve(typeOf(expression.kind === 'unary' ? expression.operand : expression.base, scope));
      if (base.kind === 'pointer') return base.to;
      if (base.kind === 'array') return base.of;
      throw new Unresolvable(at, 'neither an array nor a pointer');
    }
    case 'conditional': {
      const type = scope.resolve(typeOf(expression.otherwise, scope));
      if (type.kind !== 'scalar') return type;
      break;
    }
    case 'call': {
      const callee = scope.resolve(typeOf(expression.callee, scope));
      if (callee.kind === 'function') return callee.returns;
      break;
    }
    default:
      break;
  }
  return { kind: 'scalar', name: integerTypeOf(expression, scope).name as ScalarName };
}

function pathOffset(expression: Extract<Expression, { kind: 'offsetof' }>, scope: Scope): number {
  let type = scope.resolve(expression.type);
  let offset = 0;
  for (const step of expression.path) {
    if ('member' in step) {
      const place = scope.member(type, step.member, step.at);
      offset += place.offset;
      type = scope.resolve(place.type);
    } else {
      if (type.kind !== 'array') throw new Unresolvable(expression.at, 'an index after something that is no array');
      type = scope.resolve(type.of);
      offset += Number(integer(step.index, scope).value) * scope.measure(type, expression.at).size;
    }
  }
  return offset;
}
