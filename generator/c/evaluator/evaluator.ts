/** Evaluates constant expressions with C's types, as GCC does. The scope gives the facts about declarations. */

import type { CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { NotConstant, notComputed, Unresolvable, Unsupported } from '../unresolvable.js';
import { addressOperation, placeOf } from './addresses.js';
import {
  ArithmeticError,
  binaryOperation,
  commonType,
  type Integer,
  integerLiteral,
  promote,
  recast,
  unaryOperation,
} from './arithmetic.js';
import { builtinValue } from './builtins.js';
import { isCompatible } from './compatibility.js';
import { converted, floatingOperation, isTrue } from './conversions.js';
import { isPure } from './effects.js';
import { binaryType, branchesType, isBitField, typeOf } from './expression-types.js';
import { floatLiteral } from './float-literals.js';
import { selectedAssociation } from './generic.js';
import { equalBranches, knownResult } from './known-results.js';
import { characterValue } from './literals.js';
import { measuredBytes, offsetOf } from './measures.js';
import { negated } from './reals.js';
import { type Scope, withObjects } from './scope.js';
import { isVariable } from './type-names.js';
import { holderOf, integerTypeOf, isScalar, valueType } from './types.js';
import { mayBeKnown } from './unknown-values.js';
import { type Evaluator, type ExpressionType, isFloating, isInteger, type Place, type Value } from './values.js';

const evaluators = new WeakMap<Scope, Evaluator>();

export function evaluatorOf(scope: Scope): Evaluator {
  let evaluator = evaluators.get(scope);
  if (!evaluator) {
    evaluator = new ScopeEvaluator(scope);
    evaluators.set(scope, evaluator);
  }
  return evaluator;
}

/** Returns the value of an integer constant expression. */
export function evaluate(expression: Expression, scope: Scope): Integer {
  if (expression.kind === 'integer') return literal(expression, scope);
  const evaluator = evaluatorOf(scope);
  try {
    return evaluator.integer(expression);
  } catch (error) {
    if (error instanceof NotConstant && mayBeKnown(expression, evaluator)) {
      throw new Unsupported(error.at, `${error.message}; ${notComputed}`);
    }
    throw resolvable(error, expression);
  }
}

/** Returns the C type of an expression without evaluating the expression. */
export function typeOfExpression(expression: Expression, scope: Scope): CType {
  try {
    const evaluator = evaluatorOf(scope).unevaluated();
    const type = evaluator.typeOf(expression);
    if (isBitField(expression, evaluator)) throw new Unresolvable(expression.at, "'typeof' of a bit-field");
    return type.kind === 'bit-field' ? holderOf(type, scope) : type;
  } catch (error) {
    throw resolvable(error, expression);
  }
}

/**
 * Gives an error about a value the location of the expression. An expression that must be constant and is not is wrong:
 * the error is no longer `NotConstant`.
 */
export function resolvable(error: unknown, { at }: Expression): unknown {
  if (error instanceof NotConstant) return new Unresolvable(error.at, error.message, error.undefinedName);
  return error instanceof ArithmeticError ? new Unresolvable(at, error.message) : error;
}

function literal({ text, at }: Extract<Expression, { kind: 'integer' }>, { integers }: Scope): Integer {
  try {
    return integerLiteral(text, integers);
  } catch (error) {
    throw error instanceof ArithmeticError ? new Unresolvable(at, error.message) : error;
  }
}

class ScopeEvaluator implements Evaluator {
  readonly scope: Scope;
  readonly isEvaluated: boolean;
  #unevaluated: Evaluator | undefined;

  constructor(scope: Scope, isEvaluated = true) {
    this.scope = scope;
    this.isEvaluated = isEvaluated;
  }

  unevaluated(): Evaluator {
    this.#unevaluated ??= this.isEvaluated ? new ScopeEvaluator(this.scope, false) : this;
    return this.#unevaluated;
  }

  typeOf(expression: Expression): ExpressionType {
    this.scope.depth.enter(expression.at);
    try {
      return typeOf(expression, this);
    } finally {
      this.scope.depth.leave();
    }
  }

  integer(expression: Expression): Integer {
    const value = this.value(expression);
    if (isInteger(value)) return value;
    throw new Unresolvable(expression.at, this.#notInteger(value));
  }

  #notInteger(value: Exclude<Value, Integer>): string {
    if (isFloating(value)) return 'a floating-point value, not an integer';
    if (integerTypeOf(value.address, this.scope)) return 'the address of an object is not a constant';
    return typeof value.base === 'object' && value.base?.kind === 'string'
      ? 'a string, not an integer'
      : 'a pointer, not an integer';
  }

  value(expression: Expression): Value {
    // Half of all expressions are integers, and an integer has no operands.
    if (expression.kind === 'integer') return integerLiteral(expression.text, this.scope.integers);
    this.scope.depth.enter(expression.at);
    try {
      return valueOfAny(expression, this);
    } finally {
      this.scope.depth.leave();
    }
  }

  place(expression: Expression): Place {
    this.scope.depth.enter(expression.at);
    try {
      return placeOf(expression, this);
    } finally {
      this.scope.depth.leave();
    }
  }

  convert(value: Value, type: CType, at: Token): Value {
    return converted(value, type, at, this.scope);
  }

  within(objects: ReadonlyMap<string, CType>): Evaluator {
    return new ScopeEvaluator(withObjects(this.scope, objects), this.isEvaluated);
  }
}

function valueOfAny(expression: Expression, evaluator: Evaluator): Value {
  const { at } = expression;
  const { scope } = evaluator;
  switch (expression.kind) {
    case 'integer':
      return integerLiteral(expression.text, scope.integers);
    case 'character':
      return characterValue(expression.text, scope);
    case 'name':
      return scope.constant(expression.name) ?? designated(expression, evaluator);
    case 'unary':
      return unary(expression, evaluator);
    case 'binary':
      return chain(expression, evaluator);
    case 'conditional':
      return conditional(expression, evaluator);
    case 'cast':
      return cast(expression, evaluator);
    case 'measure':
      return size(measuredBytes(expression, evaluator), scope);
    case 'offsetof':
      return size(offsetOf(expression, evaluator), scope);
    case 'float':
      return floating(expression, evaluator);
    case 'string':
    case 'member':
    case 'index':
    case 'compound literal':
      return designated(expression, evaluator);
    case 'call':
      return call(expression, evaluator);
    case 'generic':
      return evaluator.value(selectedAssociation(expression, evaluator));
    case 'compatible': {
      const { left, right } = expression;
      evaluator.typeOf(expression);
      return { type: scope.integers.int, value: isCompatible(left, right, evaluator, 'unqualified') ? 1n : 0n };
    }
    case 'part':
      return part(expression, evaluator);
    case 'assign':
    case 'step':
      evaluator.typeOf(expression);
      throw new Unresolvable(at, 'an assignment is not a constant');
  }
}

function size(bytes: number, { sizeType }: Scope): Integer {
  return { type: sizeType, value: BigInt(bytes) };
}

/** Returns the address of an array or a function. Another object has a value that is not constant. */
function designated(expression: Expression, evaluator: Evaluator): Value {
  const { scope } = evaluator;
  if (isUndeclaredMember(expression, scope)) throw new Unresolvable(expression.at, 'names a member, not a value');
  const type = evaluator.typeOf(expression);
  if (type.kind !== 'bit-field') {
    const { kind } = scope.resolve(type);
    if (kind === 'array' || kind === 'function') {
      return { address: valueType(type, evaluator) as CType, ...evaluator.place(expression) };
    }
  }
  const what = expression.kind === 'name' ? `'${expression.name}' is not a constant` : notConstant;
  throw new (isPartOfConstant(expression, scope) ? Unsupported : NotConstant)(expression.at, what);
}

const notConstant = 'not an integer constant expression';

/**
 * Whether an expression in an initializer is a `const` variable or a part of one, a compound literal, or what a pointer
 * points to. GCC takes the values of such objects.
 */
function isPartOfConstant(expression: Expression, scope: Scope): boolean {
  if (!scope.inInitializer) return false;
  let base = expression;
  while (base.kind === 'index' || (base.kind === 'member' && !base.arrow)) base = base.base;
  if (base.kind === 'compound literal' || base.kind === 'unary') return true;
  return base.kind === 'name' && scope.constantInitializer(base.name) !== undefined;
}

/** Whether an expression is `a.b` or `a[b]` of a name that is not declared. Macros name members of members so. */
function isUndeclaredMember(expression: Expression, scope: Scope): boolean {
  let base = expression;
  while (base.kind === 'member' || base.kind === 'index') base = base.base;
  if (base === expression || base.kind !== 'name') return false;
  return scope.objectType(base.name) === undefined && scope.constant(base.name) === undefined;
}

function floating({ text, at }: Extract<Expression, { kind: 'float' }>, { scope }: Evaluator): Value {
  const { type, imaginary, real } = floatLiteral(text, scope);
  if (imaginary) throw new Unsupported(at, 'a complex number, which the generator does not compute');
  if (!real) throw new Unsupported(at, `a number of type ${type}, which the generator does not compute`);
  return { format: type, real };
}

function unary(expression: Extract<Expression, { kind: 'unary' }>, evaluator: Evaluator): Value {
  const { operator, operand, at } = expression;
  const { scope } = evaluator;
  if (operator === '*') return designated(expression, evaluator);
  if (operator === '&') {
    const address = evaluator.typeOf(expression) as CType;
    return { address, ...evaluator.place(operand) };
  }
  const value = evaluator.value(operand);
  if (isInteger(value)) return unaryOperation(operator, value, scope.integers);
  if (operator === '!') return { type: scope.integers.int, value: isTrue(value, at, scope) ? 0n : 1n };
  evaluator.typeOf(expression);
  if (!isFloating(value)) throw new NotConstant(at, notConstant);
  return operator === '-' ? { format: value.format, real: negated(value.real) } : value;
}

type Binary = Extract<Expression, { kind: 'binary' }>;

/**
 * Evaluates an expression such as `a | b | c`. Its depth on the left side is not limited, so a loop evaluates it from
 * the inside to the outside. The loop evaluates each operand at most once, also if another operand is not constant.
 */
function chain(expression: Binary, evaluator: Evaluator): Value {
  const links = [expression];
  let first: Expression = expression.left;
  for (; first.kind === 'binary' && first.operator !== ','; first = first.left) links.push(first);
  let value = constant(() => evaluator.value(first));
  /** The operands without which the value is not known. */
  let unknown: Expression[] = value instanceof NotConstant ? [first] : [];
  let isDecided = false;
  for (const link of links.reverse()) {
    const left: Value | NotConstant = value;
    if (!(left instanceof NotConstant)) {
      value = constant(() => binary(link, left, evaluator));
    } else if (decides(link, evaluator)) {
      if (!unknown.every((operand) => isPure(operand, evaluator))) throw left;
      value = { type: evaluator.scope.integers.int, value: link.operator === '||' ? 1n : 0n };
      isDecided = true;
    }
    if (value instanceof NotConstant) {
      const result = withoutOperand(link, left, evaluator);
      isDecided ||= result !== undefined;
      value = result ?? value;
    }
    if (value instanceof NotConstant) unknown.push(link.right);
    else unknown = [];
  }
  if (value instanceof NotConstant) throw value;
  if (isDecided) evaluator.typeOf(expression);
  return value;
}

/** Returns a value, or the reason why it is not constant. */
function constant(value: () => Value): Value | NotConstant {
  try {
    return value();
  } catch (error) {
    if (error instanceof NotConstant) return error;
    throw error;
  }
}

/** Returns the result of an operation with an operand that is not constant, if GCC knows the result without it. */
function withoutOperand(link: Binary, left: Value | NotConstant, evaluator: Evaluator): Integer | undefined {
  if (link.operator === '||' || link.operator === '&&' || link.operator === ',') return undefined;
  const known = left instanceof NotConstant ? undefined : numberOf(left, evaluator.scope);
  if (known) return knownResult(link, { left: known, right: undefined }, evaluator);
  const right = constant(() => evaluator.value(link.right));
  if (right instanceof NotConstant) {
    return left instanceof NotConstant
      ? knownResult(link, { left: undefined, right: undefined }, evaluator)
      : undefined;
  }
  const number = numberOf(right, evaluator.scope);
  return number && knownResult(link, { left: undefined, right: number }, evaluator);
}

/** Returns an integer, or the number of an address that is a number. Undefined for another value. */
function numberOf(value: Value, { integers }: Scope): Integer | undefined {
  if (isInteger(value)) return value;
  if (isFloating(value) || value.base !== null) return undefined;
  return { type: integers.unsignedLong, value: BigInt.asUintN(integers.unsignedLong.width, value.offset) };
}

/** Whether the right operand determines the result: `x || 1` and `x && 0`. */
function decides({ operator, right, at }: Binary, evaluator: Evaluator): boolean {
  if (operator !== '&&' && operator !== '||') return false;
  const value = constant(() => evaluator.value(right));
  return !(value instanceof NotConstant) && isTrue(value, at, evaluator.scope) === (operator === '||');
}

function binary({ operator, left, right, at }: Binary, a: Value, evaluator: Evaluator): Value {
  const { scope } = evaluator;
  if (operator === '&&' || operator === '||') {
    const first = isTrue(a, at, scope);
    const decided = first === (operator === '||');
    if (decided) checkCondition(right, evaluator);
    const holds = decided ? first : isTrue(evaluator.value(right), at, scope);
    return { type: scope.integers.int, value: holds ? 1n : 0n };
  }
  const b = evaluator.value(right);
  if (operator === ',') throw new Unresolvable(at, 'a comma is not allowed in a constant');
  if (isInteger(a) && isInteger(b)) return binaryOperation(operator, a, b, scope.integers);
  const type = binaryType(
    operator,
    valueType(evaluator.typeOf(left), evaluator),
    valueType(evaluator.typeOf(right), evaluator),
    at,
    evaluator,
  );
  const result =
    isFloating(a) || isFloating(b)
      ? floatingOperation(operator, a, b, evaluator)
      : addressOperation(operator, a, b, type, at, evaluator);
  if (!result) throw new NotConstant(at, notConstant);
  return result;
}

/** Checks a condition that is not evaluated. */
function checkCondition(operand: Expression, evaluator: Evaluator): void {
  if (operand.kind === 'integer') return;
  const type = valueType(evaluator.unevaluated().typeOf(operand), evaluator);
  if (!isScalar(type, evaluator.scope)) throw new Unresolvable(operand.at, 'a condition must be a number or a pointer');
}

function conditional(expression: Extract<Expression, { kind: 'conditional' }>, evaluator: Evaluator): Value {
  const { test, then, otherwise, at } = expression;
  const { scope } = evaluator;
  const condition = constant(() => evaluator.value(test));
  if (condition instanceof NotConstant) {
    const type = integerTypeOf(evaluator.typeOf(expression), scope);
    const value = type && equalBranches(expression, type, evaluator);
    if (value) return value;
    throw condition;
  }
  const holds = isTrue(condition, at, scope);
  const taken = !holds ? evaluator.value(otherwise) : then ? evaluator.value(then) : condition;
  const other = holds ? otherwise : (then ?? test);
  const otherType = valueType(evaluator.unevaluated().typeOf(other), evaluator);
  const integer = integerTypeOf(otherType, scope);
  if (isInteger(taken) && integer) {
    const promoted = promote(taken, scope.integers);
    const common = commonType(
      promoted.type,
      promote({ type: integer, value: 0n }, scope.integers).type,
      scope.integers,
    );
    return recast(promoted, common);
  }
  const own = valueType(evaluator.typeOf(holds ? (then ?? test) : otherwise), evaluator);
  const [a, b] = holds ? [own, otherType] : [otherType, own];
  const type = branchesType(a, b, { taken: then ?? test, otherwise, at }, evaluator);
  if (type.kind === 'bit-field') return recast(evaluator.integer(holds ? (then ?? test) : otherwise), type.integer);
  return evaluator.convert(taken, type, at);
}

function cast(expression: Extract<Expression, { kind: 'cast' }>, evaluator: Evaluator): Value {
  const { type, operand, at } = expression;
  const { scope } = evaluator;
  const value = evaluator.value(operand);
  if (isInteger(value)) {
    const integer = integerTypeOf(type, scope);
    if (integer) return recast(value, integer);
  }
  evaluator.typeOf(expression);
  if (isVariable(type, evaluator)) throw new NotConstant(at, 'a pointer to an array of variable length');
  return evaluator.convert(value, type, at);
}

function call(expression: Extract<Expression, { kind: 'call' }>, evaluator: Evaluator): Value {
  const { callee, at } = expression;
  evaluator.typeOf(expression);
  if (callee.kind !== 'name') throw new NotConstant(at, 'a call is not a constant');
  const value = builtinValue(callee.name, expression, evaluator);
  if (value) return value;
  throw new NotConstant(at, `calls the function '${callee.name}', which is not a constant`);
}

/** `__real__` and `__imag__` of a real number. */
function part(expression: Extract<Expression, { kind: 'part' }>, evaluator: Evaluator): Value {
  const { operand, which, at } = expression;
  const type = evaluator.typeOf(operand);
  if (type.kind !== 'bit-field' && evaluator.scope.resolve(type).kind === 'complex') {
    throw new Unsupported(at, 'a complex number, which the generator does not compute');
  }
  const value = evaluator.value(operand);
  if (which === 'real') return value;
  return isInteger(value)
    ? { type: value.type, value: 0n }
    : evaluator.convert({ type: evaluator.scope.integers.int, value: 0n }, type as CType, at);
}
