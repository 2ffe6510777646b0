/** C expressions as they are written, not yet evaluated. */

import type { CType } from './declarations.js';
import type { Token } from './tokens.js';

export type UnaryOperator = '+' | '-' | '~' | '!' | '&' | '*';

export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '>'
  | '<='
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||'
  | ',';

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
