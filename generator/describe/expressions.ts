/** Tokens of a macro to what they say: an expression, a type, operands. */

import type { Expression } from '../expression/ast.js';
import { parseExpression, type TypeNames } from '../expression/parser.js';
import { Unresolvable } from '../expression/unresolvable.js';
import type { CType } from '../parse/types.js';
import { Cursor } from '../preprocess/cursor.js';
import { endAt, type Token } from '../preprocess/tokens.js';

/** @throws Unresolvable where they are something else; `at` is where they come from. */
export function expressionIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): Expression {
  const cursor = new Cursor(tokens, endAt(at));
  if (typeNames.startsHere(cursor)) throw new Unresolvable(at, 'names a type, not a value');
  const expression = parseExpression(cursor, typeNames);
  const { kind, text } = cursor.peek();
  if (kind !== 'end') throw new Unresolvable(at, `not an expression: '${text}' is left over`);
  return expression;
}

/** Null where they begin with something else. */
export function typeIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): CType | null {
  const cursor = new Cursor(tokens, endAt(at));
  return typeNames.startsHere(cursor) ? typeNames.read(cursor) : null;
}

/** What is inside of all the pairs of parentheses that enclose everything. */
export function withoutParentheses(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (depth > 0) continue;
    const encloses = index > 0 && index === tokens.length - 1 && token.text === ')' && tokens[0]?.text === '(';
    return encloses ? withoutParentheses(tokens.slice(1, -1)) : tokens;
  }
  return tokens;
}

/** What stands between the commas of a list. */
export function splitArguments(tokens: readonly Token[]): Token[][] {
  const list: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
    if (token.text === ',' && depth === 0) list.push([]);
    else list.at(-1)?.push(token);
  }
  return list;
}
