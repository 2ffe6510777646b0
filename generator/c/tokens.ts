/** Tokens: what the lexer makes of a header's text, and what flows through preprocessing into the parser. */

import { type SourceError, UndefinedNameError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import { locationText } from '../model/locations.js';
import type { Location } from '../model/model.js';

export type TokenKind =
  | 'identifier'
  /** A preprocessing number: every integer and float constant, and some things that are neither. */
  | 'number'
  | 'string'
  | 'character'
  | 'punctuator'
  /** A `#pragma` that the parser must see; `text` is its content. */
  | 'pragma'
  /** Anything C has no token for. */
  | 'other'
  /** Nothing: an empty macro argument beside `##`. */
  | 'placemarker'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it stands; for a token out of a macro's body, where the macro is used. */
  readonly file: SourceFile;
  readonly offset: number;
  /** White space or a comment stands before it. */
  readonly space: boolean;
  /** First of its line. */
  readonly first: boolean;
  /** The name of a macro inside that macro's own expansion: never expanded again. */
  readonly painted: boolean;
}

/**
 * A token, with some of another one's properties replaced. Written out, so that all tokens have one shape in memory: with
 * spread objects a whole run takes a tenth longer.
 */
export function tokenLike(
  like: Token,
  { kind = like.kind, text = like.text, space = like.space, painted = like.painted }: Partial<Token>,
): Token {
  return { kind, text, file: like.file, offset: like.offset, space, first: like.first, painted };
}

/** The end of what is read, where a token stands. */
export function endAt({ file, offset }: Token): Token {
  return { kind: 'end', text: '', file, offset, space: false, first: false, painted: false };
}

export interface Comment {
  /** Offset of its first character, `/`. */
  readonly start: number;
  /** Offset after its last character. */
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

/** `linux/kvm.h:292` */
export function placeOf(token: Token): string {
  return locationText(locationOf(token));
}
