/** What a header declares, as parsed: immutable, with every size, dimension and value still an expression. */

import type { ScalarName } from '../targets/target.js';
import type { Expression } from './expressions.js';
import type { Token } from './tokens.js';

export type CType =
  | { readonly kind: 'void' }
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'pointer'; readonly to: CType; readonly toConst?: true }
  /** A null length is a flexible `[]`. */
  | { readonly kind: 'array'; readonly of: CType; readonly length: Expression | null }
  /** GNU C's `vector_size`, in bytes. */
  | { readonly kind: 'vector'; readonly of: CType; readonly bytes: Expression }
  | { readonly kind: 'function'; readonly returns: CType }
  | { readonly kind: 'typedef'; readonly name: string; readonly at: Token }
  | { readonly kind: 'typeof'; readonly of: Expression; readonly at: Token }
  | { readonly kind: 'tag'; readonly keyword: 'struct' | 'union' | 'enum'; readonly tag: string; readonly at: Token }
  | { readonly kind: 'unnamed record'; readonly record: RecordNode }
  | { readonly kind: 'unnamed enum'; readonly enumeration: EnumNode };

/** The attributes that change a layout, and the one that says how long a flexible array is. */
export interface LayoutAttributes {
  readonly packed: boolean;
  /** The operands of `aligned` and `_Alignas`; null where it stands without one. */
  readonly aligned: readonly (Expression | null)[];
  /** The operand of `mode`: `DI`, `word`. */
  readonly mode: Token | null;
  /** The operand of `vector_size`, in bytes. */
  readonly vectorSize: Expression | null;
  /** The operand of `counted_by`: the name of a member. */
  readonly countedBy: Token | null;
}

export interface MemberNode {
  /** Null for an anonymous record and for an unnamed bit-field. */
  readonly name: string | null;
  readonly type: CType;
  readonly attributes: LayoutAttributes;
  /** The width of a bit-field. */
  readonly width: Expression | null;
  readonly at: Token;
  /** The first word of its declaration, and the semicolon; others may be declared between the two. */
  readonly declaration: { readonly start: Token; readonly end: Token };
}

export interface RecordNode {
  readonly keyword: 'struct' | 'union';
  readonly tag: string | null;
  readonly members: readonly MemberNode[];
  readonly attributes: LayoutAttributes;
  /** The alignment limit of `#pragma pack` in force where the record ends; null for none. */
  readonly pack: number | null;
  readonly at: Token;
}

export interface EnumeratorNode {
  readonly name: string;
  readonly value: Expression | null;
  readonly at: Token;
}

export interface EnumNode {
  readonly tag: string | null;
  readonly enumerators: readonly EnumeratorNode[];
  readonly attributes: LayoutAttributes;
  readonly at: Token;
}

export interface TypedefNode {
  readonly name: string;
  readonly type: CType;
  readonly attributes: LayoutAttributes;
  readonly at: Token;
}

export interface ObjectNode {
  readonly type: CType;
  readonly at: Token;
  /** What stands between the braces of a function; empty where it is only declared. */
  readonly body: readonly Token[];
}

/** All declarations of a translation unit, each list in the order of definition. */
export interface Declarations {
  readonly records: readonly RecordNode[];
  readonly enums: readonly EnumNode[];
  readonly typedefs: ReadonlyMap<string, TypedefNode>;
  /** Records and enums with a tag; C keeps all tags in one name space. */
  readonly tags: ReadonlyMap<string, RecordNode | EnumNode>;
  /** The name of each enumerator where it is declared. */
  readonly enumerators: ReadonlyMap<string, Token>;
  /** Variables and functions. */
  readonly objects: ReadonlyMap<string, ObjectNode>;
}
