/**
 * Macro expansion (C17 6.10.3). The expander reads tokens from a base. The replacement of a macro is inserted before
 * the next tokens. While a replacement is read, its macro is not expanded. The macro's name inside the replacement is
 * marked as painted, so it is never expanded later.
 */

import type { Budget, Depth } from '../../limits.js';
import { digraphOf, lexText } from '../lexer.js';
import { endAt, errorAt, type Token, tokenLike } from '../tokens.js';
import { isPaste, type Macro } from './macros.js';

/** A macro with a computed replacement, such as `__LINE__` or `__has_include(…)`. */
export type Builtin = (name: Token, read: () => Token) => readonly Token[];

interface Replacement {
  readonly tokens: readonly Token[];
  next: number;
  readonly macro: Macro | null;
}

/** The state that the expansions of nested token lists share. */
export interface Expansion {
  readonly macros: Pick<ReadonlyMap<string, Macro>, 'get'>;
  readonly builtins: Pick<ReadonlyMap<string, Builtin>, 'get'>;
  /** The macros whose replacement is being read. */
  readonly active: Set<Macro>;
  readonly budget: Budget;
  readonly depth: Depth<Token>;
}

export class Expander {
  readonly #expansion: Expansion;
  readonly #base: (inUse: boolean) => Token;
  readonly #replacements: Replacement[] = [];
  /** White space before a macro that expands to nothing. The next token takes it over. */
  #space = false;

  /**
   * `base` returns the unexpanded tokens, then `end` forever. Its argument is whether a macro use requires another
   * token.
   */
  constructor(expansion: Expansion, base: (inUse: boolean) => Token) {
    this.#expansion = expansion;
    this.#base = base;
  }

  /** Returns the next token of the fully expanded text. */
  next(): Token {
    for (;;) {
      const pulled = this.#pull(false);
      const token = this.#space && !pulled.space ? tokenLike(pulled, { space: true }) : pulled;
      this.#space = false;
      if (token.kind !== 'identifier' || token.painted || !this.#expand(token)) return token;
    }
  }

  /** Inserts the replacement of a macro. Returns false if the name is not expanded. */
  #expand(name: Token): boolean {
    const builtin = this.#expansion.builtins.get(name.text);
    if (builtin) {
      this.#replace(
        name,
        builtin(name, () => this.#pull(true)),
        null,
      );
      return true;
    }
    const macro = this.#expansion.macros.get(name.text);
    if (!macro) return false;
    if (macro.parameters === null) {
      this.#replace(name, substitute(macro, null, name, this.#expansion), macro);
      return true;
    }
    const open = this.#pull(true);
    if (open.kind !== 'punctuator' || open.text !== '(') {
      if (open.kind !== 'end') this.#push([open], null, open);
      return false;
    }
    this.#replace(name, substitute(macro, this.#arguments(macro, name), name, this.#expansion), macro);
    return true;
  }

  #replace(name: Token, tokens: readonly Token[], macro: Macro | null): void {
    this.#space = tokens.length === 0 && (name.space || name.first);
    this.#push(tokens, macro, name);
  }

  #push(tokens: readonly Token[], macro: Macro | null, use: Token): void {
    this.#expansion.budget.spend(tokens.length + 1, use);
    if (macro) this.#expansion.active.add(macro);
    this.#replacements.push({ tokens, next: 0, macro });
  }

  #pull(inUse: boolean): Token {
    for (;;) {
      const top = this.#replacements.at(-1);
      if (!top) return this.#paint(this.#base(inUse));
      const token = top.tokens[top.next++];
      if (token) return this.#paint(token);
      this.#replacements.pop();
      if (top.macro) this.#expansion.active.delete(top.macro);
    }
  }

  #paint(token: Token): Token {
    if (token.kind !== 'identifier' || this.#expansion.active.size === 0 || token.painted) return token;
    const macro = this.#expansion.macros.get(token.text);
    return macro && this.#expansion.active.has(macro) ? tokenLike(token, { painted: true }) : token;
  }

  /** Reads the arguments of a macro use after the opening parenthesis. */
  #arguments(macro: Macro, name: Token): Token[][] {
    const named = (macro.parameters as readonly string[]).length;
    const list: Token[][] = [[]];
    let depth = 0;
    for (;;) {
      const token = this.#pull(true);
      if (token.kind === 'end')
        throw errorAt(name, `the arguments of macro ${macro.name} are never closed; add the missing ')'`);
      if (token.kind === 'punctuator') {
        if (token.text === '(') depth++;
        else if (token.text === ')' && depth-- === 0) break;
        else if (token.text === ',' && depth === 0 && (macro.variadic === null || list.length <= named)) {
          list.push([]);
          continue;
        }
      }
      list.at(-1)?.push(token);
    }
    const none = named === 0 && list.length === 1 && list[0]?.length === 0;
    const given = none ? [] : list;
    // The variadic argument can be omitted together with the comma before it.
    const enough = given.length === named || (macro.variadic !== null && given.length === named + 1);
    if (!enough) {
      const wanted = `${macro.variadic === null ? '' : 'at least '}${named} argument${named === 1 ? '' : 's'}`;
      throw errorAt(
        name,
        `macro ${macro.name} takes ${wanted}, but ${given.length} ${given.length === 1 ? 'is' : 'are'} given`,
      );
    }
    return given;
  }
}

/** Expands a list of tokens alone, as if no tokens followed. */
export function expandTokens(tokens: readonly Token[], expansion: Expansion, end: Token): readonly Token[] {
  if (!tokens.some((token) => mayExpand(token, expansion))) return tokens;
  let at = 0;
  const expander = new Expander(expansion, () => tokens[at++] ?? end);
  const result: Token[] = [];
  expansion.depth.within(end, () => {
    for (let token = expander.next(); token.kind !== 'end'; token = expander.next()) result.push(token);
  });
  return result;
}

function mayExpand(token: Token, { macros, builtins }: Expansion): boolean {
  return token.kind === 'identifier' && (macros.get(token.text) || builtins.get(token.text)) !== undefined;
}

/** Returns the replacement of one macro use. `#` and `##` are already applied; the result is not yet rescanned. */
function substitute(macro: Macro, args: readonly Token[][] | null, use: Token, expansion: Expansion): readonly Token[] {
  const { body } = macro;
  if (args === null && !body.some(isPaste))
    return body.map((token, index) => placed(token, use, index === 0 ? use.space : token.space));
  const result = new Substitution(macro, args, use, expansion).run(body);
  return spaced(withoutPlacemarkers(result), use.space);
}

/** Removes placemarkers. The next token takes over the white space before a placemarker. */
function withoutPlacemarkers(tokens: readonly Token[]): Token[] {
  const result: Token[] = [];
  let space = false;
  for (const token of tokens) {
    space ||= token.space;
    if (token.kind === 'placemarker') continue;
    result.push(token.space === space ? token : tokenLike(token, { space }));
    space = false;
  }
  return result;
}

/** An element of a macro body that depends on the arguments, and the position after it. */
type Operand =
  | { readonly parameter: number; readonly end: number }
  /** The tokens between the parentheses of `__VA_OPT__`. */
  | { readonly optional: readonly Token[]; readonly end: number };

class Substitution {
  readonly #macro: Macro;
  readonly #arguments: readonly Token[][] | null;
  readonly #use: Token;
  readonly #expansion: Expansion;
  readonly #expanded: (readonly Token[] | undefined)[] = [];

  constructor(macro: Macro, args: readonly Token[][] | null, use: Token, expansion: Expansion) {
    this.#macro = macro;
    this.#arguments = args;
    this.#use = use;
    this.#expansion = expansion;
  }

  run(body: readonly Token[]): Token[] {
    const result: Token[] = [];
    for (let at = 0; at < body.length; ) {
      const token = body[at] as Token;
      const operand = this.#operand(body, at);
      if (operand) {
        const tokens = isPaste(body[operand.end]) ? this.#raw(operand) : this.#replacement(operand);
        append(result, this.#orPlacemarker(tokens, token));
        at = operand.end;
      } else if (isPaste(token) && result.length > 0) at = this.#paste(result, body, at + 1);
      else if (this.#arguments && token.text === '#' && token.kind === 'punctuator') {
        const quoted = this.#operand(body, at + 1);
        if (!quoted) throw errorAt(token, "'#' is not followed by a parameter");
        const text = `"${spelling(this.#raw(quoted))}"`;
        this.#expansion.budget.spend(text.length, this.#use);
        result.push(tokenLike(placed(token, this.#use), { kind: 'string', text }));
        at = quoted.end;
      } else {
        result.push(placed(token, this.#use));
        at++;
      }
    }
    return result;
  }

  #operand(body: readonly Token[], at: number): Operand | undefined {
    const token = body[at];
    if (!this.#arguments || token?.kind !== 'identifier') return undefined;
    const parameter = this.#macro.positions.get(token.text);
    if (parameter !== undefined) return { parameter, end: at + 1 };
    if (this.#macro.variadic === null || token.text !== '__VA_OPT__' || body[at + 1]?.text !== '(') return undefined;
    const close = closingParenthesis(body, at + 1);
    const optional = body.slice(at + 2, close);
    const inside = optional.find(({ text }) => text === '__VA_OPT__');
    if (inside) throw errorAt(inside, '__VA_OPT__ inside of __VA_OPT__');
    return { optional, end: close + 1 };
  }

  /** Returns the tokens of an operand of `#` or `##`. */
  #raw(operand: Operand): readonly Token[] {
    if ('parameter' in operand) return this.#arguments?.[operand.parameter] ?? [];
    const rest = this.#macro.positions.get(this.#macro.variadic as string) as number;
    return this.#expandedArgument(rest).length > 0 ? withoutPlacemarkers(this.run(operand.optional)) : [];
  }

  #replacement(operand: Operand): readonly Token[] {
    return 'parameter' in operand ? this.#expandedArgument(operand.parameter) : this.#raw(operand);
  }

  #expandedArgument(index: number): readonly Token[] {
    const raw = this.#arguments?.[index] ?? [];
    this.#expanded[index] ??= expandTokens(raw, this.#expansion, endAt(this.#use));
    return this.#expanded[index];
  }

  /** Returns the tokens, or a placemarker if there are none. */
  #orPlacemarker(tokens: readonly Token[], at: Token): readonly Token[] {
    if (tokens.length > 0) return spaced(tokens, at.space);
    return [tokenLike(placed(at, this.#use), { kind: 'placemarker', text: '' })];
  }

  /** Pastes the token after `##` to the end of the result. Returns the position after that token. */
  #paste(result: Token[], body: readonly Token[], at: number): number {
    const next = body[at] as Token;
    const operand = this.#operand(body, at);
    if (operand && next.text === this.#macro.variadic && result.at(-1)?.text === ',') {
      // GNU C: `, ## args` removes the comma if `args` is omitted. Otherwise it pastes nothing.
      const given = this.#arguments?.length === this.#macro.positions.size;
      if (given) append(result, spaced(this.#raw(operand), next.space));
      else result.pop();
      return operand.end;
    }
    const [right, ...rest] = operand ? this.#orPlacemarker(this.#raw(operand), next) : [placed(next, this.#use)];
    const pasted = pasteTokens(result.pop() as Token, right as Token, this.#use);
    this.#expansion.budget.spend(pasted.text.length, this.#use);
    append(result, [pasted, ...rest]);
    return operand?.end ?? at + 1;
  }
}

/** Appends tokens without a limit on their number. A function call would limit the number of arguments. */
function append(list: Token[], tokens: readonly Token[]): void {
  for (const token of tokens) list.push(token);
}

/** Returns a token of a macro body with the location of the macro's use. */
function placed({ kind, text, space: own }: Token, use: Token, space: boolean = own): Token {
  return { kind, text, file: use.file, offset: use.offset, space, first: false, painted: false };
}

/** Returns the same tokens. The white space before the first token is replaced. */
function spaced(tokens: readonly Token[], space: boolean): readonly Token[] {
  const [head] = tokens;
  return head && head.space !== space ? [tokenLike(head, { space }), ...tokens.slice(1)] : tokens;
}

function pasteTokens(left: Token, right: Token, use: Token): Token {
  if (left.kind === 'placemarker') return right.space === left.space ? right : { ...right, space: left.space };
  if (right.kind === 'placemarker') return left;
  const tokens = lexText(use.file, left.text + right.text);
  if (tokens.length !== 1) {
    throw errorAt(use, `'##' cannot paste '${left.text}' and '${right.text}' into one token`);
  }
  return tokenLike(placed(tokens[0] as Token, use), { space: left.space });
}

/** Returns the text that `#` makes of an argument. */
function spelling(tokens: readonly Token[]): string {
  return tokens
    .map((token, index) => {
      const quoted = token.kind === 'string' || token.kind === 'character';
      const text = quoted ? token.text.replace(/["\\]/g, '\\$&') : written(token);
      return (token.space || token.first) && index > 0 ? ` ${text}` : text;
    })
    .join('');
}

/** Returns the spelling of a token. A digraph keeps its spelling in a string. */
function written({ text, file, offset }: Token): string {
  const digraph = digraphOf.get(text);
  return digraph !== undefined && file.text.startsWith(digraph, offset) ? digraph : text;
}

function closingParenthesis(body: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < body.length; i++) {
    const token = body[i] as Token;
    if (token.text === '(') depth++;
    else if (token.text === ')' && --depth === 0) return i;
  }
  throw errorAt(body[open] as Token, '__VA_OPT__ is never closed');
}
