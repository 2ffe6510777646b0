/** Converts the tokens of a macro to an expression, a type or operands. */

import { Cursor } from '../c/cursor.js';
import { attributeWords } from '../c/parser/attributes.js';
import { numberOf, parseExpression, type TypeNames } from '../c/parser/expressions.js';
import type { CType, Expression } from '../c/syntax.js';
import { endAt, type Token } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';

/** Parses tokens as an expression. `at` is their location. @throws Unresolvable if they are not an expression. */
export function expressionIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): Expression {
  const [first] = tokens;
  // More than half of all macros are a single number.
  if (first?.kind === 'number' && tokens.length === 1) return numberOf(first);
  const cursor = new Cursor(tokens, endAt(at));
  const other = otherThanExpression(tokens);
  if (other !== undefined) throw new Unresolvable(at, `${other}, not a value`);
  if (typeNames.startsHere(cursor)) throw new Unresolvable(at, 'names a type, not a value');
  const expression = parseExpression(cursor, typeNames);
  const { kind, text } = cursor.peek();
  if (kind !== 'end') throw new Unresolvable(at, `not an expression: unexpected '${text}' after it`);
  return expression;
}

const statementWords = new Set(['asm', '__asm__', '__asm', 'do', 'for', 'goto', 'if', 'return', 'switch', 'while']);
const specifierWords = new Set(['extern', 'inline', '__inline', '__inline__', 'register', 'static', 'typedef']);

/** Returns a description of tokens that are clearly not an expression. */
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

/** Parses tokens as a type. Returns null if they do not start with a type. */
export function typeIn(tokens: readonly Token[], at: Token, typeNames: TypeNames): CType | null {
  const cursor = new Cursor(tokens, endAt(at));
  return typeNames.startsHere(cursor) ? typeNames.read(cursor) : null;
}

/** Removes all pairs of parentheses that enclose the whole list. */
export function withoutParentheses(tokens: readonly Token[]): readonly Token[] {
  if (tokens[0]?.text !== '(') return tokens;
  const opening = tokens.findIndex(({ text }) => text !== '(');
  const closing = tokens.length - 1 - tokens.findLastIndex(({ text }) => text !== ')');
  let pairs = Math.min(opening, closing);
  // A pair at both ends encloses the list, unless a token in between closes it earlier.
  let depth = pairs;
  for (const { text } of tokens.slice(pairs, tokens.length - pairs)) {
    if (text === '(') depth++;
    else if (text === ')') pairs = Math.min(pairs, --depth);
  }
  return pairs > 0 ? tokens.slice(pairs, tokens.length - pairs) : tokens;
}

/** Returns the items between the commas of a list. */
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
