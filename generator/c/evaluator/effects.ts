/** Whether the evaluation of an expression has an effect. GCC computes `x || 1` without `x`, if `x` has no effect. */

import type { CType, Expression } from '../syntax.js';
import { selectedAssociation } from './generic.js';
import { chosenExpression } from './integer-constants.js';
import { isVariable } from './type-names.js';
import { unqualified } from './types.js';
import type { Evaluator } from './values.js';

/** Builtin functions without an effect, whose result depends on their arguments alone. */
const constant =
  /^__builtin_(?:(?:clz|ctz|ffs|popcount|parity|clrsb)(?:|l|ll|imax)|bswap\d+|(?:|l|ll|imax)abs|expect|constant_p)$/;

/** Builtin functions without an effect that read memory. */
const reading = /^__builtin_(?:strlen|strn?cmp|memcmp)$/;

/** Functions of the C library that GCC handles as its builtin function, if a header declares them. */
const libraryFunctions: ReadonlySet<string> = new Set(
  'strlen strcmp strncmp memcmp abs labs llabs ffs ffsl ffsll'.split(' '),
);

/** Returns the name of the builtin function that GCC uses for a function of the C library. */
export function builtinName(name: string): string {
  return libraryFunctions.has(name) ? `__builtin_${name}` : name;
}

/** Whether a builtin function has no effect, and its result depends on its arguments alone. */
export function isConstantFunction(name: string): boolean {
  return constant.test(name);
}

/** Whether the evaluation of an expression has no effect. Reading a volatile object is an effect. */
export function isPure(expression: Expression, evaluator: Evaluator): boolean {
  const all = (...parts: readonly (Expression | null)[]): boolean =>
    parts.every((part) => part === null || isPure(part, evaluator));
  switch (expression.kind) {
    case 'binary': {
      // The depth on the left side is not limited.
      let left: Expression = expression;
      for (; left.kind === 'binary'; left = left.left) if (!isPure(left.right, evaluator)) return false;
      return isPure(left, evaluator);
    }
    case 'unary':
      return (expression.operator !== '*' || !isVolatile(expression, evaluator)) && all(expression.operand);
    case 'cast':
    case 'part':
      return all(expression.operand);
    case 'conditional':
      // GCC saves the test of `a ?: b`, which is an effect.
      return expression.then !== null && all(expression.test, expression.then, expression.otherwise);
    case 'call': {
      const { callee } = expression;
      if (callee.kind === 'name' && callee.name === '__builtin_choose_expr') {
        return all(chosenExpression(expression, evaluator));
      }
      return callEffect(callee, evaluator) !== 'any' && all(...expression.arguments);
    }
    case 'name':
      return !isVolatile(expression, evaluator);
    case 'member':
      return !isVolatile(expression, evaluator) && all(expression.base);
    case 'index':
      return !isVolatile(expression, evaluator) && all(expression.base, expression.index);
    case 'generic':
      return all(selectedAssociation(expression, evaluator));
    case 'measure':
      return (
        'expression' in expression.of || expression.what !== 'sizeof' || !isVariable(expression.of.type, evaluator)
      );
    case 'assign':
    case 'step':
    case 'compound literal':
      return false;
    default:
      return true;
  }
}

function isVolatile(expression: Expression, evaluator: Evaluator): boolean {
  const type = evaluator.typeOf(expression);
  return type.kind !== 'bit-field' && unqualified(type as CType, evaluator).qualifiers?.volatile === true;
}

/**
 * What a call of a function does. `none`: the call only computes its result from the arguments. `reads`: the call also
 * reads memory. `any`: the call can have an effect.
 */
export function callEffect(callee: Expression, evaluator: Evaluator): 'none' | 'reads' | 'any' {
  const called = calledFunction(callee);
  if (called.kind === 'name') {
    const name = builtinName(called.name);
    if (constant.test(name)) return 'none';
    if (reading.test(name)) return 'reads';
    const calls = evaluator.scope.callsOf(called.name);
    if (calls?.has('noreturn')) return 'any';
    if (calls?.has('const')) return 'none';
    // GCC ignores `pure` on a pointer to a function.
    const type = evaluator.scope.objectType(called.name);
    if (type && evaluator.scope.resolve(type).kind === 'function') return calls?.has('pure') ? 'reads' : 'any';
  }
  const type = evaluator.typeOf(called);
  const pointer = type.kind === 'bit-field' ? type : evaluator.scope.resolve(type);
  if (pointer.kind !== 'pointer' || !isPure(called, evaluator)) return 'any';
  const { type: target, qualifiers } = unqualified(pointer.to, evaluator);
  return target.kind === 'function' && qualifiers?.const && !qualifiers.volatile ? 'none' : 'any';
}

/** Returns the function or the pointer that a call uses: `f` for `(*f)(1)`, `(&f)(1)` and `((type)f)(1)`. */
function calledFunction(callee: Expression): Expression {
  let result = callee;
  while (result.kind === 'cast' || (result.kind === 'unary' && (result.operator === '*' || result.operator === '&'))) {
    result = result.operand;
  }
  return result;
}
