/**
 * Converts text to tokens: translation phases 2 and 3 of the C standard. Comments are stored separately, by position.
 */

import type { SourceFile } from '../headers/files.js';
import { mostTokens, tooManyTokens, tooMuchAt } from '../limits.js';
import { isIdentifierCharacter } from './characters.js';
import type { Comment, Token, TokenKind } from './tokens.js';

export interface LexedFile {
  readonly file: SourceFile;
  /** The last token has the kind `end`. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const lexed = new WeakMap<SourceFile, LexedFile>();

/** Returns the tokens of a file. A file that is included several times is lexed once. */
export function lexFile(file: SourceFile): LexedFile {
  let result = lexed.get(file);
  if (!result) {
    result = new Lexer(file, file.text).run();
    lexed.set(file, result);
  }
  return result;
}

/**
 * Returns the tokens of a text that is not a file, without the `end` token. Such a text is a predefined macro or the
 * result of `##`.
 */
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
/** Maps a punctuator to its other spelling. */
export const digraphOf: ReadonlyMap<string, string> = new Map([...digraphs].map(([digraph, text]) => [text, digraph]));
const encodingPrefix = /^(?:u8|u|U|L)?R?$/;
/** A backslash with blanks after it continues a line, as in GCC. */
const continuation = /\\[ \t\f\v\0]*\r?\n/;
const everyContinuation = new RegExp(continuation, 'g');
const universalName = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
const rawDelimiter = /"([^ ()\\\t\v\f\n]{0,16})\(/y;

const space = 1;
const identifierStart = 2;
const digit = 4;
const punctuation = 8;

const classes = new Uint8Array(128);
for (const c of ' \t\v\f\r\0') classes[c.charCodeAt(0)] = space;
for (const c of '[](){}.&*+-~!/%<>^|?:;=,#') classes[c.charCodeAt(0)] = punctuation;
for (let c = 0; c < 128; c++) {
  if (/[A-Za-z_$]/.test(String.fromCharCode(c))) classes[c] = identifierStart;
  if (c >= 48 && c <= 57) classes[c] = digit;
}

class Lexer {
  readonly #file: SourceFile;
  readonly #text: string;
  /**
   * Offsets into the spliced text at which the original text had a line continuation, with the length removed up to
   * there.
   */
  readonly #splices: readonly Splice[];
  #splice = 0;
  #removed = 0;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  /** The offset after the token that `#scan` has read. */
  #end = 0;
  /** The text of the token that `#scan` has read, if it differs from its spelling. */
  #spelled: string | undefined;

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
      const kind = c < 128 ? (classes[c] as number) : 0;
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
      this.#spelled = undefined;
      const tokenKind = this.#scan(at, c, kind);
      this.#push(tokenKind, this.#spelled ?? text.slice(at, this.#end), at, spaced, first);
      at = this.#end;
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

  /**
   * Converts an offset to an offset in the original text. Each call must have a larger offset than the previous call.
   */
  #original(at: number): number {
    for (let splice = this.#splices[this.#splice]; splice && splice.at <= at; ) {
      this.#removed = splice.removed;
      splice = this.#splices[++this.#splice];
    }
    return at + this.#removed;
  }

  /** Reads one token. Sets `#end`, and `#spelled` if the token has another text. */
  #scan(at: number, c: number, kind: number): TokenKind {
    const text = this.#text;
    if (kind === identifierStart) {
      this.#end = this.#identifier(at);
      const quote = text.charCodeAt(this.#end);
      return quote === 34 || quote === 39 ? this.#prefixed(at, quote) : 'identifier';
    }
    if (kind === digit || (c === 46 && classes[text.charCodeAt(at + 1)] === digit)) {
      this.#end = this.#number(at);
      return 'number';
    }
    if (c === 34 || c === 39) return this.#quoted(at, c);
    if (kind === punctuation) return c === 60 && this.#expectsHeader() ? this.#headerName(at) : this.#punctuator(at);
    if (this.#extended(at, true) > 0) {
      this.#end = this.#identifier(at);
      return 'identifier';
    }
    this.#end = at + 1;
    return 'other';
  }

  /** Reads an identifier. Its text has the characters that universal character names stand for. */
  #identifier(start: number): number {
    const text = this.#text;
    let isPlain = true;
    for (let at = start; ; ) {
      const c = text.charCodeAt(at);
      if (c < 128 && ((classes[c] as number) & (identifierStart | digit)) !== 0) at++;
      else {
        const length = c === 92 || c >= 128 ? this.#extended(at, at === start) : 0;
        if (length === 0) {
          if (!isPlain) this.#spelled = withCharacters(text.slice(start, at));
          return at;
        }
        if (c === 92) isPlain = false;
        at += length;
      }
    }
  }

  /** Returns the length of a character that is not in ASCII, or of its universal character name. 0 if there is none. */
  #extended(at: number, isFirst: boolean): number {
    const code = this.#text.codePointAt(at) ?? 0;
    if (code >= 128) return isIdentifierCharacter(code, isFirst) ? (code > 0xffff ? 2 : 1) : 0;
    if (code !== 92) return 0;
    universalName.lastIndex = at;
    const [name = '', short, long] = universalName.exec(this.#text) ?? [];
    return isIdentifierCharacter(Number.parseInt(short ?? long ?? '0', 16), isFirst) ? name.length : 0;
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

  /** Reads the rest of a string or character constant, if the identifier before the quote is its prefix. */
  #prefixed(start: number, quote: number): TokenKind {
    const prefix = this.#text.slice(start, this.#end);
    // Only a string can have the prefix u8 in C17.
    if (!encodingPrefix.test(prefix) || (quote === 39 && prefix === 'u8')) return 'identifier';
    if (!prefix.endsWith('R')) return this.#quoted(this.#end, quote);
    return quote === 34 && this.#rawString(start, prefix.slice(0, -1)) ? 'string' : 'identifier';
  }

  /**
   * Reads a string or character constant. As in GCC, a constant that is not closed on its line takes the rest of the
   * line.
   */
  #quoted(at: number, quote: number): TokenKind {
    const text = this.#text;
    let end = at + 1;
    for (; end < text.length; end++) {
      const c = text.charCodeAt(end);
      if (c === quote) {
        this.#end = end + 1;
        return quote === 34 ? 'string' : 'character';
      }
      if (c === 10) break;
      if (c === 92 && text.charCodeAt(end + 1) !== 10) end++;
    }
    this.#end = Math.min(end, text.length);
    return 'other';
  }

  /**
   * Reads a raw string (`R"x(text)x"`), in which a continued line has its backslash and its end. The token has the text
   * of an ordinary string. Returns false if no raw string begins here.
   */
  #rawString(start: number, prefix: string): boolean {
    rawDelimiter.lastIndex = this.#end;
    const [opening, delimiter] = rawDelimiter.exec(this.#text) ?? [];
    if (opening === undefined) return false;
    const close = `)${delimiter}"`;
    const from = this.#end + opening.length;
    const end = this.#text.indexOf(close, from);
    if (end === -1)
      throw this.#file.errorAt(this.#original(start), `unterminated raw string; add the missing ${close}`);
    const removed = this.#splices.filter(({ at }) => at >= from && at <= end);
    let content = '';
    let last = from;
    for (const { at, text } of removed) {
      content += this.#text.slice(last, at) + text;
      last = at;
    }
    content += this.#text.slice(last, end);
    this.#spelled = `${prefix}"${escaped(content)}"`;
    this.#end = end + close.length;
    return true;
  }

  /** Whether the tokens before this position are `#include`, or `__has_include (`. */
  #expectsHeader(): boolean {
    const [before, last] = this.#tokens.slice(-2);
    if (last?.text === '(') return /^__has_include(?:_next)?$/.test(before?.text ?? '');
    return before?.text === '#' && before.first && /^(?:include(?:_next)?|import)$/.test(last?.text ?? '');
  }

  #headerName(at: number): TokenKind {
    const text = this.#text;
    const close = text.indexOf('>', at);
    if (close === -1 || text.slice(at, close).includes('\n')) return this.#punctuator(at);
    this.#end = close + 1;
    return 'header name';
  }

  #punctuator(at: number): TokenKind {
    const length = this.#punctuatorLength(at);
    this.#end = at + length;
    if (length > 1) this.#spelled = digraphs.get(this.#text.slice(at, this.#end));
    return 'punctuator';
  }

  #punctuatorLength(at: number): number {
    const text = this.#text;
    // Nearly all slashes are not the start of a comment, so they need no further check.
    if (classes[text.charCodeAt(at + 1)] !== punctuation) return 1;
    if (text.startsWith('%:%:', at)) return 4;
    if (punctuators3.has(text.slice(at, at + 3))) return 3;
    return punctuators2.has(text.slice(at, at + 2)) ? 2 : 1;
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

interface Splice {
  readonly at: number;
  readonly removed: number;
  /** The continuation: a backslash, blanks and the end of the line. */
  readonly text: string;
}

function removeContinuations(text: string): { text: string; splices: Splice[] } {
  const splices: Splice[] = [];
  if (!continuation.test(text)) return { text, splices };
  let result = '';
  let from = 0;
  for (const match of text.matchAll(everyContinuation)) {
    result += text.slice(from, match.index);
    from = match.index + match[0].length;
    splices.push({ at: result.length, removed: from - result.length, text: match[0] });
  }
  return { text: result + text.slice(from), splices };
}

/** Replaces universal character names by their characters. */
function withCharacters(identifier: string): string {
  return identifier.replace(/\\(?:u(.{4})|U(.{8}))/g, (_, short, long) =>
    String.fromCodePoint(Number.parseInt(short ?? long, 16)),
  );
}

/** Returns the content of a raw string as an ordinary string spells it. */
function escaped(content: string): string {
  return content.replace(/["\\]/g, '\\$&').replace(/\r?\n/g, '\\n');
}
