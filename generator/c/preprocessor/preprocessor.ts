/** Files to one stream of expanded tokens: includes, conditionals, definitions, pragmas (translation phase 4). */

import { MissingHeaderError, NoKvmError } from '../../errors.js';
import { SourceFile } from '../../headers/files.js';
import type { Resolver } from '../../headers/resolver.js';
import { absentHeaders } from '../../kernel/defining-headers.js';
import { debianPackageOf } from '../../kernel/header-packages.js';
import { requestMacros } from '../../kernel/request-macros.js';
import { Depth, deepestInclude, tokenBudget } from '../../limits.js';
import type { Target } from '../../targets/target.js';
import { Cursor } from '../cursor.js';
import { lexFile, lexText } from '../lexer.js';
import { endAt, errorAt, type Token, tokenLike } from '../tokens.js';
import { withAnnotation } from './annotations.js';
import { conditionHolds } from './condition.js';
import { type Builtin, Expander, type Expansion, expandTokens } from './expander.js';
import { type ExpansionCache, expandMacro, standsForItself } from './expansion-cache.js';
import { type Macro, type MacroTable, parseDefinition } from './macros.js';

export interface Preprocessed {
  /** Ends with a token of kind `end`. */
  readonly tokens: readonly Token[];
  /** The macros as they are at the end. */
  readonly macros: MacroTable;
  /** Every header read: the one that was asked for, then all others in the order of first reading. */
  readonly files: readonly SourceFile[];
  /** The headers that each header includes. */
  readonly includes: ReadonlyMap<SourceFile, ReadonlySet<SourceFile>>;
  /** What stands in groups that were skipped, in the order of reading. */
  readonly skipped: readonly Skipped[];
  /** Expands tokens with the macros as they are at the end. */
  expand(tokens: readonly Token[]): readonly Token[];
  /**
   * What the name of a macro expands to, with the macros as they are at the end, but for those of the names in `except`;
   * each list of such names wants a cache of its own.
   */
  expandMacro(macro: Macro, cache: ExpansionCache, except?: Iterable<string>): readonly Token[];
}

/** A definition that a conditional leaves out. */
export interface Skipped {
  readonly kind: 'macro' | 'ioctl' | 'struct' | 'union' | 'enum';
  readonly name: string;
  readonly at: Token;
  /** The directive that begins the group: `#ifdef __KVM_HAVE_PIT`. */
  readonly group: string;
}

/** Preprocesses a translation unit that includes one header, after its required includes. */
export function preprocess(
  header: string,
  resolver: Resolver,
  target: Target,
  requiredIncludes: readonly string[] = [],
): Preprocessed {
  return new Preprocessor(resolver, target).run(header, requiredIncludes);
}

interface Conditional {
  readonly at: Token;
  /** One of its groups has been taken. */
  taken: boolean;
  /** Its `#else` has been seen. */
  closed: boolean;
}

interface Frame {
  readonly file: SourceFile;
  readonly tokens: readonly Token[];
  next: number;
  readonly conditionals: Conditional[];
  /** The `#include` that brought it in. */
  readonly from: Token | null;
}

class Preprocessor {
  readonly #resolver: Resolver;
  readonly #target: Target;
  readonly #macros: MacroTable = new Map();
  readonly #files = new Set<SourceFile>();
  readonly #includes = new Map<SourceFile, Set<SourceFile>>();
  readonly #once = new Set<SourceFile>();
  readonly #pushed = new Map<string, (Macro | undefined)[]>();
  readonly #frames: Frame[] = [];
  readonly #skipped: Skipped[] = [];
  readonly #text: Expansion;
  readonly #conditions: Expansion;
  #counter = 0;

  constructor(resolver: Resolver, target: Target) {
    this.#resolver = resolver;
    this.#target = target;
    const shared = { active: new Set<Macro>(), budget: tokenBudget(), depth: new Depth<Token>(errorAt) };
    const builtins = this.#builtins();
    const defined: Builtin = (name, read) => [this.#defined(name, read)];
    this.#text = { macros: this.#macros, builtins, ...shared };
    this.#conditions = { macros: this.#macros, builtins: new Map([...builtins, ['defined', defined]]), ...shared };
    this.#predefine();
  }

  run(header: string, requiredIncludes: readonly string[]): Preprocessed {
    const includes = [...requiredIncludes, header].map((name) => `#include <${name}>\n`).join('');
    this.#enter(new SourceFile('<command line>', '<command line>', -1, encode(includes)), null);
    const expander = new Expander(this.#text, (inUse) => this.#read(inUse));
    const tokens: Token[] = [];
    for (;;) {
      const token = expander.next();
      tokens.push(token);
      if (token.kind === 'end') {
        return {
          tokens,
          macros: this.#macros,
          files: this.#filesFrom(header),
          includes: this.#includes,
          skipped: this.#skipped,
          expand: (list) => expandTokens(list, this.#leaving([]), token),
          expandMacro: (macro, cache, except = []) =>
            standsForItself(macro) ? macro.body : expandMacro(macro, this.#leaving(except), token, cache),
        };
      }
    }
  }

  #filesFrom(header: string): SourceFile[] {
    const main = this.#resolver.system(header);
    return main ? [main, ...[...this.#files].filter((file) => file !== main)] : [];
  }

  /** Expansion that leaves some macros alone: those that count as being expanded already. */
  #leaving(except: Iterable<string>): Expansion {
    const active = new Set<Macro>();
    for (const name of except) {
      const macro = this.#macros.get(name);
      if (macro) active.add(macro);
    }
    return { ...this.#text, active };
  }

  #predefine(): void {
    const file = new SourceFile('<predefined>', '<predefined>', -1, encode(this.#target.predefined));
    for (const line of linesOf(lexFile(file).tokens)) {
      const macro = parseDefinition(new Cursor(line, endAt(line[0] as Token)));
      this.#macros.set(macro.name, macro);
    }
  }

  #enter(file: SourceFile, from: Token | null): void {
    const { tokens } = lexFile(file);
    this.#text.budget.spend(tokens.length, from ?? (tokens[0] as Token));
    this.#frames.push({ file, tokens, next: 0, conditionals: [], from });
  }

  /** The next token that is not part of a directive. A use of a macro does not reach beyond the end of its file. */
  #read(inUse: boolean): Token {
    for (;;) {
      const frame = this.#frames.at(-1) as Frame;
      const token = frame.tokens[frame.next] as Token;
      if (token.kind === 'end') {
        const open = frame.conditionals.at(-1);
        if (open) throw errorAt(open.at, `#${open.at.text} is never closed; add the missing #endif`);
        if (inUse || this.#frames.length === 1) return token;
        this.#frames.pop();
        continue;
      }
      frame.next++;
      if (!token.first || token.text !== '#' || token.kind !== 'punctuator') return token;
      const result = this.#directive(frame, this.#restOfLine(frame));
      if (result) return result;
    }
  }

  #restOfLine(frame: Frame): Token[] {
    const start = frame.next;
    for (;;) {
      const token = frame.tokens[frame.next] as Token;
      if (token.first || token.kind === 'end') return frame.tokens.slice(start, frame.next);
      frame.next++;
    }
  }

  /** Carries out a directive; gives back a token where the parser must see it. */
  #directive(frame: Frame, line: readonly Token[]): Token | undefined {
    const name = line[0];
    if (!name || name.kind === 'number') return undefined;
    const rest = new Cursor(line, endAt(line.at(-1) as Token));
    rest.next();
    switch (name.text) {
      case 'define': {
        const macro = withAnnotation(parseDefinition(rest));
        this.#macros.delete(macro.name);
        this.#macros.set(macro.name, macro);
        return undefined;
      }
      case 'undef':
        this.#macros.delete(this.#macroName(rest).text);
        return undefined;
      case 'include':
      case 'include_next':
      case 'import':
        this.#include(frame, name, line.slice(1));
        return undefined;
      case 'if':
      case 'ifdef':
      case 'ifndef':
        this.#if(frame, name, rest, line.slice(1));
        return undefined;
      case 'elif':
      case 'elifdef':
      case 'elifndef':
      case 'else': {
        const open = this.#conditional(frame, name);
        if (open.closed) throw errorAt(name, `#${name.text} after the #else of this #${open.at.text}`);
        open.closed = name.text === 'else';
        // Only a taken group is read up to its end, so all that follow are to be skipped.
        this.#skip(frame, line);
        return undefined;
      }
      case 'endif':
        this.#conditional(frame, name);
        frame.conditionals.pop();
        return undefined;
      case 'pragma':
        return this.#pragma(frame, name, line.slice(1));
      case 'error':
        throw errorAt(name, `#error ${spell(line.slice(1))}`.trimEnd());
      case 'warning':
      case 'ident':
      case 'sccs':
      case 'line':
        return undefined;
      default:
        throw errorAt(name, `unknown directive #${name.text}`);
    }
  }

  #macroName(rest: Cursor): Token {
    if (rest.peek().kind !== 'identifier') rest.fail('expected the name of a macro');
    return rest.next();
  }

  #isDefined(name: string): boolean {
    return this.#macros.has(name) || (this.#text.builtins.get(name) !== undefined && name !== '_Pragma');
  }

  #conditional(frame: Frame, name: Token): Conditional {
    const open = frame.conditionals.at(-1);
    if (!open) throw errorAt(name, `#${name.text} without an #if before it in this file`);
    return open;
  }

  #if(frame: Frame, name: Token, rest: Cursor, tokens: readonly Token[]): void {
    const open: Conditional = { at: name, taken: false, closed: false };
    frame.conditionals.push(open);
    if (this.#holds(name, rest, tokens)) open.taken = true;
    else this.#skip(frame, [name, ...tokens]);
  }

  #holds(name: Token, rest: Cursor, tokens: readonly Token[]): boolean {
    if (name.text.endsWith('def')) {
      return this.#isDefined(this.#macroName(rest).text) !== name.text.endsWith('ndef');
    }
    const expanded = expandTokens(tokens, this.#conditions, endAt(name));
    return conditionHolds(expanded, name, this.#target.charSigned);
  }

  /** Skips groups until one of the innermost conditional is to be taken, or its `#endif`. `first` begins the first. */
  #skip(frame: Frame, first: readonly Token[]): void {
    const open = frame.conditionals.at(-1) as Conditional;
    let group = first;
    let depth = 0;
    for (;;) {
      const token = frame.tokens[frame.next] as Token;
      if (token.kind === 'end') throw errorAt(open.at, `#${open.at.text} is never closed; add the missing #endif`);
      frame.next++;
      if (!token.first || token.text !== '#') {
        const [tag, brace] = [frame.tokens[frame.next], frame.tokens[frame.next + 1]];
        if (isTagWord(token.text) && tag && brace?.text === '{') this.#skipped.push(skippedAt(token.text, tag, group));
        continue;
      }
      const line = this.#restOfLine(frame);
      const name = line[0];
      if (!name) continue;
      if (name.text === 'define' && line[1]) {
        this.#skipped.push(skippedAt(isRequest(line.slice(2)) ? 'ioctl' : 'macro', line[1], group));
      } else if (name.text === 'if' || name.text === 'ifdef' || name.text === 'ifndef') depth++;
      else if (name.text === 'endif' && depth-- === 0) {
        frame.conditionals.pop();
        return;
      } else if (depth === 0 && (name.text === 'else' || name.text.startsWith('elif'))) {
        if (open.closed) throw errorAt(name, `#${name.text} after the #else of this #${open.at.text}`);
        open.closed = name.text === 'else';
        group = line;
        if (open.taken) continue;
        const rest = new Cursor(line.slice(1), endAt(name));
        if (open.closed || this.#holds(name, rest, line.slice(1))) {
          open.taken = true;
          return;
        }
      }
    }
  }

  #include(frame: Frame, directive: Token, line: readonly Token[]): void {
    const operand = line[0];
    if (!operand) throw errorAt(directive, `#${directive.text} without a header`);
    const spelled =
      operand.text === '<' || operand.kind === 'string' ? line : expandTokens(line, this.#text, endAt(operand));
    const wanted = headerName(spelled) ?? fail(operand, 'expected "header" or <header>');
    const file = this.#find(wanted, frame.file, directive.text === 'include_next');
    if (!file) throw this.#missing(operand, wanted.name);
    this.#includes.set(frame.file, (this.#includes.get(frame.file) ?? new Set()).add(file));
    if (this.#once.has(file)) return;
    if (directive.text === 'import') this.#once.add(file);
    if (this.#frames.length > deepestInclude) {
      const cycle = this.#frames.slice(-6).map((open) => open.file.name);
      throw errorAt(operand, `recursive include: ${[...cycle, file.name].join(' → ')}; add an include guard`);
    }
    if (!this.#resolver.isFreestanding(file)) this.#files.add(file);
    this.#enter(file, operand);
  }

  #missing({ file, offset }: Token, name: string): MissingHeaderError {
    const { line, column } = file.placeAt(offset);
    const { roots } = this.#resolver;
    // Where there is any other header of the architecture, installing what has them will not help.
    if (!/^(?:linux|asm)\/kvm\.h$/.test(name) || !this.#resolver.system('asm/types.h'))
      return new MissingHeaderError(file.path, line, column, notFound(name, roots));
    const { name: architecture, withoutKvm = 'they may be incomplete' } = this.#target;
    const problem = `the headers for ${architecture} have no <${name}>: ${withoutKvm}; give other headers with --from or --include, or another --arch`;
    return new NoKvmError(file.path, line, column, problem);
  }

  #find(wanted: { name: string; quoted: boolean }, from: SourceFile, next: boolean): SourceFile | undefined {
    if (next) return this.#resolver.system(wanted.name, from.root);
    return wanted.quoted ? this.#resolver.quoted(wanted.name, from) : this.#resolver.system(wanted.name);
  }

  #pragma(frame: Frame, at: Token, line: readonly Token[]): Token | undefined {
    const [word, open, argument] = line;
    switch (word?.text) {
      case 'once':
        this.#once.add(frame.file);
        return undefined;
      case 'push_macro':
      case 'pop_macro': {
        if (open?.text !== '(' || argument?.kind !== 'string')
          throw errorAt(word, `expected ("name") after ${word.text}`);
        this.#pushOrPop(word.text === 'push_macro', argument.text.slice(1, -1));
        return undefined;
      }
      case 'pack':
        return tokenLike(at, { kind: 'pragma', text: spell(line) });
      default:
        return undefined;
    }
  }

  #pushOrPop(push: boolean, name: string): void {
    const stack = this.#pushed.get(name) ?? [];
    this.#pushed.set(name, stack);
    if (push) {
      stack.push(this.#macros.get(name));
      return;
    }
    if (stack.length === 0) return;
    const macro = stack.pop();
    this.#macros.delete(name);
    if (macro) this.#macros.set(name, macro);
  }

  #defined(name: Token, read: () => Token): Token {
    let operand = read();
    const open = operand.text === '(';
    if (open) operand = read();
    if (operand.kind !== 'identifier') throw errorAt(name, "expected a name after 'defined'");
    if (open && read().text !== ')') throw errorAt(name, "expected ')' after 'defined('");
    return numberAt(name, this.#isDefined(operand.text) ? 1 : 0);
  }

  #builtins(): Map<string, Builtin> {
    const text =
      (spelling: (at: Token) => string): Builtin =>
      (at) => [tokenLike(at, { kind: 'string', text: `"${spelling(at)}"` })];
    const number =
      (value: (at: Token) => number): Builtin =>
      (at) => [numberAt(at, value(at))];
    const asks =
      (answer: (name: string) => boolean): Builtin =>
      (at, read) => {
        const tokens = expandTokens(parenthesized(at, read), this.#text, endAt(at));
        const operand = tokens.find((token) => token.kind === 'identifier');
        const name = operand?.text.replace(/^__(.*)__$/, '$1') ?? '';
        return [numberAt(at, answer(name) ? 1 : 0)];
      };
    const hasInclude =
      (next: boolean): Builtin =>
      (at, read) => {
        const operand = parenthesized(at, read);
        const plain = operand[0]?.text === '<' || operand[0]?.kind === 'string';
        const wanted = headerName(plain ? operand : expandTokens(operand, this.#text, endAt(at)));
        if (!wanted) throw errorAt(at, `expected ("header") or (<header>) after ${at.text}`);
        const from = this.#frames.at(-1)?.file as SourceFile;
        return [numberAt(at, this.#find(wanted, from, next) ? 1 : 0)];
      };
    return new Map<string, Builtin>([
      ['__FILE__', text((at) => at.file.name)],
      ['__BASE_FILE__', text(() => '<command line>')],
      // The output may not depend on the day it is made.
      ['__DATE__', text(() => '??? ?? ????')],
      ['__TIME__', text(() => '??:??:??')],
      ['__TIMESTAMP__', text(() => '??? ??? ?? ??:??:?? ????')],
      ['__LINE__', number((at) => at.file.lineAt(at.offset))],
      ['__COUNTER__', number(() => this.#counter++)],
      ['__INCLUDE_LEVEL__', number(() => this.#frames.length - 1)],
      ['__has_include', hasInclude(false)],
      ['__has_include_next', hasInclude(true)],
      ['__has_attribute', asks((name) => this.#target.attributes.has(name))],
      ['__has_cpp_attribute', asks(() => false)],
      ['__has_c_attribute', asks(() => false)],
      ['__has_builtin', asks((name) => this.#target.builtins.has(name))],
      [
        '_Pragma',
        (at, read) => {
          const [operand] = parenthesized(at, read);
          if (operand?.kind !== 'string') throw errorAt(at, 'expected ("pragma") after _Pragma');
          const content = operand.text.slice(operand.text.indexOf('"') + 1, -1).replace(/\\(["\\])/g, '$1');
          const pragma = this.#pragma(this.#frames.at(-1) as Frame, at, lexText(at.file, content));
          return pragma ? [pragma] : [];
        },
      ],
    ]);
  }
}

function isTagWord(text: string): text is 'struct' | 'union' | 'enum' {
  return text === 'struct' || text === 'union' || text === 'enum';
}

/** Whether the body of a macro that nothing expands looks like a use of `_IO` or one of its kind. */
function isRequest([name, open]: readonly Token[]): boolean {
  return name !== undefined && requestMacros.includes(name.text) && open?.text === '(';
}

/** In tokens: each definition under a condition has its own copy of the words. */
const longestGroup = 100;

function skippedAt(kind: Skipped['kind'], at: Token, group: readonly Token[]): Skipped {
  const rest = group.length > longestGroup ? ' …' : '';
  return { kind, name: at.text, at, group: `#${spell(group.slice(0, longestGroup))}${rest}` };
}

const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

function fail(at: Token, problem: string): never {
  throw errorAt(at, problem);
}

function notFound(name: string, roots: readonly string[]): string {
  const absent = absentHeaders.get(name);
  const owner = absent === undefined ? debianPackageOf(name) : undefined;
  const remedy = [
    ...(absent === undefined ? [] : [`${absent}; `]),
    ...(owner === undefined ? [] : [`install the Debian package ${owner}, or `]),
    'name the folder that has it with --include',
  ].join('');
  return `<${name}> is not in ${roots.join(', ') || 'any include folder (there are none)'}; ${remedy}`;
}

function headerName(tokens: readonly Token[]): { name: string; quoted: boolean } | undefined {
  const [head] = tokens;
  if (head?.kind === 'string') return { name: head.text.slice(1, -1), quoted: true };
  if (head?.text !== '<') return undefined;
  const close = tokens.findIndex((token) => token.text === '>');
  return close === -1 ? undefined : { name: spell(tokens.slice(1, close)), quoted: false };
}

function parenthesized(at: Token, read: () => Token): Token[] {
  if (read().text !== '(') throw errorAt(at, `expected '(' after ${at.text}`);
  const tokens: Token[] = [];
  for (let depth = 0; ; ) {
    const token = read();
    if (token.kind === 'end') throw errorAt(at, `the '(' after ${at.text} is never closed`);
    if (token.text === '(') depth++;
    if (token.text === ')' && depth-- === 0) return tokens;
    tokens.push(token);
  }
}

function numberAt(at: Token, value: number): Token {
  return tokenLike(at, { kind: 'number', text: String(value) });
}

function spell(tokens: readonly Token[]): string {
  return tokens.map((token, index) => (token.space && index > 0 ? ' ' : '') + token.text).join('');
}

function linesOf(tokens: readonly Token[]): Token[][] {
  const lines: Token[][] = [];
  for (const token of tokens) {
    if (token.kind === 'end') break;
    if (token.first) lines.push([]);
    lines.at(-1)?.push(token);
  }
  return lines;
}
