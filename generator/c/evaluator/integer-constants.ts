/** The expressions that GCC reads as integer constants. GCC computes other constants later, where it needs their value. */

import type { Expression } from '../syntax.js';
import { NotConstant, Unresolvable } from '../unresolvable.js';
import { ArithmeticError, binaryOperation, type Integer, isConstantShift, promote } from './arithmetic.js';
import { isTrue } from './conversions.js';
import { selectedAssociation } from './generic.js';
import { integerTypeOf, resolved } from './types.js';
import { type Evaluator, isInteger } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/**
 * What GCC makes of an expression with a constant value. `constant`: an integer constant. `operands`: all operands are
 * integer constants, but an operation in the expression is not allowed in one: a shift by too many bits, or an operation
 * with a value that overflowed. `folded`: a value that GCC computes at once, but does not take as an integer constant, such
 * as an address that was converted to an integer. `other`: a value that GCC computes later.
 */
type Constancy = 'constant' | 'operands' | 'folded' | 'other';

/**
 * Whether GCC refuses a constant as the length of an array: its operands are integer constants, but it is not an integer
 * constant, or GCC keeps a part of it.
 */
export function isWrongLength(expression: Expression, evaluator: Evaluator): boolean {
  return constancyOf(expression, evaluator) === 'operands' || hasKeptPart(expression, evaluator);
}

/** Whether GCC takes an expression with a constant value as an integer constant. */
export function isIntegerConstant(expression: Expression, evaluator: Evaluator): boolean {
  return expression.kind === 'integer' || constancyOf(expression, evaluator) === 'constant';
}

/** Whether an operand that is evaluated contains a comma or a call that GCC keeps, as in `(x, 1) || 1`. */
function hasKeptPart(expression: Expression, evaluator: Evaluator): boolean {
  const any = (...parts: readonly (Expression | null)[]): boolean =>
    parts.some((part) => part !== null && hasKeptPart(part, evaluator));
  switch (expression.kind) {
    case 'binary': {
      // The depth on the left side is not limited.
      let left: Expression = expression;
      for (; left.kind === 'binary'; left = left.left) {
        if (left.operator === ',' || (!isSkipped(left, evaluator) && any(left.right))) return true;
      }
      return any(left);
    }
    case 'unary':
    case 'cast':
    case 'part':
      return any(expression.operand);
    case 'conditional':
      return any(expression.test, ...evaluatedBranches(expression, evaluator));
    case 'call':
      return !isConstantTest(expression) && (isKeptCall(expression, evaluator) || any(...expression.arguments));
    case 'member':
      return any(expression.base);
    case 'index':
      return any(expression.base, expression.index);
    default:
      return false;
  }
}

/** Whether a constant left operand of `||` or `&&` decides, so that the right operand is not evaluated. */
function isSkipped({ operator, left, right }: Node<'binary'>, evaluator: Evaluator): boolean {
  if ((operator !== '||' && operator !== '&&') || right.kind === 'integer') return false;
  return truthOf(left, evaluator) === (operator === '||');
}

function evaluatedBranches(
  { test, then, otherwise }: Node<'conditional'>,
  evaluator: Evaluator,
): readonly (Expression | null)[] {
  const truth = truthOf(test, evaluator);
  return truth === undefined ? [then, otherwise] : [truth ? then : otherwise];
}

/** Returns whether a constant condition holds. Undefined for a condition that is not constant. */
function truthOf(condition: Expression, evaluator: Evaluator): boolean | undefined {
  try {
    return isTrue(evaluator.value(condition), condition.at, evaluator.scope);
  } catch (error) {
    if (error instanceof NotConstant) return undefined;
    throw error;
  }
}

function isConstantTest({ callee }: Node<'call'>): boolean {
  return callee.kind === 'name' && callee.name === '__builtin_constant_p';
}

/** Returns the expression that `__builtin_choose_expr` takes. */
export function chosenExpression({ arguments: given, at }: Node<'call'>, evaluator: Evaluator): Expression {
  const [test, then, otherwise] = given;
  if (!test || !then || !otherwise) throw new Unresolvable(at, '__builtin_choose_expr needs three arguments');
  const value = integerConstant(test, evaluator);
  if (value === undefined) {
    throw new Unresolvable(test.at, 'the condition of __builtin_choose_expr must be an integer constant expression');
  }
  return value === 0n ? otherwise : then;
}

/** Returns the value of an integer constant expression. Undefined for another expression. */
function integerConstant(expression: Expression, evaluator: Evaluator): bigint | undefined {
  try {
    const { value } = evaluator.integer(expression);
    return constancyOf(expression, evaluator) === 'constant' ? value : undefined;
  } catch (error) {
    if (error instanceof NotConstant) return undefined;
    throw error;
  }
}

/** Returns the expression that `_Generic` or `__builtin_choose_expr` selects. */
export function selectedExpression(expression: Expression, evaluator: Evaluator): Expression {
  let selected = expression;
  for (;;) {
    if (selected.kind === 'generic') selected = selectedAssociation(selected, evaluator);
    else if (selected.kind === 'call' && isChoice(selected)) selected = chosenExpression(selected, evaluator);
    else return selected;
  }
}

function constancyOf(expression: Expression, evaluator: Evaluator): Constancy {
  switch (expression.kind) {
    case 'integer':
    case 'character':
    case 'offsetof':
    case 'compatible':
      return 'constant';
    case 'measure':
      return truthOf(expression, evaluator) === undefined ? 'other' : 'constant';
    case 'name':
      return evaluator.scope.objectType(expression.name) === undefined ? 'constant' : 'other';
    case 'unary':
      return unary(expression, evaluator);
    case 'part':
      return constancyOf(expression.operand, evaluator);
    case 'binary':
      return binary(expression, evaluator);
    case 'conditional':
      return conditional(expression, evaluator);
    case 'cast':
      return cast(expression, evaluator);
    case 'generic':
      return constancyOf(selectedAssociation(expression, evaluator), evaluator);
    case 'call':
      return call(expression, evaluator);
    default:
      return 'other';
  }
}

function overflows(expression: Expression, evaluator: Evaluator): boolean {
  const value = evaluator.value(expression);
  return isInteger(value) && value.overflow === true;
}

/**
 * What GCC makes of a floating-point number: it drops `__real__` and a selection around the number. `folded`: the number
 * after `+` or in a cast to a floating-point type. Undefined for another expression.
 */
function realNumber(expression: Expression, evaluator: Evaluator): 'constant' | 'folded' | undefined {
  let inside = selectedExpression(expression, evaluator);
  let constancy: 'constant' | 'folded' = 'constant';
  while (inside.kind === 'part' || inside.kind === 'cast' || inside.kind === 'unary') {
    if (inside.kind === 'part' ? inside.which !== 'real' : inside.kind === 'unary' && inside.operator !== '+') break;
    if (inside.kind === 'cast' && integerTypeOf(inside.type, evaluator.scope)) break;
    if (inside.kind !== 'part') constancy = 'folded';
    inside = selectedExpression(inside.operand, evaluator);
  }
  return inside.kind === 'float' ? constancy : undefined;
}

function unary({ operator, operand }: Node<'unary'>, evaluator: Evaluator): Constancy {
  if (operator === '&' || operator === '*') return 'other';
  const inside = constancyOf(operand, evaluator);
  if (operator !== '!') return inside === 'operands' && isComputed(operand, evaluator) ? 'folded' : inside;
  if (isPointer(operand, evaluator)) return isNumericAddress(operand, evaluator) ? 'constant' : 'other';
  if (realNumber(operand, evaluator)) return 'folded';
  return inside === 'constant' && overflows(operand, evaluator) ? 'folded' : inside;
}

/** Whether an operation that is not allowed in an integer constant has only integer constants as its operands. */
function isComputed(expression: Expression, evaluator: Evaluator): boolean {
  if (expression.kind === 'cast') return isComputed(expression.operand, evaluator);
  if (expression.kind !== 'binary' || expression.operator === '&&' || expression.operator === '||') return false;
  return [expression.left, expression.right].every((operand) => constancyOf(operand, evaluator) === 'constant');
}

function isPointer(expression: Expression, evaluator: Evaluator): boolean {
  return resolved(evaluator.typeOf(expression), evaluator.scope).kind === 'pointer';
}

/** Whether an expression is a pointer with a number as its value. */
function isNumericAddress(expression: Expression, evaluator: Evaluator): boolean {
  try {
    const value = evaluator.value(expression);
    return 'address' in value && value.base === null;
  } catch (error) {
    if (error instanceof NotConstant) return false;
    throw error;
  }
}

/** Whether an operand consists of integer constants. */
function hasIntegers({ constancy }: Operand): boolean {
  return constancy === 'constant' || constancy === 'operands';
}

/** An operand, and the value of an integer constant. */
interface Operand {
  readonly constancy: Constancy;
  readonly value: Integer | undefined;
}

function operandOf(expression: Expression, evaluator: Evaluator): Operand {
  const constancy = constancyOf(expression, evaluator);
  return { constancy, value: constancy === 'constant' ? evaluator.integer(expression) : undefined };
}

/** The depth on the left side is not limited, so a loop reads the links of a chain such as `a | b | c`. */
function binary(expression: Node<'binary'>, evaluator: Evaluator): Constancy {
  const links = [expression];
  let first: Expression = expression.left;
  for (; first.kind === 'binary'; first = first.left) links.push(first);
  let left = operandOf(first, evaluator);
  for (const link of links.reverse()) left = operation(link, left, evaluator);
  return left.constancy;
}

function without(constancy: 'operands' | 'other'): Operand {
  return { constancy, value: undefined };
}

function operation(expression: Node<'binary'>, left: Operand, evaluator: Evaluator): Operand {
  const { operator } = expression;
  if (operator === '&&' || operator === '||') return logical(expression, left, evaluator);
  const right = operandOf(expression.right, evaluator);
  if (!hasIntegers(left) || !hasIntegers(right)) return without('other');
  if (!left.value || !right.value || operator === ',') return without('operands');
  const { integers } = evaluator.scope;
  if (operator === '<<' || operator === '>>') {
    const shifted = promote(left.value, integers);
    if (!shifted.overflow && !isConstantShift(operator, shifted, right.value.value)) return without('operands');
  }
  const value = result(operator, left.value, right.value, evaluator);
  if (!value) return without('operands');
  // GCC marks the result of an operation with an overflow, but not that of a comparison.
  const overflowed = left.value.overflow || right.value.overflow;
  return overflowed && !value.overflow ? without('operands') : { constancy: 'constant', value };
}

/** Returns undefined for a division by zero, which an operand that is not evaluated can contain. */
function result(operator: string, left: Integer, right: Integer, { scope }: Evaluator): Integer | undefined {
  try {
    return binaryOperation(operator, left, right, scope.integers);
  } catch (error) {
    if (error instanceof ArithmeticError) return undefined;
    throw error;
  }
}

function logical({ operator, left, right }: Node<'binary'>, known: Operand, evaluator: Evaluator): Operand {
  const isDecided = right.kind !== 'integer' && truthOf(left, evaluator) === (operator === '||');
  const second = operandOf(right, isDecided ? evaluator.unevaluated() : evaluator);
  const test = testConstancy(left, known.constancy, evaluator);
  if (test === 'other' || !hasIntegers(second)) return without('other');
  if (test === 'operands' || known.value?.overflow) return without('operands');
  const first = isTrue(known.value ?? evaluator.value(left), left.at, evaluator.scope);
  const decided = first === (operator === '||');
  if (!decided && (!second.value || second.value.overflow)) return without('operands');
  const holds = decided || !second.value ? first : second.value.value !== 0n;
  return { constancy: 'constant', value: { type: evaluator.scope.integers.int, value: holds ? 1n : 0n } };
}

/** GCC computes at once whether a folded value is zero, and whether a numeric address is zero. */
function testConstancy(test: Expression, itself: Constancy, evaluator: Evaluator): Constancy {
  if (itself === 'other' && isPointer(test, evaluator) && isNumericAddress(test, evaluator)) return 'constant';
  return itself === 'folded' ? 'constant' : itself;
}

function conditional({ test, then, otherwise, at }: Node<'conditional'>, evaluator: Evaluator): Constancy {
  const itself = constancyOf(test, evaluator);
  const tested = testConstancy(test, itself, evaluator);
  const truth = truthOf(test, evaluator);
  const branch = (each: Expression, isTaken: boolean): Constancy =>
    constancyOf(each, isTaken ? evaluator : evaluator.unevaluated());
  const branches = [then ? branch(then, truth !== false) : tested, branch(otherwise, truth !== true)] as const;
  if (tested === 'other' || branches.some((branch) => branch === 'folded' || branch === 'other')) return 'other';
  if (tested === 'operands') return 'operands';
  const holds = isTrue(evaluator.value(test), at, evaluator.scope);
  const taken = holds ? (then ?? test) : otherwise;
  const constancy = holds ? branches[0] : branches[1];
  return constancy === 'constant' && overflows(taken, evaluator) ? 'operands' : constancy;
}

function cast({ type, operand }: Node<'cast'>, evaluator: Evaluator): Constancy {
  const integer = integerTypeOf(type, evaluator.scope);
  if (!integer) return 'other';
  const number = realNumber(operand, evaluator);
  if (number) return number;
  if (isPointer(operand, evaluator)) return isNumericAddress(operand, evaluator) ? 'folded' : 'other';
  const inside = constancyOf(operand, evaluator);
  const isTruth = integer.name === '_Bool' && inside === 'constant';
  return isTruth && overflows(operand, evaluator) ? 'operands' : inside;
}

/** Whether GCC keeps a call of a builtin function, because the argument is not constant or overflows the parameter. */
function isKeptCall(expression: Node<'call'>, evaluator: Evaluator): boolean {
  const { callee } = expression;
  if (callee.kind !== 'name' || !callee.name.startsWith('__builtin_') || isChoice(expression)) return false;
  try {
    evaluator.value(expression);
    return false;
  } catch (error) {
    if (error instanceof NotConstant) return true;
    throw error;
  }
}

function isChoice({ callee }: Node<'call'>): boolean {
  return callee.kind === 'name' && callee.name === '__builtin_choose_expr';
}

/** GCC computes its builtin functions at once, but not the functions of the C library. */
function call(expression: Node<'call'>, evaluator: Evaluator): Constancy {
  const { callee } = expression;
  if (callee.kind !== 'name' || !callee.name.startsWith('__builtin_')) return 'other';
  if (isChoice(expression)) return constancyOf(chosenExpression(expression, evaluator), evaluator);
  if (integerTypeOf(evaluator.typeOf(expression), evaluator.scope) === undefined) return 'other';
  return isKeptCall(expression, evaluator) ? 'other' : 'constant';
}
