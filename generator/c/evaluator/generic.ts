/** `_Generic`: selects an expression by the type of another expression (C17 6.5.1.1). */

import type { CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { Unresolvable } from '../unresolvable.js';
import { isCompatible } from './compatibility.js';
import { checkType, isVariable } from './type-names.js';
import { unqualified, valueType } from './types.js';
import type { Evaluator, ExpressionType } from './values.js';

type Generic = Extract<Expression, { kind: 'generic' }>;

/** Returns the selected expression. GCC also refuses a wrong expression that is not selected. */
export function selectedAssociation({ control, associations, at }: Generic, evaluator: Evaluator): Expression {
  const type = withoutCallFacts(valueType(evaluator.unevaluated().typeOf(control), evaluator), evaluator);
  let selected: Expression | undefined;
  let otherwise: Expression | undefined;
  for (const association of associations) {
    evaluator.typeOf(association.value);
    if (association.type === null) {
      otherwise = association.value;
      continue;
    }
    checkAssociation(association.type, at, evaluator);
    if (type.kind !== 'bit-field' && isCompatible(type, association.type, evaluator)) {
      if (selected) throw new Unresolvable(at, '_Generic has two compatible types');
      selected = association.value;
    }
  }
  const result = selected ?? otherwise;
  if (!result) throw new Unresolvable(at, '_Generic has no expression for this type');
  return result;
}

/** GCC ignores the qualifiers of a function that the expression points to. */
function withoutCallFacts(type: ExpressionType, evaluator: Evaluator): ExpressionType {
  if (type.kind !== 'pointer') return type;
  const { type: called, qualifiers } = unqualified(type.to, evaluator);
  return qualifiers && called.kind === 'function' ? { ...type, to: called } : type;
}

function checkAssociation(type: CType, at: Token, evaluator: Evaluator): void {
  const { scope } = evaluator;
  checkType(type, at, evaluator, 'all lengths');
  if (isVariable(type, evaluator)) throw new Unresolvable(at, '_Generic needs types without arrays of variable length');
  const plain = scope.resolve(type);
  if (plain.kind === 'void' || plain.kind === 'function' || (plain.kind === 'array' && plain.length === null)) {
    throw new Unresolvable(at, '_Generic needs types with a size');
  }
  scope.measure(type, at);
}
