/**
 * Analyzes ioctl requests: finds the macros that make requests, their operands, and the fields of a request number. The
 * results come from the headers' own `_IO…` macros. Each of these macros is parsed once with names instead of
 * arguments, and the result is used for all requests.
 */

import { Cursor } from '../c/cursor.js';
import type { Integer } from '../c/evaluator/arithmetic.js';
import { evaluate } from '../c/evaluator/evaluator.js';
import { type Scope, withConstants } from '../c/evaluator/scope.js';
import type { Layout } from '../c/layout/layout.js';
import { lexText } from '../c/lexer.js';
import type { TypeNames } from '../c/parser/expressions.js';
import type { ExpansionCache } from '../c/preprocessor/expansion-cache.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, EnumeratorNode, Expression } from '../c/syntax.js';
import { endAt, type Token } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import { LimitError, SourceError } from '../errors.js';
import { requestMacros } from '../kernel/request-macros.js';
import type { Direction, Ioctl } from '../model/model.js';
import { writtenValue } from './enumerator-values.js';
import { expressionIn, splitArguments, typeIn, withoutParentheses } from './macro-bodies.js';

/** Caches macro expansions in which the request macros are not expanded. */
const uses: ExpansionCache = new WeakMap();

/** Names that no header has. */
const any = { request: '__any_request', type: '__any_type', nr: '__any_nr', argument: '__any_argument' } as const;

/** The suffixes of constants, by type. */
const suffixes = new Map([
  ['int', ''],
  ['unsigned int', 'u'],
  ['long', 'l'],
  ['unsigned long', 'ul'],
  ['long long', 'll'],
  ['unsigned long long', 'ull'],
]);

/** A macro that uses one of the `requestMacros`. */
export interface RequestUse {
  /** The request macro that it uses. */
  readonly maker: string;
  readonly operands: readonly (readonly Token[])[];
  /** The type of the argument. Null for `_IO` and for an expression. */
  readonly argument: CType | null;
}

export class Requests {
  readonly #preprocessed: Preprocessed;
  readonly #layout: Layout;
  readonly #typeNames: TypeNames;
  readonly #uses = new Map<Macro | EnumeratorNode, RequestUse | undefined>();
  readonly #expressions = new Map<string, Expression>();
  /** The values of the names that replace operands in `#scope`. */
  readonly #given = new Map<string, Integer>();
  #argument: CType | null = null;
  readonly #scope: Scope;
  /** The bits that give the direction of an argument. */
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

  /** Returns the request that a macro makes, or undefined if it makes none. */
  of(macro: Macro): RequestUse | undefined {
    if (macro.parameters !== null || !beginsWithUse(macro.body)) return undefined;
    return this.#once(macro, () => this.#preprocessed.expandMacro(macro, uses, requestMacros));
  }

  /** Returns the request that the value of an enumerator makes, or undefined if it makes none. */
  ofEnumerator(node: EnumeratorNode): RequestUse | undefined {
    // The value is the expanded text. A request macro expands to operators, possibly in a cast.
    if (!node.value || node.value.kind === 'integer' || node.value.kind === 'name') return undefined;
    return this.#once(node, () => {
      const written = writtenValue(node);
      return beginsWithUse(written) ? this.#preprocessed.expand(written, requestMacros) : [];
    });
  }

  /** Returns undefined also if C does not allow the use of the macro. `expanded` leaves the request macros. */
  #once(named: Macro | EnumeratorNode, expanded: () => readonly Token[]): RequestUse | undefined {
    if (this.#uses.has(named)) return this.#uses.get(named);
    let use: RequestUse | undefined;
    try {
      use = this.#find(withoutParentheses(expanded()), named.at);
    } catch (error) {
      if (!(error instanceof SourceError) || error instanceof LimitError) throw error;
    }
    this.#uses.set(named, use);
    return use;
  }

  #find(tokens: readonly Token[], at: Token): RequestUse | undefined {
    const [name, open] = tokens;
    if (!name || !requestMacros.includes(name.text) || open?.text !== '(') return undefined;
    const cursor = new Cursor(tokens.slice(2), endAt(at));
    const operands = splitArguments(cursor.skipBalanced(open));
    if (cursor.peek().kind !== 'end') return undefined;
    return { maker: name.text, operands, argument: typeIn(operands.at(-1) ?? [], at, this.#typeNames) };
  }

  /** Returns the request number. Returns undefined if only the full expansion of the macro has it. */
  value({ maker, operands, argument }: RequestUse, at: Token): Integer | undefined {
    const [type, nr] = operands;
    // A name can replace an operand only if the operand is a single value, independent of the surrounding tokens.
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

  /** Returns the fields of a request number, as the headers' own macros extract them. */
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

  /** Parses a C text as if it were after the header. Each text is parsed once. */
  #expression(text: string, at: Token): Expression {
    const known = this.#expressions.get(text);
    if (known) return known;
    const tokens = this.#preprocessed.expand(lexText(at.file, text));
    const expression = this.#folded(expressionIn(tokens, at, this.#typeNames));
    this.#expressions.set(text, expression);
    return expression;
  }

  /** Returns the same expression with its constant parts evaluated. The expression is evaluated for every request. */
  #folded(expression: Expression): Expression {
    const literal = this.#literal(expression);
    if (literal) return literal;
    if (expression.kind === 'cast') return { ...expression, operand: this.#folded(expression.operand) };
    if (expression.kind !== 'binary') return expression;
    return { ...expression, left: this.#folded(expression.left), right: this.#folded(expression.right) };
  }

  /**
   * Returns the value of an expression as a C literal. Returns undefined if the expression has no value, or if C has no
   * literal of that value and type.
   */
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

/** Whether a macro's body can be a use of a function-like macro: `NAME (`, possibly in parentheses. */
function beginsWithUse(body: readonly Token[]): boolean {
  const first = body.findIndex((token) => token.text !== '(');
  return body[first]?.kind === 'identifier' && body[first + 1]?.text === '(';
}
