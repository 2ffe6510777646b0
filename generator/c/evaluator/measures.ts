/** `sizeof`, `_Alignof` and `offsetof`. */

import type { CType, Expression, Measured } from '../syntax.js';
import type { Token } from '../tokens.js';
import { typeInside } from '../types.js';
import { NotConstant, Unresolvable, Unsupported } from '../unresolvable.js';
import { isBitField } from './expression-types.js';
import { isIntegerConstant } from './integer-constants.js';
import type { TypeMeasure } from './scope.js';
import { checkType, isVariableLength, withConstantLengths } from './type-names.js';
import { holderOf } from './types.js';
import type { Evaluator } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** Returns the result of `sizeof`, `_Alignof` or `__alignof__`. */
export function measuredBytes({ what, of, at }: Node<'measure'>, outside: Evaluator): number {
  const evaluator = outside.unevaluated();
  if ('type' in of) {
    checkLengths(of.type, what, at, evaluator);
    checkType(of.type, at, evaluator, 'all lengths');
    return bytesOf(completeMeasure(withConstantLengths(of.type, evaluator), what, at, evaluator), what);
  }
  const { expression } = of;
  const type = evaluator.typeOf(expression);
  if (isBitField(expression, evaluator)) throw new Unresolvable(at, `'${wordOf(what)}' of a bit-field`);
  const plain = type.kind === 'bit-field' ? holderOf(type, evaluator.scope) : type;
  if (what === 'sizeof') return completeMeasure(plain, what, at, evaluator).size;
  return expressionAlign(expression, plain, at, evaluator);
}

/**
 * Checks the lengths of arrays in a type name. If a length is not an integer constant, `sizeof` is not constant. @throws
 * Unsupported in an initializer, where GCC takes the values of `const` variables.
 */
function checkLengths(whole: CType, what: Measured, at: Token, evaluator: Evaluator): void {
  let isInPointer = false;
  for (let type: CType | undefined = whole; type; type = typeInside(type)) {
    isInPointer ||= type.kind === 'pointer' || type.kind === 'function';
    if (type.kind !== 'array' || !type.length || type.length.kind === 'integer') continue;
    if (isVariableLength(type.length, evaluator)) {
      if (what !== 'sizeof' || isInPointer) continue;
      throw new NotConstant(at, "'sizeof' of an array of variable length");
    }
    if (evaluator.scope.inInitializer && !isMeasurable(type, at, evaluator))
      throw new Unsupported(
        at,
        'an array whose length is the value of a variable, which the generator does not compute',
      );
    if (what === 'sizeof' && !isInPointer && !isIntegerConstant(type.length, evaluator))
      throw new Unresolvable(at, "'sizeof' of an array whose length is not an integer constant expression");
  }
}

function wordOf(what: Measured): string {
  return what === 'sizeof' ? 'sizeof' : '_Alignof';
}

function completeMeasure(type: CType, what: Measured, at: Token, { scope }: Evaluator): TypeMeasure {
  const plain = scope.resolve(type);
  if (plain.kind === 'array' && plain.length === null) {
    throw new Unresolvable(at, `'${wordOf(what)}' of an array without a length`);
  }
  return scope.measure(type, at);
}

function bytesOf(measure: TypeMeasure, what: Measured): number {
  if (what === 'sizeof') return measure.size;
  return what === 'alignof' ? (measure.leastAlign ?? measure.fieldAlign ?? measure.align) : measure.align;
}

/** Returns the alignment of the object that an expression designates. Both words for it have one meaning here. */
function expressionAlign(expression: Expression, type: CType, at: Token, evaluator: Evaluator): number {
  const { scope } = evaluator;
  if (expression.kind === 'name' && scope.objectType(expression.name)) return scope.objectAlign(expression.name, at);
  if (expression.kind === 'member') return memberAlign(expression, type, at, evaluator);
  const own = completeMeasure(type, 'alignof', at, evaluator).align;
  if (expression.kind !== 'unary' || expression.operator !== '*') return own;
  // GCC looks through the casts of a pointer for the largest alignment, but it folds the casts of a number.
  if (isNumber(expression.operand, evaluator)) return own;
  let best = own;
  for (let pointer = expression.operand; pointer.kind === 'cast'; pointer = pointer.operand) {
    const from = evaluator.typeOf(pointer.operand);
    const plain = from.kind === 'bit-field' ? from : scope.resolve(from);
    if (plain.kind !== 'pointer') break;
    best = Math.max(best, alignOf(plain.to, at, evaluator));
  }
  return best;
}

function isNumber(pointer: Expression, evaluator: Evaluator): boolean {
  try {
    const value = evaluator.value(pointer);
    return 'address' in value && value.base === null;
  } catch (error) {
    if (error instanceof Unresolvable) return false;
    throw error;
  }
}

function isMeasurable(type: CType, at: Token, { scope }: Evaluator): boolean {
  try {
    scope.measure(type, at);
    return true;
  } catch (error) {
    if (error instanceof Unresolvable) return false;
    throw error;
  }
}

/** An incomplete type has no alignment that counts. */
function alignOf(type: CType, at: Token, { scope }: Evaluator): number {
  try {
    return scope.measure(type, at).align;
  } catch (error) {
    if (error instanceof Unresolvable) return 1;
    throw error;
  }
}

function memberAlign(expression: Node<'member'>, type: CType, at: Token, evaluator: Evaluator): number {
  const { scope } = evaluator;
  const base = evaluator.typeOf(expression.base);
  const plain = base.kind === 'bit-field' ? base : scope.resolve(base);
  const record = expression.arrow && plain.kind === 'pointer' ? plain.to : base;
  if (record.kind === 'bit-field') throw new Unresolvable(at, "'.' needs a struct or union before it");
  const { align } = scope.member(record, expression.name, at);
  return align > 0 ? align : scope.measure(type, at).align;
}

/** Returns the result of `offsetof`. */
export function offsetOf({ type: record, path, at }: Node<'offsetof'>, evaluator: Evaluator): number {
  const { scope } = evaluator;
  let type = record;
  let offset = 0;
  for (const step of path) {
    if ('member' in step) {
      const place = scope.member(type, step.member, step.at);
      if (place.width !== null) throw new Unresolvable(step.at, `'offsetof' of bit-field '${step.member}'`);
      offset += place.offset;
      type = place.type;
    } else {
      const array = scope.resolve(type);
      if (array.kind !== 'array') throw new Unresolvable(at, 'an index needs an array before it');
      type = array.of;
      offset += Number(evaluator.integer(step.index).value) * scope.measure(type, at).size;
    }
  }
  return offset;
}
