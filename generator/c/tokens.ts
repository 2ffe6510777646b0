/** Tokens: the lexer makes them from the text of a header, and the preprocessor passes them to the parser. */

import { type SourceError, UndefinedNameError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import { locationText } from '../model/locations.js';
import type { Location } from '../model/model.js';

export type TokenKind =
  | 'identifier'
  /** A preprocessing number: an integer constant, a floating-point constant, or a similar text that is neither. */
  | 'number'
  | 'string'
  /** The operand of an `#include` or of `__has_include`, with its angle brackets. */
  | 'header name'
  | 'character'
  | 'punctuator'
  /** A `#pragma` for the parser. `text` is its content. */
  | 'pragma'
  /** Text that does not form a C token. */
  | 'other'
  /** An empty macro argument next to `##`. */
  | 'placemarker'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The file of the token. A token from a macro body has the file of the macro's use. */
  readonly file: SourceFile;
  readonly offset: number;
  /** Whether white space or a comment is before the token. */
  readonly space: boolean;
  /** Whether the token is the first on its line. */
  readonly first: boolean;
  /**
   * Whether the token is the name of a macro inside that macro's own expansion. Such a name is never expanded again.
   */
  readonly painted: boolean;
}

/**
 * Returns a copy of a token with some properties replaced. The properties are written out so that all tokens have one
 * shape in memory. Object spread would make a whole run ten percent slower.
 */
export function tokenLike(
  like: Token,
  { kind = like.kind, text = like.text, space = like.space, painted = like.painted }: Partial<Token>,
): Token {
  return { kind, text, file: like.file, offset: like.offset, space, first: like.first, painted };
}

/** Returns an `end` token at the position of a token. */
export function endAt({ file, offset }: Token): Token {
  return { kind: 'end', text: '', file, offset, space: false, first: false, painted: false };
}

export interface Comment {
  /** The offset of the first character, `/`. */
  readonly start: number;
  /** The offset after the last character. */
  readonly end: number;
}

export function errorAt(token: Token, problem: string): SourceError {
  return token.file.errorAt(token.offset, problem);
}

export function undefinedNameAt({ file, offset }: Token, problem: string, name: string): UndefinedNameError {
  const { line, column } = file.placeAt(offset);
  return new UndefinedNameError(file.path, line, column, problem, name);
}

export function locationOf({ file, offset }: Token): Location {
  return { header: file.name, line: file.lineAt(offset) };
}

/** Returns a location as text: `linux/kvm.h:292`. */
export function placeOf(token: Token): string {
  return locationText(locationOf(token));
}
