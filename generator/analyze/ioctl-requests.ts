/**
 * Ioctl requests: which macros make one, of what, and what a request number says. All of it is asked of the headers' own
 * `_IO…` macros; each of those is read once, with names in the place of its arguments, and then serves all requests.
 */

import { Cursor } from '../c/cursor.js';
import type { Integer } from '../c/evaluator/arithmetic.js';
import { evaluate, type Scope, withConstants } from '../c/evaluator/evaluator.js';
import { Unresolvable } from '../c/evaluator/unresolvable.js';
import type { Layout } from '../c/layout/layout.js';
import { lexText } from '../c/lexer.js';
import type { TypeNames } from '../c/parser/expressions.js';
import type { ExpansionCache } from '../c/preprocessor/expansion-cache.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, Expression } from '../c/syntax.js';
import { endAt, type Token } from '../c/tokens.js';
import { LimitError, SourceError } from '../errors.js';
import { requestMacros } from '../kernel/request-macros.js';
import type { Direction, Ioctl } from '../model/model.js';
import { expressionIn, splitArguments, typeIn, withoutParentheses } from './macro-bodies.js';

/** What the macros of requests expand to but for those. */
const uses: ExpansionCache = new WeakMap();

/** Names that no header has. */
const any = { request: '__any_request', type: '__any_type', nr: '__any_nr', argument: '__any_argument' } as const;

/** Of the constants of a type. */
const suffixes = new Map([
  ['int', ''],
  ['unsigned int', 'u'],
  ['long', 'l'],
  ['unsigned long', 'ul'],
  ['long long', 'll'],
  ['unsigned long long', 'ull'],
]);

/** A macro that is a use of one of `requestMacros`. */
export interface RequestUse {
  /** The one it uses. */
  readonly maker: string;
  readonly operands: readonly (readonly Token[])[];
  /** The type it names; null for `_IO` and where an expression stands. */
  readonly argument: CType | null;
}

export class Requests {
  readonly #preprocessed: Preprocessed;
  readonly #layout: Layout;
  readonly #typeNames: TypeNames;
  readonly #uses = new Map<Macro, RequestUse | undefined>();
  readonly #expressions = new Map<string, Expression>();
  /** What the names that stand for operands stand for, in `#scope`. */
  readonly #given = new Map<string, Integer>();
  #argument: CType | null = null;
  readonly #scope: Scope;
  /** The bits that say which way an argument goes. */
  #directions: { readonly read: number; readonly write: number } | undefined;

  constructor(preprocessed: Preprocessed, layout: Layout, typeNames: TypeNames) {
    this.#preprocessed = preprocessed;
    this.#layout = layout;
    this.#typeNames = typeNames;
    const scope = withConstants(layout, this.#given);
    this.#scope = {
      ...scope,
      measure: (type, at) => {
        const argument = type.kind === 'tag' && type.tag === any.argument ? this.#argument : null;
        return scope.measure(argument ?? type, at);
      },
    };
  }

  /** The request that a macro makes; undefined where it makes none. */
  of(macro: Macro): RequestUse | undefined {
    if (!this.#uses.has(macro)) this.#uses.set(macro, this.#useIn(macro));
    return this.#uses.get(macro);
  }

  /** Undefined also where C does not allow the macro to be used. */
  #useIn(macro: Macro): RequestUse | undefined {
    try {
      return this.#find(macro);
    } catch (error) {
      if (error instanceof SourceError && !(error instanceof LimitError)) return undefined;
      throw error;
    }
  }

  #find(macro: Macro): RequestUse | undefined {
    if (macro.parameters !== null || !beginsWithUse(macro.body)) return undefined;
    // With all expanded but the macros of requests.
    const tokens = withoutParentheses(this.#preprocessed.expandMacro(macro, uses, requestMacros));
    const [name, open] = tokens;
    if (!name || !requestMacros.includes(name.text) || open?.text !== '(') return undefined;
    const cursor = new Cursor(tokens.slice(2), endAt(macro.at));
    const operands = splitArguments(cursor.skipBalanced(open));
    if (cursor.peek().kind !== 'end') return undefined;
    return { maker: name.text, operands, argument: typeIn(operands.at(-1) ?? [], macro.at, this.#typeNames) };
  }

  /** The request number; undefined where only the macro's whole expansion tells. */
  value({ maker, operands, argument }: RequestUse, at: Token): Integer | undefined {
    const [type, nr] = operands;
    // A name stands for an operand as long as both are one value, whatever stands around them.
    if (!type || !nr || operands.length !== (argument ? 3 : 2) || !isOneValue(type) || !isOneValue(nr))
      return undefined;
    const given = [any.type, any.nr, ...(argument ? [`struct ${any.argument}`] : [])];
    const operand = (tokens: readonly Token[]): Integer =>
      this.#layout.evaluate(expressionIn(tokens, at, this.#typeNames));
    try {
      const made = this.#expression(`${maker}(${given.join(', ')})`, at);
      this.#given.set(any.type, operand(type)).set(any.nr, operand(nr));
      this.#argument = argument;
      return evaluate(made, this.#scope);
    } catch (error) {
      if (error instanceof Unresolvable) return undefined;
      throw error;
    }
  }

  /** What the headers' own macros take out of a request number. */
  fields(request: number, at: Token): Pick<Ioctl, 'direction' | 'type' | 'nr' | 'size'> {
    this.#given.set(any.request, { type: this.#layout.integers.unsignedInt, value: BigInt(request) });
    const field = (which: string): number =>
      Number(evaluate(this.#expression(`_IOC_${which}(${any.request})`, at), this.#scope).value);
    return { direction: this.#direction(field('DIR'), at), type: field('TYPE'), nr: field('NR'), size: field('SIZE') };
  }

  #direction(encoded: number, at: Token): Direction {
    const bits = (name: string): number => Number(this.#layout.evaluate(this.#expression(name, at)).value);
    this.#directions ??= { read: bits('_IOC_READ'), write: bits('_IOC_WRITE') };
    const read = (encoded & this.#directions.read) !== 0;
    const write = (encoded & this.#directions.write) !== 0;
    if (read && write) return 'readwrite';
    return read ? 'read' : write ? 'write' : 'none';
  }

  /** What a text of C says as if it stood after the header; read once. */
  #expression(text: string, at: Token): Expression {
    const known = this.#expressions.get(text);
    if (known) return known;
    const tokens = this.#preprocessed.expand(lexText(at.file, text));
    const expression = this.#folded(expressionIn(tokens, at, this.#typeNames));
    this.#expressions.set(text, expression);
    return expression;
  }

  /** The same expression with what is constant in it worked out: it is evaluated for every request. */
  #folded(expression: Expression): Expression {
    const literal = this.#literal(expression);
    if (literal) return literal;
    if (expression.kind === 'cast') return { ...expression, operand: this.#folded(expression.operand) };
    if (expression.kind !== 'binary') return expression;
    return { ...expression, left: this.#folded(expression.left), right: this.#folded(expression.right) };
  }

  /** The value of an expression as C spells it; undefined where it has none, or C has no constant of that value and type. */
  #literal(expression: Expression): Expression | undefined {
    try {
      const { type, value } = this.#layout.evaluate(expression);
      const suffix = suffixes.get(type.name);
      return value < 0n || suffix === undefined
        ? undefined
        : { kind: 'integer', text: `${value}${suffix}`, at: expression.at };
    } catch (error) {
      if (error instanceof Unresolvable) return undefined;
      throw error;
    }
  }
}

function isOneValue(tokens: readonly Token[]): boolean {
  return tokens.length === 1 || withoutParentheses(tokens) !== tokens;
}

/** Whether a macro's body can be a use of a function-like macro: `NAME (`, perhaps in parentheses. */
function beginsWithUse(body: readonly Token[]): boolean {
  const first = body.findIndex((token) => token.text !== '(');
  return body[first]?.kind === 'identifier' && body[first + 1]?.text === '(';
}
