/**
 * The expressions whose value GCC certainly does not know. `__builtin_constant_p` of such an expression is 0. GCC also
 * computes expressions that the generator does not compute, so `__builtin_constant_p` of another one has no value here.
 */

import type { Expression } from '../syntax.js';
import type { Integer } from './arithmetic.js';
import { builtinName, isConstantFunction, isPure } from './effects.js';
import { selectedExpression } from './integer-constants.js';
import { comparedWithConstant } from './known-results.js';
import { valueOrNone } from './sameness.js';
import { integerTypeOf, valueType } from './types.js';
import { type Evaluator, isInteger } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** What GCC knows of a value that it does not know completely. */
interface Unknown {
  /** Whether GCC knows nothing: the value can be each value of its type. */
  readonly isAny: boolean;
  /** Whether GCC does not know if the value is zero. */
  readonly isAnyTruth: boolean;
  /** The objects that determine the value. GCC can compute an operation with two values of one object. */
  readonly objects: readonly string[];
}

/**
 * Whether GCC can know the value of an expression that is not constant for the generator. A part with an effect must not
 * be evaluated.
 */
export function mayBeKnown(expression: Expression, evaluator: Evaluator): boolean {
  const isKnown = (each: Expression): boolean =>
    valueOrNone(each, evaluator) !== undefined || mayBeKnown(each, evaluator);
  const selected = selectedExpression(expression, evaluator);
  if (isPure(selected, evaluator)) return !isUnknown(selected, evaluator);
  switch (selected.kind) {
    case 'conditional':
      return mayDecide(selected.test, evaluator);
    case 'binary':
      if (selected.operator === ',') return false;
      if (selected.operator === '||' || selected.operator === '&&') return mayDecide(selected.left, evaluator);
      return isKnown(selected.left) && isKnown(selected.right);
    case 'unary':
    case 'cast':
    case 'part':
      return isKnown(selected.operand);
    default:
      return false;
  }
}

/** Whether GCC can know whether a condition holds, so that it does not evaluate an operand after the condition. */
function mayDecide(test: Expression, evaluator: Evaluator): boolean {
  if (!isPure(test, evaluator)) return mayBeKnown(test, evaluator);
  return valueOrNone(test, evaluator) !== undefined || !unknown(test, evaluator)?.isAnyTruth;
}

/** Whether GCC certainly does not know the value of an expression without an effect that is not constant. */
export function isUnknown(expression: Expression, evaluator: Evaluator): boolean {
  return unknown(expression, evaluator) !== undefined;
}

function unknown(expression: Expression, evaluator: Evaluator): Unknown | undefined {
  const selected = selectedExpression(expression, evaluator);
  switch (selected.kind) {
    case 'name':
      return anyOf([selected.name]);
    case 'member':
      return unknown(selected.base, evaluator);
    case 'index':
      return joined([unknown(selected.base, evaluator), unknownOrConstant(selected.index, evaluator)]);
    case 'string':
    case 'compound literal':
      return anyOf([]);
    case 'unary':
      return unary(selected, evaluator);
    case 'cast': {
      const operand = unknownOrConstant(selected.operand, evaluator);
      // A wider type has values that the operand does not have.
      const widths = [selected.type, valueType(evaluator.typeOf(selected.operand), evaluator)].map(
        (type) => integerTypeOf(type, evaluator.scope)?.width,
      );
      const isAny = operand?.isAny === true && (widths[0] ?? 0) <= (widths[1] ?? 0);
      return operand && { ...operand, isAny, isAnyTruth: isAny || operand.isAnyTruth };
    }
    case 'binary':
      return chain(selected, evaluator);
    case 'conditional':
      return conditional(selected, evaluator);
    case 'call':
      return call(selected, evaluator);
    case 'measure':
      // An array of variable length.
      return { isAny: false, isAnyTruth: false, objects: [] };
    default:
      return undefined;
  }
}

function anyOf(objects: readonly string[]): Unknown {
  return { isAny: true, isAnyTruth: true, objects };
}

function unary({ operator, operand }: Node<'unary'>, evaluator: Evaluator): Unknown | undefined {
  const pointer = operator === '*' ? valueOrNone(operand, evaluator) : undefined;
  if (pointer && 'address' in pointer) return anyOf(typeof pointer.base === 'string' ? [pointer.base] : []);
  const of = unknownOrConstant(operand, evaluator);
  return of && { ...of, isAny: of.isAny && operator !== '!' && (operator === '*' || !isPromoted(operand, evaluator)) };
}

/** Whether an operation converts an operand to a wider type, which has values that the operand does not have. */
function isPromoted(operand: Expression, evaluator: Evaluator): boolean {
  const type = integerTypeOf(valueType(evaluator.typeOf(operand), evaluator), evaluator.scope);
  return type !== undefined && type.width < evaluator.scope.integers.int.width;
}

/** Whether an operand has a bit that a constant does not have, so that `|` does not give the constant. */
function leavesBits(operand: Expression, { value }: Integer, evaluator: Evaluator): boolean {
  const type = integerTypeOf(valueType(evaluator.typeOf(operand), evaluator), evaluator.scope);
  const width = type?.name === '_Bool' ? 1 : type?.width;
  return width === undefined || BigInt.asIntN(width, value) !== -1n;
}

/** A constant operand depends on no object. */
function unknownOrConstant(expression: Expression, evaluator: Evaluator): Unknown | undefined {
  return valueOrNone(expression, evaluator) ? anyOf([]) : unknown(expression, evaluator);
}

/** Returns the value that several independent values determine. */
function joined(parts: readonly (Unknown | undefined)[]): Unknown | undefined {
  const objects: string[] = [];
  let [isAny, isAnyTruth] = [true, true];
  for (const part of parts) {
    if (!part || part.objects.some((name) => objects.includes(name))) return undefined;
    objects.push(...part.objects);
    isAny &&= part.isAny;
    isAnyTruth &&= part.isAnyTruth;
  }
  return { isAny, isAnyTruth, objects };
}

/** The depth on the left side is not limited, so a loop reads the links of a chain. */
function chain(expression: Node<'binary'>, evaluator: Evaluator): Unknown | undefined {
  const links = [expression];
  let first: Expression = expression.left;
  for (; first.kind === 'binary'; first = first.left) links.push(first);
  let isConstant = valueOrNone(first, evaluator) !== undefined;
  let left = unknownOrConstant(first, evaluator);
  for (const link of links.reverse()) {
    const value = isConstant ? valueOrNone(link, evaluator) : undefined;
    if (value) continue;
    left = operation(link, isConstant, left, evaluator);
    isConstant = false;
    if (!left) return undefined;
  }
  return left;
}

/** An operation with a known result is not in the chain, or it has a part with an effect. */
function operation(
  { operator, left: leftOperand, right: rightOperand }: Node<'binary'>,
  isConstant: boolean,
  left: Unknown | undefined,
  evaluator: Evaluator,
): Unknown | undefined {
  const right = unknownOrConstant(rightOperand, evaluator);
  const both = joined([left, right]);
  if (!both || operator === ',') return both;
  const constant = isConstant ? valueOrNone(leftOperand, evaluator) : valueOrNone(rightOperand, evaluator);
  switch (operator) {
    case '+':
    case '-':
    case '^': {
      const operands = [leftOperand, rightOperand].filter((each) => !valueOrNone(each, evaluator));
      const isAny = both.isAny && !operands.some((each) => isPromoted(each, evaluator));
      return { ...both, isAny, isAnyTruth: isAny };
    }
    case '&&':
    case '||':
      return both.isAnyTruth ? { ...both, isAny: false } : undefined;
    case '==':
    case '!=':
    case '<':
    case '>':
    case '<=':
    case '>=': {
      if (!both.isAny) return undefined;
      // The generator computes each comparison of two constants that GCC computes.
      if (isConstant && valueOrNone(rightOperand, evaluator)) return { ...both, isAny: false };
      if (constant && isInteger(constant)) {
        const operand = isConstant ? rightOperand : leftOperand;
        if (!comparedWithConstant(operator, operand, constant, evaluator)?.isExact) return undefined;
      } else if (constant) return undefined;
      return { ...both, isAny: false, isAnyTruth: true };
    }
    default: {
      const operand = isConstant ? rightOperand : leftOperand;
      if (operator === '|' && constant && isInteger(constant) && !leavesBits(operand, constant, evaluator))
        return undefined;
      return both.isAny ? { ...both, isAny: false, isAnyTruth: false } : undefined;
    }
  }
}

function conditional({ test, then, otherwise }: Node<'conditional'>, evaluator: Evaluator): Unknown | undefined {
  const branches = [then ?? test, otherwise].map((each) => unknownOrConstant(each, evaluator));
  const condition = unknown(test, evaluator);
  const all = condition?.isAnyTruth ? joined([condition, ...branches]) : undefined;
  return all && { ...all, isAny: false, isAnyTruth: false };
}

function call({ callee, arguments: given }: Node<'call'>, evaluator: Evaluator): Unknown | undefined {
  const all = joined(given.map((each) => unknownOrConstant(each, evaluator)));
  const isBuiltin = callee.kind === 'name' && isConstantFunction(builtinName(callee.name));
  if (isBuiltin || !all) return all && { ...all, isAny: false, isAnyTruth: false };
  // Another function can have each result. Calls without an argument are the same calls.
  const name = callee.kind === 'name' ? callee.name : undefined;
  return anyOf(given.length === 0 && name !== undefined ? [name] : all.objects);
}
