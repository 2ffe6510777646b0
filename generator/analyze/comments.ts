/**
 * Assigns a header's comments to its declarations, if comments are requested. A comment belongs to the declaration
 * directly after it, without an empty line between them, or to the declaration before it on the same line. A comment
 * that only contains `in` or `out` belongs to all members up to the next comment, empty line or directive.
 */

import { lexFile } from '../c/lexer.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { EnumeratorNode, EnumNode, MemberNode, ObjectNode, RecordNode } from '../c/syntax.js';
import type { Comment, Token } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';
import { readableSource } from '../headers/source-text.js';
import { commentsBetween, firstFrom } from './comment-places.js';

/** The texts have no comment marks. `\n` separates the lines. */
export interface Comments {
  /** Returns the comment of each member of one record. */
  ofMembers(members: readonly MemberNode[]): readonly (string | undefined)[];
  ofType(node: RecordNode | EnumNode): string | undefined;
  ofEnumerator(node: EnumeratorNode): string | undefined;
  ofMacro(macro: Macro): string | undefined;
  ofObject(node: ObjectNode): string | undefined;
}

export const noComments: Comments = {
  ofMembers: (members) => members.map(() => undefined),
  ofType: () => undefined,
  ofEnumerator: () => undefined,
  ofMacro: () => undefined,
  ofObject: () => undefined,
};

export const headerComments: Comments = {
  ofMembers(members) {
    let banner: string | undefined;
    return members.map(({ declaration: { start, end } }) => {
      const text = textOf(start);
      const own = text.before(text.indexOf(start));
      if (own !== undefined && isBanner(own)) banner = own;
      else if (own !== undefined || !text.follows(text.indexOf(start))) banner = undefined;
      return joined(banner, own === banner ? undefined : own, text.after(text.indexOf(end)));
    });
  },
  ofType({ at }) {
    const text = textOf(at);
    const index = text.indexOf(at);
    return text.before(text.startOfDeclaration(index)) ?? text.after(text.braceAfter(index));
  },
  ofEnumerator({ at }) {
    const text = textOf(at);
    const index = text.indexOf(at);
    return joined(text.before(index), text.after(text.endOfEnumerator(index)));
  },
  ofMacro({ at }) {
    const text = textOf(at);
    const [first, last] = text.lineAround(text.indexOf(at));
    return joined(text.before(first, false), text.after(last));
  },
  ofObject({ at }) {
    const text = textOf(at);
    const index = text.indexOf(at);
    return joined(text.before(text.startOfDeclaration(index)), text.after(text.endOfDeclaration(index)));
  },
};

const texts = new WeakMap<SourceFile, CommentedText>();

function textOf({ file }: Token): CommentedText {
  let text = texts.get(file);
  if (!text) {
    text = new CommentedText(file);
    texts.set(file, text);
  }
  return text;
}

/** The tokens of a header as written, by index, and the comments between them. */
class CommentedText {
  readonly #file: SourceFile;
  readonly #tokens: readonly Token[];

  constructor(file: SourceFile) {
    this.#file = file;
    this.#tokens = lexFile(file).tokens;
  }

  /** Returns the index of the token at a position. A token from a macro body has the position of the macro's use. */
  indexOf({ offset }: Token): number {
    return firstFrom(this.#tokens, offset, (token) => token.offset);
  }

  /**
   * Returns the comments directly before a token. If `past` is true, directives between the comment and the token are
   * skipped.
   */
  before(index: number, past = true): string | undefined {
    const found: Comment[] = [];
    const others = this.#after(index - 1);
    let line = this.#lineOf(index);
    for (const comment of this.#between(index - 1, index).toReversed()) {
      if (others.includes(comment) || this.#file.lineAt(comment.end) < line - 1) break;
      found.unshift(comment);
      line = this.#file.lineAt(comment.start);
    }
    if (found.length > 0) return this.#spell(found);
    const directive = past ? this.#directiveAbove(index) : undefined;
    return directive === undefined ? undefined : this.before(directive);
  }

  /** Returns the comments after a token on its line, and the comments that continue them in the same column. */
  after(index: number): string | undefined {
    return this.#spell(this.#after(index));
  }

  #after(index: number): Comment[] {
    if (index < 0) return [];
    const found: Comment[] = [];
    for (const comment of this.#between(index, index + 1)) {
      const line = this.#file.lineAt(comment.start);
      const last = found.at(-1);
      const continues = last
        ? line <= this.#file.lineAt(last.end) + 1 && this.#column(comment) === this.#column(last)
        : line === this.#lineOf(index);
      if (!continues) break;
      found.push(comment);
    }
    return found;
  }

  /** Whether neither an empty line nor a directive is before a token. */
  follows(index: number): boolean {
    return !this.#isApart(index) && this.#directiveAbove(index) === undefined;
  }

  /** Whether an empty line is before a token. */
  #isApart(index: number): boolean {
    const from = index === 0 ? 0 : (this.#tokens[index - 1] as Token).offset;
    return /\n[ \t\r]*\n/.test(this.#file.text.slice(from, (this.#tokens[index] as Token).offset));
  }

  /** Returns the first word of the declaration that contains a tag or keyword, if it is on the same line. */
  startOfDeclaration(index: number): number {
    let first = index;
    while (first > 0 && this.#tokens[first]?.first === false && this.#tokens[first - 1]?.kind === 'identifier') first--;
    return first;
  }

  /** Returns the `{` after a tag or keyword if only words are between them. Otherwise returns -1. */
  braceAfter(index: number): number {
    let last = index;
    while (this.#tokens[last]?.kind === 'identifier') last++;
    return this.#tokens[last]?.text === '{' ? last : -1;
  }

  /** Returns the comma after an enumerator, or the token before the closing brace. */
  endOfEnumerator(index: number): number {
    let depth = 0;
    for (let last = index; ; last++) {
      const token = this.#tokens[last + 1];
      if (!token || token.kind === 'end' || token.text === '}') return last;
      if (token.text === ',' && depth === 0) return last + 1;
      if (token.text === '(') depth++;
      if (token.text === ')') depth--;
    }
  }

  /** Returns the semicolon after a token, or the last token. */
  endOfDeclaration(index: number): number {
    let last = index;
    while (this.#tokens[last] && this.#tokens[last]?.text !== ';') last++;
    return last;
  }

  /** Returns the first and the last token of a directive. */
  lineAround(index: number): [first: number, last: number] {
    let [first, last] = [index, index];
    while (first > 0 && !this.#tokens[first]?.first) first--;
    while (this.#tokens[last + 1]?.first === false) last++;
    return [first, last];
  }

  /** Returns the `#` of the directive directly above a token. */
  #directiveAbove(index: number): number | undefined {
    if (index === 0 || this.#isApart(index)) return undefined;
    const [first] = this.lineAround(index - 1);
    return this.#tokens[first]?.text === '#' ? first : undefined;
  }

  #between(from: number, to: number): readonly Comment[] {
    const start = this.#tokens[from]?.offset ?? 0;
    const end = this.#tokens[to]?.offset ?? this.#file.text.length;
    return commentsBetween(this.#file, start, end);
  }

  #lineOf(index: number): number {
    return this.#file.lineAt((this.#tokens[index] as Token).offset);
  }

  /** Returns the column that an editor shows, with a tab stop at every eighth column. */
  #column({ start }: Comment): number {
    const line = this.#file.text.slice(this.#file.text.lastIndexOf('\n', start - 1) + 1, start);
    return [...line].reduce((column, letter) => (letter === '\t' ? (column | 7) + 1 : column + 1), 0);
  }

  #spell(comments: readonly Comment[]): string | undefined {
    return joined(...comments.map(({ start, end }) => plainText(readableSource(this.#file.text.slice(start, end)))));
  }
}

/** Removes the marks, the margin and lines of dashes from a comment. Returns undefined if no text remains. */
function plainText(comment: string): string | undefined {
  const body = comment.startsWith('//') ? comment.replace(/^\/\/+/gm, '') : comment.slice(2, -2);
  const lines = body
    .split(/\r\n?|[\n\u2028\u2029]/)
    .map((line, index) => (index === 0 ? line.replace(/^[*!]*/, '') : line.replace(/^\s*\*+/, '')))
    .map((line) => (/^[\s*=_~+-]+$/.test(line) ? '' : line.replace(/\s+$/, '').replaceAll('\t', '        ')));
  const indents = lines.filter((line) => line !== '').map((line) => line.length - line.trimStart().length);
  const [first = '', ...rest] = lines;
  const margin = Math.min(...indents.slice(first === '' ? 0 : 1));
  const text = [first.trimStart(), ...rest.map((line) => line.slice(margin))].join('\n');
  return text.replace(/^\n+|\s+$/g, '').replace(/\n{3,}/g, '\n\n') || undefined;
}

function joined(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.filter((text) => text !== undefined).join('\n') || undefined;
}

/** `in`, `out (KVM_GET_REGS) / in (KVM_SET_REGS)` */
function isBanner(text: string): boolean {
  return /^(?:(?:in|out)(?: \([^)]*\))?(?:\s*[,/&]\s*|$))+$/i.test(text);
}
