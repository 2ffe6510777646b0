/** Whether two expressions have the same value, although the value is not known. GCC knows more of such pairs. */

import type { Expression } from '../syntax.js';
import { NotConstant } from '../unresolvable.js';
import { type Integer, promote } from './arithmetic.js';
import { isCompatible } from './compatibility.js';
import { callEffect } from './effects.js';
import { selectedExpression } from './integer-constants.js';
import { compareReals } from './reals.js';
import { integerTypeOf, valueType } from './types.js';
import { type Evaluator, type ExpressionType, isFloating, isInteger, type Value } from './values.js';

/** The operators whose operands can be exchanged, and the operator after that. */
const exchanged: Readonly<Record<string, string>> = {
  ...{ '+': '+', '*': '*', '&': '&', '|': '|', '^': '^', '==': '==', '!=': '!=' },
  ...{ '<': '>', '>': '<', '<=': '>=', '>=': '<=' },
};

/** Whether two expressions without an effect have the same value. */
export function isSame(one: Expression, other: Expression, evaluator: Evaluator): boolean {
  let [a, b] = [plain(one, evaluator), plain(other, evaluator)];
  const same = (x: Expression, y: Expression): boolean => isSame(x, y, evaluator);
  // The depth on the left side is not limited.
  while (a.kind === 'binary' && b.kind === 'binary') {
    if (a.operator !== b.operator || !same(a.right, b.right)) return isExchanged(a, b, evaluator);
    [a, b] = [plain(a.left, evaluator), plain(b.left, evaluator)];
  }
  switch (a.kind) {
    case 'name':
      if (b.kind === 'name' && a.name === b.name) return true;
      break;
    case 'string':
      return b.kind === 'string' && textOf(a) === textOf(b);
    case 'unary':
      if (b.kind === 'unary' && a.operator === b.operator && same(a.operand, b.operand)) return true;
      break;
    case 'cast':
      if (b.kind !== 'cast' || !isCompatible(a.type, b.type, evaluator, 'unqualified')) break;
      if (same(a.operand, b.operand)) return true;
      break;
    case 'member':
      return b.kind === 'member' && a.name === b.name && a.arrow === b.arrow && same(a.base, b.base);
    case 'index':
      return b.kind === 'index' && same(a.base, b.base) && same(a.index, b.index);
    case 'conditional':
      if (b.kind === 'conditional' && isSameConditional(a, b, evaluator)) return true;
      break;
    case 'call':
      if (b.kind === 'call' && isSameCall(a, b, evaluator)) return true;
      break;
    default:
      break;
  }
  return hasSameValue(a, b, evaluator);
}

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** Whether two operations are the same with exchanged operands, or have one constant value. */
function isExchanged(a: Node<'binary'>, b: Node<'binary'>, evaluator: Evaluator): boolean {
  // Without this limit, each level of operations would double the work.
  const isFlat = [a.left, a.right, b.left, b.right].every(({ kind }) => kind !== 'binary');
  return (
    (isFlat &&
      exchanged[a.operator] === b.operator &&
      isSame(a.left, b.right, evaluator) &&
      isSame(a.right, b.left, evaluator)) ||
    hasSameValue(a, b, evaluator)
  );
}

/** GCC saves the test of `a ?: b`, so two such expressions differ. */
function isSameConditional(a: Node<'conditional'>, b: Node<'conditional'>, evaluator: Evaluator): boolean {
  return (
    a.then !== null &&
    b.then !== null &&
    isSame(a.test, b.test, evaluator) &&
    isSame(a.then, b.then, evaluator) &&
    isSame(a.otherwise, b.otherwise, evaluator)
  );
}

/** Whether two calls are calls of one function whose result depends on its arguments alone. */
function isSameCall(a: Node<'call'>, b: Node<'call'>, evaluator: Evaluator): boolean {
  return (
    isSame(a.callee, b.callee, evaluator) &&
    callEffect(a.callee, evaluator) === 'none' &&
    a.arguments.length === b.arguments.length &&
    a.arguments.every((argument, index) => isSame(argument, b.arguments[index] as Expression, evaluator))
  );
}

function textOf({ parts }: Node<'string'>): string {
  return parts.map(({ text }) => text).join(' ');
}

/** Whether two expressions have one constant value. An operand is a part of an operation, so an integer is promoted. */
function hasSameValue(one: Expression, other: Expression, evaluator: Evaluator): boolean {
  const [a, b] = [valueOrNone(one, evaluator), valueOrNone(other, evaluator)];
  if (!a || !b) return false;
  if (isFloating(a)) return isFloating(b) && a.format === b.format && compareReals(a.real, b.real) === 0;
  if (!isInteger(a) || !isInteger(b)) return false;
  const [x, y] = [a, b].map((value) => promote(value, evaluator.scope.integers)) as [Integer, Integer];
  return x.value === y.value && x.type.width === y.type.width && x.type.signed === y.type.signed;
}

/** Returns the value of an expression. Undefined if it is not constant. */
export function valueOrNone(expression: Expression, evaluator: Evaluator): Value | undefined {
  try {
    return evaluator.value(expression);
  } catch (error) {
    if (error instanceof NotConstant) return undefined;
    throw error;
  }
}

function isAddress(expression: Expression): expression is Node<'unary'> {
  return expression.kind === 'unary' && expression.operator === '&';
}

/** Removes the operations that keep an integer and its type, and the selection of an expression. */
function plain(expression: Expression, evaluator: Evaluator): Expression {
  let result = expression;
  const typeOf = (each: Expression): ExpressionType => valueType(evaluator.typeOf(each), evaluator);
  for (;;) {
    const selected = selectedExpression(result, evaluator);
    const kept = keptOperand(result, evaluator);
    if (selected !== result) result = selected;
    else if (kept) result = kept;
    else if (result.kind === 'unary' && result.operator === '+') result = result.operand;
    else if (result.kind === 'unary' && result.operator === '*' && isAddress(result.operand)) {
      result = result.operand.operand;
    } else if (result.kind === 'cast') {
      const [to, from] = [result.type, typeOf(result.operand)].map((type) => integerTypeOf(type, evaluator.scope));
      if (!to || to !== from) return result;
      result = result.operand;
    } else if (
      result.kind === 'part' &&
      result.which === 'real' &&
      integerTypeOf(typeOf(result.operand), evaluator.scope)
    ) {
      result = result.operand;
    } else return result;
  }
}

/** The operations with a number on the right side that have the left operand as their result. */
const keptByRight: Readonly<Record<string, string>> = { '+': '0', '-': '0', '|': '0', '^': '0', '*': '1', '/': '1' };

/** The operations with a number on the left side that have the right operand as their result. */
const keptByLeft: Readonly<Record<string, string>> = { '+': '0', '|': '0', '^': '0', '*': '1' };

/** Returns the operand that is the result of an operation: `x` for `x + 0`, `x & x` and `-(-x)`. */
function keptOperand(expression: Expression, evaluator: Evaluator): Expression | undefined {
  const kept = candidate(expression, evaluator);
  if (!kept) return undefined;
  const [from, to] = [kept, expression].map((each) =>
    integerTypeOf(valueType(evaluator.typeOf(each), evaluator), evaluator.scope),
  );
  return from !== undefined && from === to ? kept : undefined;
}

function candidate(expression: Expression, evaluator: Evaluator): Expression | undefined {
  if (expression.kind === 'unary') {
    const { operator, operand } = expression;
    if (operator !== '-' && operator !== '~') return undefined;
    return operand.kind === 'unary' && operand.operator === operator ? operand.operand : undefined;
  }
  if (expression.kind !== 'binary') return undefined;
  const { operator, left, right } = expression;
  if (right.kind === 'integer' && right.text === keptByRight[operator]) return left;
  if (left.kind === 'integer' && left.text === keptByLeft[operator]) return right;
  const isIdempotent = (operator === '&' || operator === '|') && left.kind === right.kind && left.kind !== 'binary';
  return isIdempotent && isSame(left, right, evaluator) ? left : undefined;
}
