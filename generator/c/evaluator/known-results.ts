/**
 * Expressions that GCC computes without the value of an operand: `x * 0`, `x == x`, `x ? 1 : 1`. The operand has no
 * effect. GCC knows more of them. The others are errors, as all expressions that are not constant.
 */

import type { Expression } from '../syntax.js';
import { convert, type Integer, type IntegerType } from './arithmetic.js';
import { isCompatible } from './compatibility.js';
import { isPure } from './effects.js';
import { arithmeticType, integerTypeOf, promotedTypeOf, resolved, valueType } from './types.js';
import type { Evaluator, ExpressionType } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** The values of the operands. An operand that is not a constant integer is undefined. */
interface Known {
  readonly left: Integer | undefined;
  readonly right: Integer | undefined;
}

/** Returns the result of an operation if it does not depend on the operands that are not known. */
export function knownResult(expression: Node<'binary'>, known: Known, evaluator: Evaluator): Integer | undefined {
  const { left, right } = expression;
  const { scope } = evaluator;
  const value = known.left || known.right ? absorbed(expression, known, evaluator) : ofEqual(expression, evaluator);
  if (value === undefined || !isPure(left, evaluator) || !isPure(right, evaluator)) return undefined;
  const type = integerTypeOf(evaluator.typeOf(expression), scope);
  return type && convert(value, type);
}

/** Returns the value of a conditional whose branches are equal. */
export function equalBranches(
  { then, otherwise, test }: Node<'conditional'>,
  type: IntegerType,
  evaluator: Evaluator,
): Integer | undefined {
  if (!then || !isPure(test, evaluator)) return undefined;
  const [a, b] = [convert(evaluator.integer(then).value, type), convert(evaluator.integer(otherwise).value, type)];
  return a.value === b.value ? a : undefined;
}

/** Returns the result if a known operand has it for all values of the other operand. `type` is that of the operation. */
type Absorbing = Readonly<Record<string, (value: bigint, type: IntegerType) => bigint | undefined>>;

const ifZero = (value: bigint): bigint | undefined => (value === 0n ? 0n : undefined);
const ifOnes = (value: bigint, type: IntegerType): bigint | undefined =>
  value === convert(-1n, type).value ? value : undefined;

const byRight: Absorbing = {
  '*': ifZero,
  '&': ifZero,
  '|': ifOnes,
  '%': (value, { signed }) => (value === 1n || (signed && value === -1n) ? 0n : undefined),
  '<': (value, { signed }) => (signed ? undefined : ifZero(value)),
  '>=': (value, { signed }) => (!signed && value === 0n ? 1n : undefined),
};

const byLeft: Absorbing = {
  '*': ifZero,
  '&': ifZero,
  '|': ifOnes,
  '/': ifZero,
  '%': ifZero,
  '<<': ifZero,
  '>>': (value, { signed }) => (value === 0n || (signed && value === -1n) ? value : undefined),
  '>': (value, { signed }) => (signed ? undefined : ifZero(value)),
  '<=': (value, { signed }) => (!signed && value === 0n ? 1n : undefined),
};

function absorbed({ operator, left, right }: Node<'binary'>, known: Known, evaluator: Evaluator): bigint | undefined {
  const operand = known.right ?? known.left;
  const result = (known.right ? byRight : byLeft)[operator];
  if (!operand || operand.overflow || !result) return undefined;
  const { scope } = evaluator;
  const [a, b] = [valueType(evaluator.typeOf(left), evaluator), valueType(evaluator.typeOf(right), evaluator)];
  if (!integerTypeOf(a, scope) || !integerTypeOf(b, scope)) return undefined;
  const common = operator === '<<' || operator === '>>' ? promotedTypeOf(a, scope) : arithmeticType(a, b, scope);
  const type = common && integerTypeOf(common, scope);
  return type && result(convert(operand.value, type).value, type);
}

/** The results of operations with two equal integers. */
const ofEqualIntegers: Readonly<Record<string, bigint>> = {
  ...{ '==': 1n, '<=': 1n, '>=': 1n, '!=': 0n, '<': 0n, '>': 0n },
  ...{ '-': 0n, '^': 0n, '/': 1n, '%': 0n, '>>': 0n },
};

function ofEqual({ operator, left, right }: Node<'binary'>, evaluator: Evaluator): bigint | undefined {
  const result = ofEqualIntegers[operator];
  if (result === undefined || !isSame(left, right, evaluator)) return undefined;
  const type = valueType(evaluator.typeOf(left), evaluator);
  if (integerTypeOf(type, evaluator.scope) || resolved(type, evaluator.scope).kind === 'pointer') return result;
  // A number that is not equal to itself is not less than itself either.
  return operator === '<' || operator === '>' ? result : undefined;
}

/** Whether two expressions without an effect have the same value. */
function isSame(one: Expression, other: Expression, evaluator: Evaluator): boolean {
  let [a, b] = [plain(one, evaluator), plain(other, evaluator)];
  const same = (x: Expression, y: Expression): boolean => isSame(x, y, evaluator);
  // The depth on the left side is not limited.
  while (a.kind === 'binary' && b.kind === 'binary') {
    if (a.operator !== b.operator || !same(a.right, b.right)) return false;
    [a, b] = [plain(a.left, evaluator), plain(b.left, evaluator)];
  }
  switch (a.kind) {
    case 'name':
      return b.kind === 'name' && a.name === b.name;
    case 'integer':
    case 'character':
      return b.kind === a.kind && a.text === b.text;
    case 'unary':
      return b.kind === 'unary' && a.operator === b.operator && same(a.operand, b.operand);
    case 'cast':
      return b.kind === 'cast' && isCompatible(a.type, b.type, evaluator, 'unqualified') && same(a.operand, b.operand);
    case 'member':
      return b.kind === 'member' && a.name === b.name && a.arrow === b.arrow && same(a.base, b.base);
    case 'index':
      return b.kind === 'index' && same(a.base, b.base) && same(a.index, b.index);
    default:
      return false;
  }
}

/** Removes the operators that keep an integer and its type. */
function plain(expression: Expression, evaluator: Evaluator): Expression {
  let result = expression;
  const typeOf = (each: Expression): ExpressionType => valueType(evaluator.typeOf(each), evaluator);
  for (;;) {
    if (result.kind === 'unary' && result.operator === '+') result = result.operand;
    else if (result.kind === 'cast') {
      const [to, from] = [result.type, typeOf(result.operand)].map((type) => integerTypeOf(type, evaluator.scope));
      if (!to || to !== from) return result;
      result = result.operand;
    } else return result;
  }
}
