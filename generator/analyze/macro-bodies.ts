/** Tokens of a macro to what they say: an expression, a type, operands. */

import { Cursor } from '../c/cursor.js';
import { Unresolvable } from '../c/evaluator/unresolvable.js';
import { attributeWords } from '../c/parser/attributes.js';
import { numberOf, parseExpression, type TypeNames } from '../c/parser/expressions.js';
import type { CType, Expression } from '../c/syntax.js';
import { endAt, type Token } from '../c/tokens.js';

/** @throws Unresolvable where they are something else; `at` is where they come from. */
export function expressionIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): Expression {
  const [first] = tokens;
  // More than half of all macros are no more than that.
  if (first?.kind === 'number' && tokens.length === 1) return numberOf(first);
  const cursor = new Cursor(tokens, endAt(at));
  if (typeNames.startsHere(cursor)) throw new Unresolvable(at, 'names a type, not a value');
  const other = otherThanExpression(tokens);
  if (other !== undefined) throw new Unresolvable(at, `${other}, not a value`);
  const expression = parseExpression(cursor, typeNames);
  const { kind, text } = cursor.peek();
  if (kind !== 'end') throw new Unresolvable(at, `not an expression: '${text}' is left over`);
  return expression;
}

const statementWords = new Set(['asm', '__asm__', '__asm', 'do', 'for', 'goto', 'if', 'return', 'switch', 'while']);
const specifierWords = new Set(['extern', 'inline', '__inline', '__inline__', 'register', 'static', 'typedef']);

/** What tokens are that can be told by a glance to be no expression. */
function otherThanExpression(tokens: readonly Token[]): string | undefined {
  const [first] = tokens;
  if (!first || first.kind === 'string') return undefined;
  if (first.text === '{') return 'an initialiser';
  if (attributeWords.has(first.text)) return 'an attribute';
  if (specifierWords.has(first.text)) return 'a part of a declaration';
  if (statementWords.has(first.text) || isOutsideOfBrackets(';', tokens)) return 'statements';
  return isOutsideOfBrackets(',', tokens) ? 'a list' : undefined;
}

function isOutsideOfBrackets(separator: string, tokens: readonly Token[]): boolean {
  let depth = 0;
  for (const { kind, text } of tokens) {
    if (kind !== 'punctuator') continue;
    if (text === separator && depth === 0) return true;
    if ('([{'.includes(text)) depth++;
    else if (')]}'.includes(text)) depth--;
  }
  return false;
}

/** Null where they begin with something else. */
export function typeIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): CType | null {
  const cursor = new Cursor(tokens, endAt(at));
  return typeNames.startsHere(cursor) ? typeNames.read(cursor) : null;
}

/** What is inside of all the pairs of parentheses that enclose everything. */
export function withoutParentheses(tokens: readonly Token[]): readonly Token[] {
  if (tokens[0]?.text !== '(') return tokens;
  const opening = tokens.findIndex(({ text }) => text !== '(');
  const closing = tokens.length - 1 - tokens.findLastIndex(({ text }) => text !== ')');
  let pairs = Math.min(opening, closing);
  // A pair at both ends encloses everything unless what is between them closes it first.
  let depth = pairs;
  for (const { text } of tokens.slice(pairs, tokens.length - pairs)) {
    if (text === '(') depth++;
    else if (text === ')') pairs = Math.min(pairs, --depth);
  }
  return pairs > 0 ? tokens.slice(pairs, tokens.length - pairs) : tokens;
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
