/** Reads the initializers of objects. */

import { SourceError } from '../../errors.js';
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
  const tokens = cursor.since(start);
  const initializer = new TokensOfInitializer(at, tokens, cursor, types);
  if (definesTag(tokens)) initializer.declare();
  return initializer;
}

/** Whether an initializer defines a struct, union or enum, which later declarations can use. */
function definesTag(tokens: readonly Token[]): boolean {
  return tokens.some(({ text }, index) => {
    return (
      (text === 'struct' || text === 'union' || text === 'enum') && tokens.slice(index + 1, index + 3).some(isBrace)
    );
  });
}

function isBrace({ text }: Token): boolean {
  return text === '{';
}

class TokensOfInitializer implements UnreadInitializer {
  readonly at: Token;
  readonly #tokens: readonly Token[];
  readonly #cursor: Cursor;
  readonly #types: TypeNames;
  readonly #origin: number;
  #read: Initializer | undefined;
  #error: SourceError | undefined;

  constructor(at: Token, tokens: readonly Token[], cursor: Cursor, types: TypeNames) {
    this.at = at;
    this.#tokens = tokens;
    this.#cursor = cursor;
    this.#types = types;
    this.#origin = cursor.place - tokens.length;
  }

  /** Declares the tags in the initializer. An error about another part is left for the use of the value. */
  declare(): void {
    try {
      this.read();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#error = error;
    }
  }

  read(): Initializer {
    if (this.#error) throw this.#error;
    if (!this.#read) {
      const cursor = this.#cursor.inner(this.#tokens, endAt(this.#tokens.at(-1) ?? this.at), this.#origin);
      this.#read = parseInitializer(cursor, this.#types);
      if (cursor.peek().kind !== 'end') cursor.fail('expected the end of the initializer');
    }
    return this.#read;
  }
}
