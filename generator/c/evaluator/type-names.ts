/** Checks types completely, as the compiler does, also the parts that no layout and no value needs. */

import type { CType, Expression, FunctionType, ParameterNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import { typeInside } from '../types.js';
import { Unresolvable, Unsupported } from '../unresolvable.js';
import { ArithmeticError } from './arithmetic.js';
import { integerTypeOf } from './types.js';
import type { Evaluator } from './values.js';

type ArrayType = Extract<CType, { kind: 'array' }>;

/**
 * Checks all parts of a type. @throws Unresolvable for an array or a function that C does not have, and a mode or a vector
 * that the target does not have. A type in an expression can have lengths of arrays that are not constant.
 */
export function checkType(
  whole: CType,
  at: Token,
  evaluator: Evaluator,
  lengths: 'constant lengths' | 'all lengths' = 'constant lengths',
): void {
  const { scope } = evaluator;
  // Nearly all types are a word or a pointer to it.
  for (let type: CType | undefined = whole; type; type = typeInside(type)) {
    switch (type.kind) {
      case 'array':
        scope.measure(
          lengths === 'all lengths' ? withConstantLengths(withLength(type, at), evaluator) : withLength(type, at),
          at,
        );
        break;
      case 'function':
        checkFunction(type, at, evaluator);
        break;
      case 'typeof':
        evaluator.unevaluated().typeOf(type.of);
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
        // The vector can be inside a pointer, an array or a function.
        const resolved = scope.resolve(type);
        if (resolved.kind !== 'vector') checkType(resolved, at, evaluator, lengths);
        else scope.measure(resolved, at);
        break;
      }
      default:
        break;
    }
  }
}

/** Returns an array with a length. An array without a length has no size. */
function withLength(type: ArrayType, at: Token): CType {
  return type.length ? type : { ...type, length: oneAt(at) };
}

function oneAt(at: Token): Expression {
  return { kind: 'integer', text: '1', at };
}

function checkFunction(type: FunctionType, at: Token, evaluator: Evaluator): void {
  const { returns, parameters, declared } = type;
  const { kind } = evaluator.scope.resolve(returns);
  if (kind === 'array' || kind === 'function') {
    throw new Unresolvable(
      at,
      `a function that returns ${kind === 'array' ? 'an array' : 'a function'}; return a pointer to it`,
    );
  }
  if (declared) checkParameters(declared, evaluator);
  else for (const parameter of parameters ?? []) checkType(parameter, at, evaluator);
}

/** Checks the types of parameters as they are written. The length of an array can depend on the parameters before it. */
function checkParameters(declared: readonly ParameterNode[], evaluator: Evaluator): void {
  const types = new Map<string, CType>();
  const inside = evaluator.within(types);
  for (const { name, type, at } of declared) {
    checkType(withKnownLengths(type, inside), at, inside);
    if (name) types.set(name.text, type);
  }
}

/** Returns a type in which the length of each array is a number. It is 1 for a length that only a call knows. */
function withKnownLengths(type: CType, evaluator: Evaluator): CType {
  switch (type.kind) {
    case 'pointer':
      return { ...type, to: withKnownLengths(type.to, evaluator) };
    case 'function':
      return { ...type, returns: withKnownLengths(type.returns, evaluator) };
    case 'array': {
      const of = withKnownLengths(type.of, evaluator);
      return { kind: 'array', of, length: knownLength(type, evaluator) };
    }
    case 'qualified':
    case 'aligned':
    case 'mode':
    case 'vector':
      return { ...type, of: withKnownLengths(type.of, evaluator) };
    default:
      return type;
  }
}

function knownLength({ length, variable }: ArrayType, evaluator: Evaluator): Expression | null {
  if (variable) return oneAt(variable);
  if (!length || length.kind === 'integer') return length;
  if (isVariableLength(length, evaluator)) return oneAt(length.at);
  const { value } = evaluator.integer(length);
  if (value < 0n) throw new Unresolvable(length.at, `an array cannot have ${value} elements`);
  return { kind: 'integer', text: String(value), at: length.at };
}

/**
 * Whether the length of an array is a valid expression whose value GCC does not know. @throws Unresolvable for another
 * expression without a value.
 */
export function isVariableLength(length: Expression, evaluator: Evaluator): boolean {
  if (length.kind === 'integer') return false;
  try {
    evaluator.integer(length);
    return false;
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    if (!(error instanceof Unresolvable || error instanceof ArithmeticError)) throw error;
    if (!integerTypeOf(evaluator.typeOf(length), evaluator.scope)) throw error;
    return true;
  }
}

/** Whether a type is an array of variable length, or is derived from one. */
export function isVariable(whole: CType, evaluator: Evaluator): boolean {
  for (let type: CType | undefined = whole; type; type = typeInside(type)) {
    if (type.kind !== 'array') continue;
    if (type.variable || (type.length && isVariableLength(type.length, evaluator))) return true;
  }
  return false;
}

/** Returns a type with one element in each array of variable length. Its alignment, and the size of a pointer, stay. */
export function withConstantLengths(type: CType, evaluator: Evaluator): CType {
  if (!isVariable(type, evaluator)) return type;
  switch (type.kind) {
    case 'pointer':
      return { ...type, to: withConstantLengths(type.to, evaluator) };
    case 'function':
      return { ...type, returns: withConstantLengths(type.returns, evaluator) };
    case 'array': {
      const of = withConstantLengths(type.of, evaluator);
      const { length, variable } = type;
      const unknown = variable ?? (length && isVariableLength(length, evaluator) ? length.at : undefined);
      return { kind: 'array', of, length: unknown ? oneAt(unknown) : length };
    }
    case 'qualified':
    case 'aligned':
    case 'mode':
    case 'vector':
      return { ...type, of: withConstantLengths(type.of, evaluator) };
    default:
      return type;
  }
}
