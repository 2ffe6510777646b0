/**
 * The syntax tree of what a header declares: types, expressions and declarations, as parsed. It is immutable, and every
 * size, dimension and value is still an expression. Types and expressions are in one file because C makes each of the other:
 * an array type has an expression for its length, and a cast has a type.
 */

import type { MacroOperator } from '../model/model.js';
import type { ScalarName } from '../targets/target.js';
import type { Token } from './tokens.js';

// Types

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

// Expressions

export type UnaryOperator = '+' | '-' | '~' | '!' | '&' | '*';

export type BinaryOperator = MacroOperator | ',';

/** GNU C's `__alignof__` is the alignment that a type has by itself, `_Alignof` the one that it has as a member. */
export type Measured = 'sizeof' | 'alignof' | 'preferred alignof';

/** Every node carries the token that an error about it should point at. */
export type Expression =
  | { readonly kind: 'integer'; readonly text: string; readonly at: Token }
  | { readonly kind: 'character'; readonly text: string; readonly at: Token }
  | { readonly kind: 'float'; readonly text: string; readonly at: Token }
  | { readonly kind: 'string'; readonly parts: readonly Token[]; readonly at: Token }
  | { readonly kind: 'name'; readonly name: string; readonly at: Token }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression; readonly at: Token }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: Token;
    }
  | {
      readonly kind: 'conditional';
      readonly test: Expression;
      /** Null in GNU C's `a ?: b`. */
      readonly then: Expression | null;
      readonly otherwise: Expression;
      readonly at: Token;
    }
  | { readonly kind: 'cast'; readonly type: CType; readonly operand: Expression; readonly at: Token }
  | {
      readonly kind: 'measure';
      readonly what: Measured;
      readonly of: { readonly type: CType } | { readonly expression: Expression };
      readonly at: Token;
    }
  | { readonly kind: 'offsetof'; readonly type: CType; readonly path: readonly PathStep[]; readonly at: Token }
  | {
      readonly kind: 'member';
      readonly base: Expression;
      readonly arrow: boolean;
      readonly name: string;
      readonly at: Token;
    }
  | { readonly kind: 'index'; readonly base: Expression; readonly index: Expression; readonly at: Token }
  | {
      readonly kind: 'call';
      readonly callee: Expression;
      readonly arguments: readonly Expression[];
      readonly at: Token;
    };

/** One step of the second argument of `offsetof`. */
export type PathStep = { readonly member: string; readonly at: Token } | { readonly index: Expression };

// Declarations

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
