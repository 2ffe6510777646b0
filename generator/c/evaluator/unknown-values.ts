/**
 * The expressions whose value GCC certainly does not know. `__builtin_constant_p` of such an expression is 0. GCC also
 * computes expressions that the generator does not compute, so `__builtin_constant_p` of another one has no value here.
 */

import type { Expression } from '../syntax.js';
import { builtinName, isConstantFunction } from './effects.js';
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
  /** The objects that determine the value. GCC can compute an operation with two values of one object. */
  readonly objects: readonly string[];
}

/** Whether GCC certainly does not know the value of an expression that is not constant. */
export function isUnknown(expression: Expression, evaluator: Evaluator): boolean {
  return unknown(expression, evaluator) !== undefined;
}

function unknown(expression: Expression, evaluator: Evaluator): Unknown | undefined {
  const selected = selectedExpression(expression, evaluator);
  switch (selected.kind) {
    case 'name':
      return { isAny: true, objects: [selected.name] };
    case 'member':
      return unknown(selected.base, evaluator);
    case 'index':
      return joined([unknown(selected.base, evaluator), unknownOrConstant(selected.index, evaluator)]);
    case 'string':
    case 'compound literal':
      return { isAny: true, objects: [] };
    case 'unary':
      return unary(selected, evaluator);
    case 'cast': {
      const operand = unknownOrConstant(selected.operand, evaluator);
      // A wider type has values that the operand does not have.
      const widths = [selected.type, valueType(evaluator.typeOf(selected.operand), evaluator)].map(
        (type) => integerTypeOf(type, evaluator.scope)?.width,
      );
      return operand && { ...operand, isAny: operand.isAny && (widths[0] ?? 0) <= (widths[1] ?? 0) };
    }
    case 'binary':
      return chain(selected, evaluator);
    case 'conditional':
      return conditional(selected, evaluator);
    case 'call':
      return call(selected, evaluator);
    case 'measure':
      // An array of variable length.
      return { isAny: false, objects: [] };
    default:
      return undefined;
  }
}

function unary({ operator, operand }: Node<'unary'>, evaluator: Evaluator): Unknown | undefined {
  const of = unknownOrConstant(operand, evaluator);
  return of && { ...of, isAny: of.isAny && operator !== '!' && (operator === '*' || !isPromoted(operand, evaluator)) };
}

/** Whether an operation converts an operand to a wider type, which has values that the operand does not have. */
function isPromoted(operand: Expression, evaluator: Evaluator): boolean {
  const type = integerTypeOf(valueType(evaluator.typeOf(operand), evaluator), evaluator.scope);
  return type !== undefined && type.width < evaluator.scope.integers.int.width;
}

/** A constant operand depends on no object. */
function unknownOrConstant(expression: Expression, evaluator: Evaluator): Unknown | undefined {
  return valueOrNone(expression, evaluator) ? { isAny: true, objects: [] } : unknown(expression, evaluator);
}

/** Returns the value that several independent values determine. */
function joined(parts: readonly (Unknown | undefined)[]): Unknown | undefined {
  const objects: string[] = [];
  let isAny = true;
  for (const part of parts) {
    if (!part || part.objects.some((name) => objects.includes(name))) return undefined;
    objects.push(...part.objects);
    isAny &&= part.isAny;
  }
  return { isAny, objects };
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
      return { ...both, isAny: both.isAny && !operands.some((each) => isPromoted(each, evaluator)) };
    }
    case '&&':
    case '||':
      return { ...both, isAny: false };
    case '==':
    case '!=':
    case '<':
    case '>':
    case '<=':
    case '>=': {
      if (!both.isAny) return undefined;
      if (constant && isInteger(constant)) {
        const operand = isConstant ? rightOperand : leftOperand;
        if (!comparedWithConstant(operator, operand, constant, evaluator)?.isExact) return undefined;
      } else if (constant) return undefined;
      return { ...both, isAny: false };
    }
    default:
      return both.isAny ? { ...both, isAny: false } : undefined;
  }
}

function conditional({ test, then, otherwise }: Node<'conditional'>, evaluator: Evaluator): Unknown | undefined {
  const branches = [then ?? test, otherwise].map((each) => unknownOrConstant(each, evaluator));
  const all = joined([unknown(test, evaluator), ...branches]);
  return all && { ...all, isAny: false };
}

function call({ callee, arguments: given }: Node<'call'>, evaluator: Evaluator): Unknown | undefined {
  const all = joined(given.map((each) => unknownOrConstant(each, evaluator)));
  const isBuiltin = callee.kind === 'name' && isConstantFunction(builtinName(callee.name));
  if (isBuiltin || !all) return all && { ...all, isAny: false };
  // Another function can have each result. Calls without an argument are the same calls.
  const name = callee.kind === 'name' ? callee.name : undefined;
  return { isAny: true, objects: given.length === 0 && name !== undefined ? [name] : all.objects };
}
