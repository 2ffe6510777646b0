/** Parses static assertions. */

import type { Cursor } from '../cursor.js';
import type { AssertionNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import { parseExpression, type TypeNames } from './expressions.js';

export function startsAssertion(cursor: Cursor): boolean {
  return cursor.at('_Static_assert');
}

export function parseAssertion(cursor: Cursor, types: TypeNames): AssertionNode {
  const at = cursor.next();
  cursor.expect('(', `after ${at.text}`);
  const condition = parseExpression(cursor, types);
  const message: Token[] = [];
  if (cursor.accept(',')) {
    if (cursor.peek().kind !== 'string') cursor.fail(`expected a string as the message of ${at.text}`);
    while (cursor.peek().kind === 'string') message.push(cursor.next());
  }
  cursor.expect(')', `at the end of ${at.text}`);
  cursor.expect(';', `after ${at.text}(…)`);
  return { condition, message, at };
}
