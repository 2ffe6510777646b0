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
      return all(expression.test, expression.then, expression.otherwise);
    case 'call': {
      const { callee } = expression;
      if (callee.kind !== 'name') return false;
      if (callee.name === '__builtin_choose_expr') return all(chosenExpression(expression, evaluator));
      return (constant.test(callee.name) || reading.test(callee.name)) && all(...expression.arguments);
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
