/**
 * Macro expansion (C17 6.10.3). Tokens are pulled from a base, and every macro found pushes its replacement in front
 * of what is read next; while a replacement is being read, its macro is not expanded, and its name inside is painted
 * so that it never will be.
 */

import { lexText } from './lexer.js';
import type { Macro, MacroTable } from './macros.js';
import { errorAt, type Token } from './tokens.js';

/** A macro whose replacement is computed: `__LINE__`, `__has_include(…)`. */
export type Builtin = (name: Token, read: () => Token) => readonly Token[];

interface Replacement {
  readonly tokens: readonly Token[];
  next: number;
  readonly macro: Macro | null;
}

/** What the expansion of nested token lists has in common. */
export interface Expansion {
  readonly macros: MacroTable;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** Macros whose replacement is being read. */
  readonly active: Set<Macro>;
}

export class Expander {
  readonly #expansion: Expansion;
  readonly #base: () => Token;
  readonly #replacements: Replacement[] = [];

  /** `base` gives the unexpanded tokens, then `end` for ever. */
  constructor(expansion: Expansion, base: () => Token) {
    this.#expansion = expansion;
    this.#base = base;
  }

  /** The next token of the fully expanded text. */
  next(): Token {
    for (;;) {
      const token = this.#pull();
      if (token.kind !== 'identifier' || token.painted || !this.#expand(token)) return token;
    }
  }

  /** Pushes the replacement of a macro's name; false when the name is left as it is. */
  #expand(name: Token): boolean {
    const builtin = this.#expansion.builtins.get(name.text);
    if (builtin) {
      this.#push(
        builtin(name, () => this.#pull()),
        null,
      );
      return true;
    }
    const macro = this.#expansion.macros.get(name.text);
    if (!macro) return false;
    if (macro.parameters === null) {
      this.#push(substitute(macro, null, name, this.#expansion), macro);
      return true;
    }
    const open = this.#pull();
    if (open.kind !== 'punctuator' || open.text !== '(') {
      this.#push([open], null);
      return false;
    }
    this.#push(substitute(macro, this.#arguments(macro, name), name, this.#expansion), macro);
    return true;
  }

  #push(tokens: readonly Token[], macro: Macro | null): void {
    if (macro) this.#expansion.active.add(macro);
    this.#replacements.push({ tokens, next: 0, macro });
  }

  #pull(): Token {
    for (;;) {
      const top = this.#replacements.at(-1);
      if (!top) return this.#paint(this.#base());
      const token = top.tokens[top.next++];
      if (token) return this.#paint(token);
      this.#replacements.pop();
      if (top.macro) this.#expansion.active.delete(top.macro);
    }
  }

  #paint(token: Token): Token {
    if (token.kind !== 'identifier' || this.#expansion.active.size === 0 || token.painted) return token;
    const macro = this.#expansion.macros.get(token.text);
    return macro && this.#expansion.active.has(macro) ? { ...token, painted: true } : token;
  }

  /** Reads the arguments of an invocation behind its opening parenthesis. */
  #arguments(macro: Macro, name: Token): Token[][] {
    const named = (macro.parameters as readonly string[]).length;
    const list: Token[][] = [[]];
    let depth = 0;
    for (;;) {
      const token = this.#pull();
      if (token.kind === 'end') throw errorAt(name, `the arguments of macro ${macro.name} are never closed; add a ')'`);
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
    if (named === 0 && macro.variadic === null && list.length === 1 && list[0]?.length === 0) return [];
    const missingRest = macro.variadic !== null && list.length === named;
    if (missingRest) list.push([]);
    const expected = named + (macro.variadic === null ? 0 : 1);
    if (list.length !== expected) {
      throw errorAt(name, `macro ${macro.name} takes ${named} argument${named === 1 ? '' : 's'}, given ${list.length}`);
    }
    return list;
  }
}

/** Expands a list of tokens by itself, as if nothing stood behind it. */
export function expandTokens(tokens: readonly Token[], expansion: Expansion, end: Token): readonly Token[] {
  if (!tokens.some((token) => mayExpand(token, expansion))) return tokens;
  let at = 0;
  const expander = new Expander(expansion, () => tokens[at++] ?? end);
  const result: Token[] = [];
  for (let token = expander.next(); token.kind !== 'end'; token = expander.next()) result.push(token);
  return result;
}

function mayExpand(token: Token, { macros, builtins }: Expansion): boolean {
  return token.kind === 'identifier' && (macros.has(token.text) || builtins.has(token.text));
}

/** The replacement of one use of a macro, with `#` and `##` done, not yet rescanned. */
function substitute(macro: Macro, args: readonly Token[][] | null, use: Token, expansion: Expansion): readonly Token[] {
  const result = new Substitution(macro, args, use, expansion).run(macro.body);
  return spaced(
    result.filter((token) => token.kind !== 'placemarker'),
    use.space,
  );
}

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
    for (let i = 0; i < body.length; i++) {
      const token = body[i] as Token;
      const index = this.#parameter(token);
      if (index !== undefined) {
        if (isPaste(body[i + 1])) result.push(...this.#orPlacemarker(index, token));
        else result.push(...spaced(this.#expandedArgument(index), token.space));
      } else if (isPaste(token) && result.length > 0) this.#paste(result, body[++i] as Token);
      else if (this.#arguments && token.text === '#' && token.kind === 'punctuator') {
        result.push(this.#stringify(token, body[++i]));
      } else if (this.#macro.variadic !== null && token.text === '__VA_OPT__' && body[i + 1]?.text === '(') {
        const close = closingParenthesis(body, i + 1);
        const rest = this.#macro.positions.get(this.#macro.variadic) as number;
        if (this.#expandedArgument(rest).length > 0) result.push(...this.run(body.slice(i + 2, close)));
        i = close;
      } else result.push(placed(token, this.#use));
    }
    return result;
  }

  #parameter(token: Token | undefined): number | undefined {
    if (!this.#arguments || token?.kind !== 'identifier') return undefined;
    return this.#macro.positions.get(token.text);
  }

  #argument(index: number): readonly Token[] {
    return this.#arguments?.[index] ?? [];
  }

  #expandedArgument(index: number): readonly Token[] {
    this.#expanded[index] ??= expandTokens(this.#argument(index), this.#expansion, endBehind(this.#use));
    return this.#expanded[index];
  }

  #orPlacemarker(index: number, parameter: Token): readonly Token[] {
    const tokens = this.#argument(index);
    if (tokens.length > 0) return spaced(tokens, parameter.space);
    return [{ ...placed(parameter, this.#use), kind: 'placemarker', text: '' }];
  }

  /** Pastes what stands behind a `##` to the end of the result. */
  #paste(result: Token[], next: Token): void {
    const index = this.#parameter(next);
    if (index !== undefined && next.text === this.#macro.variadic && result.at(-1)?.text === ',') {
      // GNU C: `, ## args` drops the comma when there are no further arguments, and pastes nothing otherwise.
      if (this.#argument(index).length === 0) result.pop();
      else result.push(...this.#expandedArgument(index));
      return;
    }
    const [right, ...rest] = index === undefined ? [placed(next, this.#use)] : this.#orPlacemarker(index, next);
    result.push(pasteTokens(result.pop() as Token, right as Token, this.#use), ...rest);
  }

  #stringify(hash: Token, parameter: Token | undefined): Token {
    const index = this.#parameter(parameter);
    if (index === undefined) throw errorAt(hash, "'#' is not followed by a parameter");
    return { ...placed(hash, this.#use), kind: 'string', text: `"${spelling(this.#argument(index))}"` };
  }
}

function isPaste(token: Token | undefined): boolean {
  return token?.text === '##' && token.kind === 'punctuator';
}

function endBehind(use: Token): Token {
  return { kind: 'end', text: '', file: use.file, offset: use.offset, space: false, first: false };
}

/** A token of a macro's body, placed where the macro is used. */
function placed(token: Token, use: Token): Token {
  return { kind: token.kind, text: token.text, file: use.file, offset: use.offset, space: token.space, first: false };
}

/** The same tokens with the white space before the first one replaced. */
function spaced(tokens: readonly Token[], space: boolean): readonly Token[] {
  const [head, ...rest] = tokens;
  return head && head.space !== space ? [{ ...head, space }, ...rest] : tokens;
}

function pasteTokens(left: Token, right: Token, use: Token): Token {
  if (left.kind === 'placemarker') return right;
  if (right.kind === 'placemarker') return left;
  const tokens = lexText(use.file, left.text + right.text);
  if (tokens.length !== 1) {
    throw errorAt(use, `'##' of '${left.text}' and '${right.text}' does not make one token`);
  }
  return { ...placed(tokens[0] as Token, use), space: left.space };
}

/** The text that `#` makes of an argument. */
function spelling(tokens: readonly Token[]): string {
  return tokens
    .map((token, index) => {
      const quoted = token.kind === 'string' || token.kind === 'character';
      const text = quoted ? token.text.replace(/["\\]/g, '\\$&') : token.text;
      return (token.space || token.first) && index > 0 ? ` ${text}` : text;
    })
    .join('');
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
