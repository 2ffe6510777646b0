/** Tokens to expressions, by precedence climbing. Assignments and statements are no business of headers. */

import type { Cursor } from '../cursor.js';
import type { BinaryOperator, CType, Expression, Measured, PathStep, UnaryOperator } from '../syntax.js';
import { errorAt, type Token } from '../tokens.js';

/** Reads type names inside expressions: casts, `sizeof`, `offsetof`. */
export interface TypeNames {
  /** Whether a type name begins at the cursor. */
  startsHere(cursor: Cursor): boolean;
  read(cursor: Cursor): CType;
}

/** For `#if`, where there are no types. */
export const noTypeNames: TypeNames = {
  startsHere: () => false,
  read: (cursor) => cursor.fail('expected an expression'),
};

const precedence = new Map<string, number>(
  [
    [','],
    ['?'],
    ['||'],
    ['&&'],
    ['|'],
    ['^'],
    ['&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['<<', '>>'],
    ['+', '-'],
    ['*', '/', '%'],
  ].flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);
const commaLevel = 0;
const conditionalLevel = 1;
const unaryOperators = new Set(['+', '-', '~', '!', '&', '*']);
const sizeWords = new Map<string, Measured>([
  ['sizeof', 'sizeof'],
  ['_Alignof', 'alignof'],
  ['alignof', 'alignof'],
  ['__alignof__', 'preferred alignof'],
  ['__alignof', 'preferred alignof'],
]);
const offsetofWords = new Set(['__builtin_offsetof', 'offsetof']);

/** Reads an expression; a comma ends it, as in an argument, a dimension or an enumerator. */
export function parseExpression(cursor: Cursor, types: TypeNames): Expression {
  return binary(cursor, types, conditionalLevel);
}

function binary(cursor: Cursor, types: TypeNames, minimum: number): Expression {
  let left = unary(cursor, types);
  for (;;) {
    const token = cursor.peek();
    const level = token.kind === 'punctuator' ? precedence.get(token.text) : undefined;
    if (level === undefined || level < minimum) return left;
    cursor.next();
    left = token.text === '?' ? conditional(cursor, types, left, token) : infix(cursor, types, left, token, level);
  }
}

function infix(cursor: Cursor, types: TypeNames, left: Expression, at: Token, level: number): Expression {
  const right = binary(cursor, types, level + 1);
  return { kind: 'binary', operator: at.text as BinaryOperator, left, right, at };
}

function conditional(cursor: Cursor, types: TypeNames, test: Expression, at: Token): Expression {
  return cursor.nested(() => branches(cursor, types, test, at));
}

function branches(cursor: Cursor, types: TypeNames, test: Expression, at: Token): Expression {
  const then = cursor.at(':') ? null : binary(cursor, types, commaLevel);
  cursor.expect(':', "for the '?' before it");
  const otherwise = binary(cursor, types, conditionalLevel);
  return { kind: 'conditional', test, then, otherwise, at };
}

function unary(cursor: Cursor, types: TypeNames): Expression {
  cursor.depth.enter(cursor.peek());
  try {
    return operand(cursor, types);
  } finally {
    cursor.depth.leave();
  }
}

function operand(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.peek();
  if (at.kind === 'punctuator') {
    if (unaryOperators.has(at.text)) {
      cursor.next();
      return { kind: 'unary', operator: at.text as UnaryOperator, operand: unary(cursor, types), at };
    }
    if (at.text === '(') return parenthesized(cursor, types);
  }
  if (at.kind === 'identifier') {
    if (at.text === '__extension__') {
      cursor.next();
      return unary(cursor, types);
    }
    const what = sizeWords.get(at.text);
    if (what) return measure(cursor, types, what);
  }
  return postfix(cursor, types, primary(cursor, types));
}

function parenthesized(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.next();
  if (types.startsHere(cursor)) {
    const type = types.read(cursor);
    cursor.expect(')', 'after the type of a cast');
    if (cursor.at('{')) throw errorAt(at, 'a compound literal is not a constant expression');
    return { kind: 'cast', type, operand: unary(cursor, types), at };
  }
  if (cursor.at('{')) throw errorAt(at, 'a statement in an expression has no constant value');
  const inner = binary(cursor, types, commaLevel);
  cursor.expect(')', "for the '(' before it");
  return postfix(cursor, types, inner);
}

function measure(cursor: Cursor, types: TypeNames, what: Measured): Expression {
  const at = cursor.next();
  const before = cursor.position;
  if (cursor.accept('(') && types.startsHere(cursor)) {
    const type = types.read(cursor);
    cursor.expect(')', `after the type of ${at.text}`);
    return { kind: 'measure', what, of: { type }, at };
  }
  cursor.rewind(before);
  return { kind: 'measure', what, of: { expression: unary(cursor, types) }, at };
}

function primary(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.next();
  switch (at.kind) {
    case 'number':
      return numberOf(at);
    case 'character':
      return { kind: 'character', text: at.text, at };
    case 'string': {
      const parts = [at];
      while (cursor.peek().kind === 'string') parts.push(cursor.next());
      return { kind: 'string', parts, at };
    }
    case 'identifier':
      if (offsetofWords.has(at.text) && cursor.at('(')) return offsetof(cursor, types, at);
      return { kind: 'name', name: at.text, at };
    default: {
      const found = at.kind === 'end' ? 'the end' : `'${at.text}'`;
      throw errorAt(at, `expected an expression, found ${found}`);
    }
  }
}

/** The expression that a preprocessing number is. */
export function numberOf(at: Token): Expression {
  return { kind: isFloat(at.text) ? 'float' : 'integer', text: at.text, at };
}

function offsetof(cursor: Cursor, types: TypeNames, at: Token): Expression {
  cursor.expect('(', 'after offsetof');
  if (!types.startsHere(cursor)) cursor.fail('expected a type as the first argument of offsetof');
  const type = types.read(cursor);
  cursor.expect(',', 'after the type of offsetof');
  const path: PathStep[] = [member(cursor)];
  while (!cursor.accept(')')) {
    if (cursor.accept('.')) path.push(member(cursor));
    else {
      cursor.expect('[', "or '.' or ')' in the member of offsetof");
      path.push({ index: binary(cursor, types, commaLevel) });
      cursor.expect(']', 'after an index');
    }
  }
  return { kind: 'offsetof', type, path, at };
}

function member(cursor: Cursor): { readonly member: string; readonly at: Token } {
  const at = cursor.peek();
  if (at.kind !== 'identifier') cursor.fail('expected the name of a member');
  cursor.next();
  return { member: at.text, at };
}

function postfix(cursor: Cursor, types: TypeNames, base: Expression): Expression {
  let result = base;
  for (;;) {
    const at = cursor.peek();
    if (at.kind !== 'punctuator') return result;
    if (at.text === '.' || at.text === '->') {
      cursor.next();
      result = { kind: 'member', base: result, arrow: at.text === '->', name: member(cursor).member, at };
    } else if (at.text === '[') {
      cursor.next();
      const index = binary(cursor, types, commaLevel);
      cursor.expect(']', 'after an index');
      result = { kind: 'index', base: result, index, at };
    } else if (at.text === '(') {
      cursor.next();
      result = { kind: 'call', callee: result, arguments: callArguments(cursor, types), at };
    } else return result;
  }
}

function callArguments(cursor: Cursor, types: TypeNames): Expression[] {
  const list: Expression[] = [];
  if (cursor.accept(')')) return list;
  do {
    if (types.startsHere(cursor)) cursor.fail('expected a value as an argument');
    list.push(parseExpression(cursor, types));
  } while (cursor.accept(','));
  cursor.expect(')', 'after the arguments of a call');
  return list;
}

function isFloat(text: string): boolean {
  return /^0[xX]/.test(text) ? /[.pP]/.test(text) : /[.eE]/.test(text) && !/^0[bB]/.test(text);
}
