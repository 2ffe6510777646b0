/**
 * The syntax tree of a header: types, expressions and declarations as parsed. The tree is immutable. Every size,
 * dimension and value is still an expression. Types and expressions are in one file because they contain each other: an
 * array type has an expression as its length, and a cast has a type.
 */

import type { ByteOrder, MacroOperator } from '../model/model.js';
import type { ScalarName } from '../targets/target.js';
import type { Token } from './tokens.js';

// Types

/** The qualifiers of a type. A qualifier that is absent is not on the type. */
export interface Qualifiers {
  readonly const?: true;
  readonly volatile?: true;
  readonly restrict?: true;
  readonly atomic?: true;
}

export type CType =
  | { readonly kind: 'void' }
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  /** A complex number. `of` is the type of its two parts. */
  | { readonly kind: 'complex'; readonly of: Extract<CType, { kind: 'scalar' }> }
  /** `size` is the size in bytes that GNU C's `mode` gives to a pointer. Without it, a pointer has the target's size. */
  | { readonly kind: 'pointer'; readonly to: CType; readonly size?: number }
  /**
   * A null length is a flexible `[]`. An array whose length only a call of a function knows
   * has the place of the length in `variable`, as `[*]`.
   * `ofParameter` is the first of the words in the brackets that only a parameter can have, such as `static`.
   */
  | {
      readonly kind: 'array';
      readonly of: CType;
      readonly length: Expression | null;
      readonly variable?: Token;
      readonly ofParameter?: Token;
    }
  | FunctionType
  | { readonly kind: 'typedef'; readonly name: string; readonly at: Token }
  /** The type of an expression. `typeof` of a type is that type itself. */
  | { readonly kind: 'typeof'; readonly of: Expression; readonly at: Token }
  | { readonly kind: 'tag'; readonly keyword: 'struct' | 'union' | 'enum'; readonly tag: string; readonly at: Token }
  | { readonly kind: 'unnamed record'; readonly record: RecordNode }
  | { readonly kind: 'unnamed enum'; readonly enumeration: EnumNode }
  /**
   * The qualifiers of a type in the parentheses of `typeof` or `_Atomic` are `closed`: others are added to that type.
   * With `again`, the qualifiers that `of` already has are added to it again.
   */
  | ({
      readonly kind: 'qualified';
      readonly of: CType;
      readonly closed?: true;
      readonly again?: true;
      /** Whether the attribute `may_alias` is on the type. */
      readonly mayAlias?: true;
    } & Qualifiers)
  /**
   * The type of an `aligned` attribute on a type. On a declared member, the attribute belongs to the member. GCC makes a
   * new type for an attribute in a type, but only another form of the type for the attribute of a typedef (`ofTypedef`).
   */
  | { readonly kind: 'aligned'; readonly of: CType; readonly alignment: Alignment; readonly ofTypedef?: true }
  /** The type of GNU C's `mode`. The mode is a word such as `DI` or `word`. */
  | { readonly kind: 'mode'; readonly of: CType; readonly mode: Token }
  /**
   * The type of GNU C's `vector_size`. The size is in bytes. If `of` is a pointer, an array or a function, the elements
   * of the vector are what it points to, contains or returns.
   */
  | { readonly kind: 'vector'; readonly of: CType; readonly bytes: Expression };

export interface FunctionType {
  readonly kind: 'function';
  readonly returns: CType;
  /** Null for a function without a prototype: `int f()`. */
  readonly parameters: readonly CType[] | null;
  readonly variadic: boolean;
  /** The parameters as they are written. Absent if no parameter is an array or is derived from one. */
  readonly declared?: readonly ParameterNode[];
  /** The names in the parentheses of a definition in the style of K&R. */
  readonly names?: readonly Token[];
}

/**
 * What GCC knows of the calls of a function. `const`: the result depends on the arguments alone. `pure`: a call has no
 * effect. `noreturn`: a call does not return.
 */
export type CallFact = 'const' | 'pure' | 'noreturn';

/** A parameter as it is written: the type can be an array or a function. */
export interface ParameterNode {
  readonly name: Token | null;
  readonly type: CType;
  readonly at: Token;
}

// Expressions

export type UnaryOperator = '+' | '-' | '~' | '!' | '&' | '*';

export type BinaryOperator = MacroOperator | ',';

/** GNU C's `__alignof__` is the alignment of a type alone. `_Alignof` is the alignment of the type as a member. */
export type Measured = 'sizeof' | 'alignof' | 'preferred alignof';

/** Every node has the token at which an error about the node points. */
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
    }
  /** An assignment. It has a type, but no constant value. */
  | {
      readonly kind: 'assign';
      /** `=`, or an operator such as `+=`. */
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: Token;
    }
  /** `++` and `--`, before or after the operand. */
  | { readonly kind: 'step'; readonly operator: '++' | '--'; readonly operand: Expression; readonly at: Token }
  | {
      readonly kind: 'compound literal';
      readonly type: CType;
      readonly initializer: Initializer;
      readonly at: Token;
    }
  | {
      readonly kind: 'generic';
      readonly control: Expression;
      readonly associations: readonly GenericAssociation[];
      readonly at: Token;
    }
  /** GNU C's `__builtin_types_compatible_p`. */
  | { readonly kind: 'compatible'; readonly left: CType; readonly right: CType; readonly at: Token }
  /** GNU C's `__real__` and `__imag__`. */
  | {
      readonly kind: 'part';
      readonly which: 'real' | 'imaginary';
      readonly operand: Expression;
      readonly at: Token;
    };

/** One line of `_Generic`. A null type is `default`. */
export interface GenericAssociation {
  readonly type: CType | null;
  readonly value: Expression;
}

/** One step of the second argument of `offsetof`. */
export type PathStep = { readonly member: string; readonly at: Token } | { readonly index: Expression };

// Declarations

/** An alignment that an `aligned` attribute or `_Alignas` requests. */
export interface Alignment {
  /** In bytes. Null for `aligned` without an operand. */
  readonly bytes: Expression | null;
  /** Whether the word is `_Alignas`, which cannot lower an alignment. */
  readonly strict: boolean;
  /** Whether a later attribute makes a pointer to a function again, without this alignment. */
  readonly notOfFunctions?: true;
  readonly at: Token;
}

/** The attributes of a declaration that are not a part of its type. */
export interface LayoutAttributes {
  readonly packed: boolean;
  readonly aligned: readonly Alignment[];
  /** The operand of `counted_by`: the name of a member. */
  readonly countedBy: Token | null;
}

export interface MemberNode {
  /** Null for an anonymous record and for an unnamed bit-field. */
  readonly name: string | null;
  readonly type: CType;
  readonly attributes: LayoutAttributes;
  /** The types that the member has where `packed` applies. Absent if they are the type of the member. */
  readonly packedAs?: readonly CType[];
  /** The width of a bit-field. */
  readonly width: Expression | null;
  readonly at: Token;
  /** The first word and the semicolon of the declaration. One declaration can have several members. */
  readonly declaration: { readonly start: Token; readonly end: Token };
}

/** The byte order that an attribute gives to the scalars of a record. */
export interface StorageOrder {
  readonly order: ByteOrder;
  readonly at: Token;
}

export interface RecordNode {
  readonly keyword: 'struct' | 'union';
  readonly tag: string | null;
  readonly members: readonly MemberNode[];
  readonly attributes: LayoutAttributes;
  /** The alignment limit of `#pragma pack` at the end of the record. Null without a limit. */
  readonly pack: number | null;
  /** Null for the byte order of the target. */
  readonly storageOrder: StorageOrder | null;
  readonly at: Token;
  /** The braces around the members. */
  readonly open: Token;
  readonly close: Token;
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
  /** The operand of the `mode` attribute. Null without the attribute. */
  readonly mode: Token | null;
  readonly at: Token;
}

export interface TypedefNode {
  readonly name: string;
  /** The type with the attributes of the declaration. */
  readonly type: CType;
  readonly at: Token;
  /** The types of later declarations of the name, which can align the type. Absent if there is only one declaration. */
  readonly others?: readonly CType[];
}

/** Two declarations of one name, of which each can have what the other one lacks. */
export interface Redeclaration<Node> {
  readonly earlier: Node;
  readonly later: Node;
}

/** An initializer: a value, or values in braces. */
export type Initializer =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly at: Token }
  | { readonly kind: 'list'; readonly items: readonly InitializerItem[]; readonly at: Token };

/**
 * The text of an initializer. It is parsed at its first use: most initializers are never used, and some of them are in
 * forms that the parser does not know.
 */
export interface UnreadInitializer {
  readonly at: Token;
  /** @throws SourceError if the text is not an initializer. */
  read(): Initializer;
}

export interface InitializerItem {
  /** Empty if the item initializes the next element or member. */
  readonly designators: readonly Designator[];
  readonly value: Initializer;
}

/** `.member`, `[index]`, or GNU C's `[index ... last]`. */
export type Designator =
  | { readonly kind: 'member'; readonly name: string; readonly at: Token }
  | { readonly kind: 'index'; readonly index: Expression; readonly last: Expression | null; readonly at: Token };

/** A variable or a function. */
export interface ObjectNode {
  readonly name: string;
  readonly type: CType;
  readonly attributes: LayoutAttributes;
  /** What the attributes of all declarations of a function say about its calls. Absent without such an attribute. */
  readonly calls?: ReadonlySet<CallFact>;
  /** The words for storage and linkage: `extern`, `static`, `inline`. */
  readonly storage: readonly string[];
  /** Null without an initializer. */
  readonly initializer: UnreadInitializer | null;
  readonly at: Token;
  /** The name in each declaration. Absent if there is only one. */
  readonly places?: readonly Token[];
  /** The other declarations of the name: each can align the object. Absent if there is only one. */
  readonly others?: readonly Pick<ObjectNode, 'type' | 'attributes'>[];
  /** The tokens between the braces of a function. Null without braces. */
  readonly body: readonly Token[] | null;
}

/** A static assertion at file scope or in a record. */
export interface AssertionNode {
  readonly condition: Expression;
  /** The string literals of the message. Empty without a message. */
  readonly message: readonly Token[];
  readonly at: Token;
}

/** A `#pragma pack` that GCC ignores with a warning. */
export interface IgnoredPragma {
  readonly at: Token;
  readonly problem: string;
}

/** All declarations of a translation unit. Each list is in the order of definition. */
export interface Declarations {
  readonly records: readonly RecordNode[];
  readonly enums: readonly EnumNode[];
  readonly typedefs: ReadonlyMap<string, TypedefNode>;
  /** Records and enums with a tag. All tags share one name space in C. */
  readonly tags: ReadonlyMap<string, RecordNode | EnumNode>;
  /** Maps each enumerator to the token that declares it. */
  readonly enumerators: ReadonlyMap<string, Token>;
  /** Variables and functions. */
  readonly objects: ReadonlyMap<string, ObjectNode>;
  readonly assertions: readonly AssertionNode[];
  readonly ignoredPragmas: readonly IgnoredPragma[];
  /** The typedefs, and the variables and functions, that are declared again. */
  readonly redeclaredTypedefs: readonly Redeclaration<TypedefNode>[];
  readonly redeclaredObjects: readonly Redeclaration<ObjectNode>[];
  /** The arithmetic types in the declarations that only some targets have, by their names. `at` is the first use. */
  readonly rareTypes: ReadonlyMap<string, { readonly type: CType; readonly at: Token }>;
}
