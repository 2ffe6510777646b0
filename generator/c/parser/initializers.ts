/** Reads the initializers of objects. */

import type { Cursor } from '../cursor.js';
import type { Initializer, UnreadInitializer } from '../syntax.js';
import { endAt, errorAt, type Token } from '../tokens.js';
import { parseInitializer, type TypeNames } from './expressions.js';

/** Skips an initializer up to the comma or semicolon after it. The cursor is after `=`. */
export function takeInitializer(cursor: Cursor, types: TypeNames): UnreadInitializer {
  const at = cursor.peek();
  if (cursor.at(',') || cursor.at(';')) cursor.fail("expected a value after '='");
  const start = cursor.position;
  while (!cursor.at(',') && !cursor.at(';')) {
    const token = cursor.next();
    if (token.kind === 'end') throw errorAt(token, "a declaration has no ';' at its end; add the missing ';'");
    if (token.text === '{' || token.text === '(' || token.text === '[') cursor.skipBalanced(token);
  }
  return new TokensOfInitializer(at, cursor.since(start), cursor, types);
}

class TokensOfInitializer implements UnreadInitializer {
  readonly at: Token;
  readonly #tokens: readonly Token[];
  readonly #cursor: Cursor;
  readonly #types: TypeNames;
  readonly #origin: number;
  #read: Initializer | undefined;

  constructor(at: Token, tokens: readonly Token[], cursor: Cursor, types: TypeNames) {
    this.at = at;
    this.#tokens = tokens;
    this.#cursor = cursor;
    this.#types = types;
    this.#origin = cursor.place - tokens.length;
  }

  read(): Initializer {
    if (!this.#read) {
      const cursor = this.#cursor.inner(this.#tokens, endAt(this.#tokens.at(-1) ?? this.at), this.#origin);
      this.#read = parseInitializer(cursor, this.#types);
      if (cursor.peek().kind !== 'end') cursor.fail('expected the end of the initializer');
    }
    return this.#read;
  }
}
