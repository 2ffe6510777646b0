/** Text to tokens: translation phases 2 and 3 of the C standard. Comments are kept aside, by place. */

import type { SourceFile } from '../headers/files.js';
import { mostTokens, tooManyTokens, tooMuchAt } from '../limits.js';
import type { Comment, Token, TokenKind } from './tokens.js';

export interface LexedFile {
  readonly file: SourceFile;
  /** Ends with a token of kind `end`. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const lexed = new WeakMap<SourceFile, LexedFile>();

/** The tokens of a file; lexed once, however often the file is included. */
export function lexFile(file: SourceFile): LexedFile {
  let result = lexed.get(file);
  if (!result) {
    result = new Lexer(file, file.text).run();
    lexed.set(file, result);
  }
  return result;
}

/** The tokens of a text that stands in for a file's: predefined macros, the result of `##`. Without the `end`. */
export function lexText(file: SourceFile, text: string): Token[] {
  const tokens = new Lexer(file, text).run().tokens;
  return tokens.slice(0, -1);
}

const punctuators3 = new Set(['<<=', '>>=', '...']);
const punctuators2 = new Set(
  ['->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '*=', '/=', '%=', '+=', '-=', '&=', '^='].concat([
    '|=',
    '##',
    '<:',
    ':>',
    '<%',
    '%>',
    '%:',
  ]),
);
const digraphs = new Map([
  ['<:', '['],
  [':>', ']'],
  ['<%', '{'],
  ['%>', '}'],
  ['%:', '#'],
  ['%:%:', '##'],
]);
/** The other way to write a punctuator. */
export const digraphOf: ReadonlyMap<string, string> = new Map([...digraphs].map(([digraph, text]) => [text, digraph]));
const encodingPrefix = /^(?:u8|u|U|L)$/;

const space = 1;
const identifierStart = 2;
const digit = 4;
const punctuation = 8;

const classes = new Uint8Array(128);
for (const c of ' \t\v\f\r') classes[c.charCodeAt(0)] = space;
for (const c of '[](){}.&*+-~!/%<>^|?:;=,#') classes[c.charCodeAt(0)] = punctuation;
for (let c = 0; c < 128; c++) {
  if (/[A-Za-z_$]/.test(String.fromCharCode(c))) classes[c] = identifierStart;
  if (c >= 48 && c <= 57) classes[c] = digit;
}

class Lexer {
  readonly #file: SourceFile;
  readonly #text: string;
  /** Spliced-text offsets after which the original text had a line continuation, with the length up to there. */
  readonly #splices: readonly { readonly at: number; readonly removed: number }[];
  #splice = 0;
  #removed = 0;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];

  constructor(file: SourceFile, text: string) {
    this.#file = file;
    const spliced = removeContinuations(text);
    this.#text = spliced.text;
    this.#splices = spliced.splices;
  }

  run(): LexedFile {
    const text = this.#text;
    const length = text.length;
    let at = 0;
    let first = true;
    let spaced = false;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c === 10) {
        first = true;
        spaced = false;
        at++;
        continue;
      }
      const kind = c < 128 ? classes[c] : identifierStart;
      if (kind === space) {
        spaced = true;
        at++;
        continue;
      }
      if (c === 47) {
        const next = text.charCodeAt(at + 1);
        if (next === 42 || next === 47) {
          at = next === 42 ? this.#blockComment(at) : this.#lineComment(at);
          spaced = true;
          continue;
        }
      }
      const start = at;
      let tokenKind: TokenKind;
      if (kind === identifierStart) {
        at = this.#identifier(at);
        tokenKind = 'identifier';
        const quote = text.charCodeAt(at);
        if ((quote === 34 || quote === 39) && encodingPrefix.test(text.slice(start, at))) {
          ({ kind: tokenKind, end: at } = this.#quoted(at, quote));
        }
      } else if (kind === digit || (c === 46 && classes[text.charCodeAt(at + 1)] === digit)) {
        at = this.#number(at);
        tokenKind = 'number';
      } else if (c === 34 || c === 39) {
        ({ kind: tokenKind, end: at } = this.#quoted(at, c));
      } else {
        at = this.#punctuator(at);
        tokenKind = kind === punctuation ? 'punctuator' : 'other';
      }
      const raw = text.slice(start, at);
      const spelled = tokenKind === 'punctuator' && raw.length > 1 ? (digraphs.get(raw) ?? raw) : raw;
      this.#push(tokenKind, spelled, start, spaced, first);
      first = false;
      spaced = false;
    }
    this.#push('end', '', length, false, true);
    return { file: this.#file, tokens: this.#tokens, comments: this.#comments };
  }

  #push(kind: TokenKind, text: string, start: number, spaced: boolean, first: boolean): void {
    const offset = this.#original(start);
    if (this.#tokens.length >= mostTokens) throw tooMuchAt({ file: this.#file, offset }, tooManyTokens);
    this.#tokens.push({ kind, text, file: this.#file, offset, space: spaced, first, painted: false });
  }

  /** Offset in the original text. Called with rising offsets only. */
  #original(at: number): number {
    for (let splice = this.#splices[this.#splice]; splice && splice.at <= at; ) {
      this.#removed = splice.removed;
      splice = this.#splices[++this.#splice];
    }
    return at + this.#removed;
  }

  #identifier(at: number): number {
    const text = this.#text;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c < 128 ? ((classes[c] as number) & (identifierStart | digit)) !== 0 : c >= 128) at++;
      else return at;
    }
  }

  #number(at: number): number {
    const text = this.#text;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === 43 || c === 45) {
        if (!/[eEpP]/.test(text[at - 1] as string)) return at;
        at++;
      } else if (c === 46 || (c < 128 && ((classes[c] as number) & (identifierStart | digit)) !== 0)) at++;
      else return at;
    }
  }

  /** A string or character constant; as GCC has it, the rest of the line is one token where it is not closed on it. */
  #quoted(at: number, quote: number): { readonly kind: TokenKind; readonly end: number } {
    const text = this.#text;
    let end = at + 1;
    for (; end < text.length; end++) {
      const c = text.charCodeAt(end);
      if (c === quote) return { kind: quote === 34 ? 'string' : 'character', end: end + 1 };
      if (c === 10) break;
      if (c === 92 && text.charCodeAt(end + 1) !== 10) end++;
    }
    return { kind: 'other', end: Math.min(end, text.length) };
  }

  #punctuator(at: number): number {
    const text = this.#text;
    // Nearly all stand before something else, and are looked at no further.
    if (classes[text.charCodeAt(at + 1)] !== punctuation) return at + 1;
    if (text.startsWith('%:%:', at)) return at + 4;
    if (punctuators3.has(text.slice(at, at + 3))) return at + 3;
    return punctuators2.has(text.slice(at, at + 2)) ? at + 2 : at + 1;
  }

  #blockComment(at: number): number {
    const start = this.#original(at);
    const close = this.#text.indexOf('*/', at + 2);
    if (close === -1) throw this.#file.errorAt(start, 'unterminated comment; add the missing */');
    this.#comments.push({ start, end: this.#original(close + 2) });
    return close + 2;
  }

  #lineComment(at: number): number {
    const start = this.#original(at);
    const newline = this.#text.indexOf('\n', at);
    const end = newline === -1 ? this.#text.length : newline;
    this.#comments.push({ start, end: this.#original(end) });
    return end;
  }
}

function removeContinuations(text: string): { text: string; splices: { at: number; removed: number }[] } {
  const splices: { at: number; removed: number }[] = [];
  if (!text.includes('\\\n') && !text.includes('\\\r\n')) return { text, splices };
  let result = '';
  let from = 0;
  for (const match of text.matchAll(/\\\r?\n/g)) {
    result += text.slice(from, match.index);
    from = match.index + match[0].length;
    splices.push({ at: result.length, removed: from - result.length });
  }
  return { text: result + text.slice(from), splices };
}
