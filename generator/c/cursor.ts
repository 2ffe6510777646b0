/** Reads a list of tokens from left to right. */

import { Depth } from '../limits.js';
import { errorAt, type Token } from './tokens.js';

export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  /** How deep the reading of what is nested has gone. */
  readonly depth: Depth<Token>;
  #at = 0;

  /** `end` is what is read after the last token, and where an error about the end points. */
  constructor(tokens: readonly Token[], end: Token, depth: Depth<Token> = new Depth(errorAt)) {
    this.#tokens = tokens;
    this.#end = end;
    this.depth = depth;
  }

  /** Reads tokens that stand inside of what this reads. */
  inner(tokens: readonly Token[], end: Token): Cursor {
    return new Cursor(tokens, end, this.depth);
  }

  /** Reads what is nested, one level deeper. */
  nested<T>(read: () => T): T {
    return this.depth.within(this.peek(), read);
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  next(): Token {
    return this.#tokens[this.#at++] ?? this.#end;
  }

  /** Reads all that is left. */
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

  /** Where reading stands, for `rewind`. */
  get position(): number {
    return this.#at;
  }

  rewind(position: number): void {
    this.#at = position;
  }

  /** Reads after an opening bracket up to its partner, and the partner; returns what stands between. */
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
        throw errorAt(token, `'${token.text}' where '${closing.at(-1)}' must come first`);
      }
    }
  }
}

function closingOf(open: string): string {
  return open === '(' ? ')' : open === '[' ? ']' : '}';
}
