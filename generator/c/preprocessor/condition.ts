/** The expression of an `#if`: every integer is as wide as `intmax_t`, every name left is 0, and there are no types. */

import { Depth } from '../../limits.js';
import { Cursor } from '../cursor.js';
import type { IntegerType } from '../evaluator/arithmetic.js';
import { evaluate, type Scope } from '../evaluator/evaluator.js';
import { Unresolvable } from '../evaluator/unresolvable.js';
import { noTypeNames, parseExpression } from '../parser/expressions.js';
import { endAt, errorAt, type Token } from '../tokens.js';

const intmax: IntegerType = { name: 'intmax_t', width: 64, signed: true, rank: 1 };
const uintmax: IntegerType = { name: 'uintmax_t', width: 64, signed: false, rank: 1 };

const scope: Omit<Scope, 'charSigned'> = {
  depth: new Depth<Token>((at, problem) => new Unresolvable(at, problem)),
  integers: {
    int: intmax,
    unsignedInt: uintmax,
    long: intmax,
    unsignedLong: uintmax,
    longLong: intmax,
    unsignedLongLong: uintmax,
  },
  sizeType: uintmax,
  constant: () => ({ type: intmax, value: 0n }),
  integerType: () => undefined,
  objectType: () => undefined,
  resolve: (type) => type,
  measure: (_type, at) => {
    throw new Unresolvable(at, "'sizeof' is not known to the preprocessor");
  },
  member: (_record, name, at) => {
    throw new Unresolvable(at, `member '${name}' is not known to the preprocessor`);
  },
};

/** Whether the condition of a directive holds. `tokens` are expanded already. */
export function conditionHolds(tokens: readonly Token[], directive: Token, charSigned: boolean): boolean {
  const end = endAt(tokens.at(-1) ?? directive);
  if (tokens.length === 0) throw errorAt(directive, `#${directive.text} without an expression`);
  const cursor = new Cursor(tokens, end);
  const expression = parseExpression(cursor, noTypeNames);
  if (cursor.peek().kind !== 'end') cursor.fail('expected the end of the condition');
  try {
    return evaluate(expression, { ...scope, charSigned }).value !== 0n;
  } catch (error) {
    if (error instanceof Unresolvable)
      throw errorAt(error.at, `${error.message}, in the condition of an #${directive.text}`);
    throw error;
  }
}
