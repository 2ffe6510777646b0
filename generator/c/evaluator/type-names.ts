/** Checks types completely, as the compiler does, also the parts that no layout and no value needs. */

import type { CType, Expression, FunctionType } from '../syntax.js';
import type { Token } from '../tokens.js';
import { Unresolvable } from './unresolvable.js';
import type { Evaluator } from './values.js';

/**
 * Checks all parts of a type. @throws Unresolvable for an array or a function that C does not have, a length that is not
 * constant, and a mode or a vector that the target does not have.
 */
export function checkType(whole: CType, at: Token, evaluator: Evaluator): void {
  const { scope } = evaluator;
  // Nearly all types are a word or a pointer to it.
  for (let type: CType | undefined = whole; type; type = typeInside(type)) {
    switch (type.kind) {
      case 'array':
        scope.measure(type.length ? type : { ...type, length: oneAt(at) }, at);
        break;
      case 'function':
        checkFunction(type, at, evaluator);
        break;
      case 'typeof':
        evaluator.typeOf(type.of);
        break;
      case 'scalar':
      case 'complex':
        scope.measure(type, at);
        break;
      case 'typedef':
        scope.beneath(type);
        break;
      case 'mode':
      case 'vector': {
        const resolved = scope.resolve(type);
        if (resolved.kind === 'vector') scope.measure(resolved, at);
        break;
      }
      default:
        break;
    }
  }
}

function oneAt(at: Token): Expression {
  return { kind: 'integer', text: '1', at };
}

function checkFunction({ returns, parameters }: FunctionType, at: Token, evaluator: Evaluator): void {
  const { kind } = evaluator.scope.resolve(returns);
  if (kind === 'array' || kind === 'function') {
    throw new Unresolvable(
      at,
      `a function that returns ${kind === 'array' ? 'an array' : 'a function'}; return a pointer to it`,
    );
  }
  for (const parameter of parameters ?? []) checkType(parameter, at, evaluator);
}

/** Returns the type inside a derived type. */
export function typeInside(type: CType): CType | undefined {
  switch (type.kind) {
    case 'pointer':
      return type.to;
    case 'function':
      return type.returns;
    case 'array':
    case 'qualified':
    case 'aligned':
    case 'mode':
    case 'vector':
      return type.of;
    default:
      return undefined;
  }
}
