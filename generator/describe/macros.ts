/** Macros to constants, ioctls and functions; what has no value goes into the ledger, with the reason. */

import { LimitError, SourceError } from '../errors.js';
import { ArithmeticError, type Integer } from '../expression/arithmetic.js';
import type { Expression } from '../expression/ast.js';
import { evaluate, withConstants } from '../expression/evaluator.js';
import { stringBytes } from '../expression/literals.js';
import { parseExpression, type TypeNames } from '../expression/parser.js';
import { Unresolvable } from '../expression/unresolvable.js';
import { ioctlOverrides } from '../knowledge/ioctls.js';
import type { Layout } from '../layout/layout.js';
import { spellType } from '../layout/spelling.js';
import type { Constant, Direction, FunctionMacro, Ioctl, LedgerEntry, Passing } from '../model.js';
import type { CType } from '../parse/types.js';
import { Cursor } from '../preprocess/cursor.js';
import { lexText } from '../preprocess/lexer.js';
import type { Macro } from '../preprocess/macros.js';
import type { Preprocessed } from '../preprocess/preprocessor.js';
import { placeOf, type Token } from '../preprocess/tokens.js';
import type { SourceFile } from '../source/files.js';
import type { TypeDescriber } from './types.js';
import { modelInteger } from './values.js';

export interface DescribedMacros {
  readonly constants: readonly Constant[];
  readonly ioctls: readonly Ioctl[];
  readonly functions: readonly FunctionMacro[];
  readonly ledger: readonly LedgerEntry[];
}

/** The macros of `linux/ioctl.h` that make a request number; those ending in `_BAD` take a size in place of a type. */
const requestMacros = ['_IO', '_IOR', '_IOW', '_IOWR', '_IOC', '_IOR_BAD', '_IOW_BAD', '_IOWR_BAD'];

/** A name that no header has. */
const anyRequest = '__any_request';

/** A macro that is a use of one of `requestMacros`. */
interface RequestUse {
  /** The type it names; null for `_IO` and where an expression stands. */
  readonly argument: CType | null;
}

export class MacroDescriber {
  readonly #preprocessed: Preprocessed;
  readonly #layout: Layout;
  readonly #typeNames: TypeNames;
  readonly #requests = new Map<Macro, RequestUse | undefined>();
  /** What each macro that takes a request apart says, with `anyRequest` in the place of the request. */
  readonly #fields = new Map<string, Expression>();
  /** The bits that say which way an argument goes. */
  #directions: { readonly read: number; readonly write: number } | undefined;

  constructor(preprocessed: Preprocessed, layout: Layout, typeNames: TypeNames) {
    this.#preprocessed = preprocessed;
    this.#layout = layout;
    this.#typeNames = typeNames;
  }

  /** The types that the ioctls of a header point to, as far as they are defined. */
  argumentTypes(file: SourceFile): CType[] {
    return this.#macrosOf(new Set([file])).flatMap((macro) => {
      const argument = this.#request(macro)?.argument;
      return argument && this.#hasSize(argument, macro.at) ? [argument] : [];
    });
  }

  describe(covered: ReadonlySet<SourceFile>, types: TypeDescriber): DescribedMacros {
    const constants: Constant[] = [];
    const ioctls: Ioctl[] = [];
    const functions: FunctionMacro[] = [];
    const ledger: LedgerEntry[] = [];
    for (const macro of this.#macrosOf(covered)) {
      const { name } = macro;
      const at = placeOf(macro.at);
      if (macro.parameters !== null) {
        functions.push({ name, parameters: parameterNames(macro), at });
        continue;
      }
      const request = this.#request(macro);
      try {
        const constant = this.#constant(macro);
        if (constant === undefined) {
          ledger.push({ kind: 'macro', name, reason: 'defined as nothing: it has no value', at });
          continue;
        }
        const aliasOf = this.#aliasOf(macro);
        constants.push({ name, ...constant, ...(aliasOf === undefined ? {} : { aliasOf }), at });
        if (request) ioctls.push(this.#ioctl(macro, Number(constant.value) >>> 0, request, types));
      } catch (error) {
        ledger.push({ kind: request ? 'ioctl' : 'macro', name, reason: reasonOf(error), at });
      }
    }
    return { constants, ioctls, functions, ledger };
  }

  #macrosOf(files: ReadonlySet<SourceFile>): Macro[] {
    return [...this.#preprocessed.macros.values()].filter((macro) => files.has(macro.at.file));
  }

  /** What a macro that takes no arguments stands for. */
  #expansionOf({ at, body }: Macro): readonly Token[] {
    // Its name, not its body: a macro that refers to itself must find itself being expanded.
    return body.some(({ kind, text }) => kind === 'identifier' || text === '##')
      ? this.#preprocessed.expand([at])
      : body;
  }

  /** The value of an object-like macro; undefined where it expands to nothing. */
  #constant(macro: Macro): Pick<Constant, 'value' | 'type'> | undefined {
    const tokens = this.#expansionOf(macro);
    if (tokens.length === 0) return undefined;
    if (tokens.every((token) => token.kind === 'string')) {
      const bytes = Uint8Array.from(tokens.flatMap((token) => stringBytes(token.text)));
      return { value: textOf(bytes), type: `char[${bytes.length + 1}]` };
    }
    const value = this.#evaluate(tokens, macro.at);
    return { value: modelInteger(value), type: value.type.name };
  }

  #evaluate(tokens: readonly Token[], at: Token): Integer {
    return this.#layout.evaluate(this.#parse(tokens, at));
  }

  #parse(tokens: readonly Token[], at: Token): Expression {
    const cursor = new Cursor(tokens, { ...at, kind: 'end', text: '' });
    if (this.#typeNames.startsHere(cursor)) throw new Unresolvable(at, 'names a type, not a value');
    const expression = parseExpression(cursor, this.#typeNames);
    if (cursor.peek().kind !== 'end')
      throw new Unresolvable(at, `not an expression: '${cursor.peek().text}' is left over`);
    return expression;
  }

  /** The value of a text of C, as if it stood behind the header. */
  #evaluateText(text: string, at: Token): number {
    const tokens = this.#preprocessed.expand(lexText(at.file, text));
    return Number(this.#evaluate(tokens, at).value);
  }

  #request(macro: Macro): RequestUse | undefined {
    if (!this.#requests.has(macro)) this.#requests.set(macro, this.#requestIn(macro));
    return this.#requests.get(macro);
  }

  /** The ioctl that a macro is only another name of, perhaps through further names. */
  #aliasOf(macro: Macro): string | undefined {
    const seen = new Set<Macro>();
    for (let other = this.#namedBy(macro); other && !seen.has(other); other = this.#namedBy(other)) {
      if (this.#request(other)) return other.name;
      seen.add(other);
    }
    return undefined;
  }

  /** The macro whose name is the whole body of another, perhaps in parentheses. */
  #namedBy(macro: Macro): Macro | undefined {
    const [name, ...rest] = withoutParentheses(macro.body);
    return name && rest.length === 0 && macro.parameters === null
      ? this.#preprocessed.macros.get(name.text)
      : undefined;
  }

  /** Undefined also where C does not allow the macro to be used. */
  #requestIn(macro: Macro): RequestUse | undefined {
    try {
      return this.#findRequest(macro);
    } catch (error) {
      if (error instanceof SourceError && !(error instanceof LimitError)) return undefined;
      throw error;
    }
  }

  #findRequest(macro: Macro): RequestUse | undefined {
    if (macro.parameters !== null || !beginsWithUse(macro.body)) return undefined;
    // With all expanded but the macros of requests.
    const tokens = withoutParentheses(this.#preprocessed.expand(macro.body, requestMacros));
    const [name, open] = tokens;
    if (!name || !requestMacros.includes(name.text) || open?.text !== '(') return undefined;
    const cursor = new Cursor(tokens.slice(2), { ...macro.at, kind: 'end', text: '' });
    const operands = splitArguments(cursor.skipBalanced(open));
    if (cursor.peek().kind !== 'end') return undefined;
    return { argument: this.#typeIn(operands.at(-1) ?? [], macro.at) };
  }

  #typeIn(tokens: readonly Token[], at: Token): CType | null {
    const cursor = new Cursor(tokens, { ...at, kind: 'end', text: '' });
    return this.#typeNames.startsHere(cursor) ? this.#typeNames.read(cursor) : null;
  }

  #hasSize(type: CType, at: Token): boolean {
    try {
      this.#layout.measure(type, at);
      return true;
    } catch (error) {
      if (error instanceof Unresolvable) return false;
      throw error;
    }
  }

  #ioctl(macro: Macro, request: number, { argument }: RequestUse, types: TypeDescriber): Ioctl {
    const { name, at } = macro;
    const field = (which: string): number => this.#field(which, request, at);
    const direction = this.#direction(field('DIR'), at);
    const size = field('SIZE');
    const { kernelArchitecture } = this.#layout.target;
    const override = ioctlOverrides.find(
      ({ header, name: overridden, architecture = kernelArchitecture }) =>
        overridden === name && header === at.file.name && architecture === kernelArchitecture,
    );
    const named = override?.argument === undefined ? null : this.#typeIn(lexText(at.file, override.argument), at);
    const real = named && this.#hasSize(named, at) ? named : argument;
    const declared: Passing = direction === 'none' && size === 0 ? 'nothing' : 'pointer';
    return {
      name,
      request,
      direction,
      type: field('TYPE'),
      nr: field('NR'),
      argument: real && spellArgument(real, this.#layout),
      shape: real && types.shape(real),
      passes: override?.passes ?? declared,
      size,
      at: placeOf(at),
      ...(override
        ? { override: { source: override.source, ...(override.direction ? { direction: override.direction } : {}) } }
        : {}),
    };
  }

  /** What the header's own macro takes out of a request; that macro is read once, for all requests. */
  #field(which: string, request: number, at: Token): number {
    let field = this.#fields.get(which);
    if (!field) {
      field = this.#parse(this.#preprocessed.expand(lexText(at.file, `_IOC_${which}(${anyRequest})`)), at);
      this.#fields.set(which, field);
    }
    const value = { type: this.#layout.integers.unsignedInt, value: BigInt(request) };
    return Number(evaluate(field, withConstants(this.#layout, new Map([[anyRequest, value]]))).value);
  }

  #direction(encoded: number, at: Token): Direction {
    this.#directions ??= {
      read: this.#evaluateText('_IOC_READ', at),
      write: this.#evaluateText('_IOC_WRITE', at),
    };
    const read = (encoded & this.#directions.read) !== 0;
    const write = (encoded & this.#directions.write) !== 0;
    if (read && write) return 'readwrite';
    return read ? 'read' : write ? 'write' : 'none';
  }
}

/** The text of a C string; where its bytes are not UTF-8, one character per byte. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

function parameterNames(macro: Macro): string[] {
  const rest = macro.variadic === null ? [] : [macro.variadic === '__VA_ARGS__' ? '...' : `${macro.variadic}...`];
  return [...(macro.parameters ?? []), ...rest];
}

/** The type of an argument with its dimensions, as `_IOR` was given it: `struct kvm_regs`, `int[2]`. */
function spellArgument(type: CType, layout: Layout): string {
  const dims: string[] = [];
  let element = type;
  for (; element.kind === 'array'; element = element.of) dims.push(`[${layout.length(element.length) ?? ''}]`);
  return spellType(element) + dims.join('');
}

function reasonOf(error: unknown): string {
  if (error instanceof Unresolvable || error instanceof ArithmeticError) return error.message;
  if (error instanceof SourceError && !(error instanceof LimitError)) return `not an expression: ${error.problem}`;
  throw error;
}

/** Whether a macro's body can be a use of a function-like macro: `NAME (`, perhaps in parentheses. */
function beginsWithUse(body: readonly Token[]): boolean {
  const first = body.findIndex((token) => token.text !== '(');
  return body[first]?.kind === 'identifier' && body[first + 1]?.text === '(';
}

/** What is inside of all the pairs of parentheses that enclose everything. */
function withoutParentheses(tokens: readonly Token[]): readonly Token[] {
  const opening = tokens.findIndex(({ text }) => text !== '(');
  const closing = tokens.length - 1 - tokens.findLastIndex(({ text }) => text !== ')');
  let pairs = Math.min(opening, closing);
  // A pair at both ends encloses everything unless what is between them closes it first.
  let depth = pairs;
  for (const { text } of tokens.slice(pairs, tokens.length - pairs)) {
    if (text === '(') depth++;
    else if (text === ')') pairs = Math.min(pairs, --depth);
  }
  return pairs > 0 ? tokens.slice(pairs, tokens.length - pairs) : tokens;
}

function splitArguments(tokens: readonly Token[]): Token[][] {
  const list: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
    if (token.text === ',' && depth === 0) list.push([]);
    else list.at(-1)?.push(token);
  }
  return list;
}
