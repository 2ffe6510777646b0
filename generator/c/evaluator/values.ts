/** The values of expressions: integers, floating-point numbers and addresses. */

import type { ScalarName } from '../../targets/target.js';
import type { CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import type { Integer, IntegerType } from './arithmetic.js';
import type { Real } from './reals.js';
import type { Scope } from './scope.js';

export type Value = Integer | Floating | Address;

export interface Floating {
  readonly format: ScalarName;
  readonly real: Real;
}

/** An object in memory: its name, or the string literal or compound literal. */
type Base = string | Expression;

/** A pointer. An integer that was converted from the address of an object is also an address. */
export interface Address {
  /** The type of the expression: a pointer or an integer. */
  readonly address: CType;
  /** Null for an address that is a number. */
  readonly base: Base | null;
  /** In bytes. */
  readonly offset: bigint;
}

/** An object in memory that an expression designates. */
export interface Place {
  readonly base: Base | null;
  readonly offset: bigint;
}

/** The type of a bit-field that no other integer type has. C has no name for such a type. */
export interface BitFieldType {
  readonly kind: 'bit-field';
  readonly integer: IntegerType;
}

export type ExpressionType = CType | BitFieldType;

/** Evaluates expressions in one scope. Its functions are in several files that call each other through it. */
export interface Evaluator {
  readonly scope: Scope;
  /** The type of an expression as it is written: an array stays an array. */
  typeOf(expression: Expression): ExpressionType;
  /** The value of an expression. An array and a function become an address. */
  value(expression: Expression): Value;
  /** The value of an expression of integer type. */
  integer(expression: Expression): Integer;
  /** The object that an expression designates. */
  place(expression: Expression): Place;
  /** Converts a value to a type, as a cast does. */
  convert(value: Value, type: CType, at: Token): Value;
  /** Whether the expressions are evaluated. An operand of `sizeof` and a branch that is not taken are not. */
  readonly isEvaluated: boolean;
  /** Returns an evaluator of the same scope for operands that are not evaluated. */
  unevaluated(): Evaluator;
  /** Returns an evaluator for a scope that declares more objects, by name. */
  within(objects: ReadonlyMap<string, CType>): Evaluator;
}

export function isInteger(value: Value): value is Integer {
  return 'value' in value;
}

export function isFloating(value: Value): value is Floating {
  return 'real' in value;
}
