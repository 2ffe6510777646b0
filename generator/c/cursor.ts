/** Reads a list of tokens from left to right. */

import { Depth } from '../limits.js';
import { errorAt, type Token } from './tokens.js';

export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  /** Counts the nesting depth of the reading. */
  readonly depth: Depth<Token>;
  readonly #origin: number;
  #at = 0;

  /**
   * `end` is returned after the last token. An error at the end points at `end`. `origin` is the place of the first token
   * in the translation unit. Tokens of macros are read after the whole translation unit.
   */
  constructor(
    tokens: readonly Token[],
    end: Token,
    { depth = new Depth(errorAt), origin = Number.POSITIVE_INFINITY }: { depth?: Depth<Token>; origin?: number } = {},
  ) {
    this.#tokens = tokens;
    this.#end = end;
    this.depth = depth;
    this.#origin = origin;
  }

  /** Returns a cursor for tokens of this cursor. By default, they are those before the closing bracket that was read last. */
  inner(tokens: readonly Token[], end: Token, origin: number = this.place - tokens.length - 1): Cursor {
    return new Cursor(tokens, end, { depth: this.depth, origin });
  }

  /** The place of the next token in the translation unit. */
  get place(): number {
    return this.#origin + this.#at;
  }

  /** Calls `read` one nesting level deeper. */
  nested<T>(read: () => T): T {
    return this.depth.within(this.peek(), read);
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  next(): Token {
    return this.#tokens[this.#at++] ?? this.#end;
  }

  /** Reads all remaining tokens. */
  rest(): readonly Token[] {
    const rest = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    return rest;
  }

  /** Whether the next token is this punctuator or word. */
  at(text: string): boolean {
    const token = this.peek();
    return token.text === text && (token.kind === 'punctuator' || token.kind === 'identifier');
  }

  /** Reads the next token if it is this punctuator or word. */
  accept(text: string): Token | undefined {
    return this.at(text) ? this.next() : undefined;
  }

  expect(text: string, after: string): Token {
    return this.accept(text) ?? this.fail(`expected '${text}' ${after}`);
  }

  fail(problem: string): never {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the end' : `'${token.text}'`;
    throw errorAt(token, `${problem}, found ${found}`);
  }

  /** The current position, for `rewind`. */
  get position(): number {
    return this.#at;
  }

  rewind(position: number): void {
    this.#at = position;
  }

  /** Returns the tokens from an earlier position to the current position. */
  since(position: number): readonly Token[] {
    return this.#tokens.slice(position, this.#at);
  }

  /** Reads from an opening bracket to the matching closing bracket. Returns the tokens between them. */
  skipBalanced(open: Token): readonly Token[] {
    const start = this.#at;
    const closing: string[] = [closingOf(open.text)];
    for (;;) {
      const token = this.next();
      if (token.kind === 'end') throw errorAt(open, `'${open.text}' is never closed; add the missing '${closing[0]}'`);
      if (token.kind !== 'punctuator') continue;
      if (token.text === '(' || token.text === '[' || token.text === '{') closing.push(closingOf(token.text));
      else if (token.text === closing.at(-1)) {
        closing.pop();
        if (closing.length === 0) return this.#tokens.slice(start, this.#at - 1);
      } else if (token.text === ')' || token.text === ']' || token.text === '}') {
        throw errorAt(token, `found '${token.text}', but '${closing.at(-1)}' must come first`);
      }
    }
  }
}

function closingOf(open: string): string {
  return open === '(' ? ')' : open === '[' ? ']' : '}';
}
