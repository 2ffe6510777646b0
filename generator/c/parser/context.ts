/** What the parts of the parser need from each other. Declarators contain specifiers, and specifiers contain declarators. */

import type { Cursor } from '../cursor.js';
import type { CType } from '../syntax.js';
import type { Token } from '../tokens.js';
import type { Attributes } from './attributes.js';
import type { TypeNames } from './expressions.js';
import type { Pragmas } from './pragmas.js';
import type { DeclarationTables } from './tables.js';

/** The words before the declarators of a declaration. */
export interface Specifiers {
  readonly type: CType;
  readonly storage: readonly string[];
  /** The attributes that apply to each declarator. */
  readonly attributes: Attributes;
  /** The word `__auto_type`: the type is that of the initializer, with the qualifiers of `type`. Null without the word. */
  readonly auto: Token | null;
}

export interface Declarator {
  /** Null for an abstract declarator, as in a type name. */
  readonly name: Token | null;
  readonly type: CType;
  /** The attributes directly after the name. */
  readonly attributes: Attributes;
}

export interface ParserContext extends TypeNames {
  readonly tables: DeclarationTables;
  /** Returns the pragmas in force at a place of the translation unit. */
  pragmasAt(place: number): Pragmas;
  specifiers(cursor: Cursor): Specifiers;
  declarator(cursor: Cursor, base: CType): Declarator;
  /** Whether a word starts the specifiers of a declaration. */
  startsSpecifiers(word: string): boolean;
}
