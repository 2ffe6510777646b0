/**
 * Converts files to one stream of expanded tokens. It processes includes, conditionals, definitions and pragmas
 * (translation phase 4).
 */

import { commandLine, MissingHeaderError, NoKvmError, type SourceError } from '../../errors.js';
import { SourceFile } from '../../headers/files.js';
import type { Resolver } from '../../headers/resolver.js';
import { definingHeadersOf } from '../../kernel/defining-headers.js';
import { type Budget, Depth, deepestInclude, tokenBudget, ValueBudget } from '../../limits.js';
import { standardAttributes } from '../../targets/common/attributes.js';
import type { Target } from '../../targets/target.js';
import { lexFile, lexText } from '../lexer.js';
import { endAt, errorAt, type Token, tokenLike, undefinedNameAt } from '../tokens.js';
import { withAnnotation } from './annotations.js';
import { conditionHolds } from './condition.js';
import { type Definitions, definitionsIn, initialMacros } from './definitions.js';
import {
  headerName,
  isRequest,
  isTagWord,
  macroNameIn,
  notFound,
  numberAt,
  parenthesized,
  type Skipped,
  skippedAt,
  spell,
  strayProblem,
  testedNames,
} from './directives.js';
import { type Builtin, Expander, type Expansion, expandTokens } from './expander.js';
import { type ExpansionCache, expandMacro, type HoldingExpansions, standsForItself } from './expansion-cache.js';
import { includeGuardOf } from './include-guards.js';
import { type Macro, type MacroTable, parseDefinition } from './macros.js';
import { checkPragma, poisonedNames } from './pragmas.js';

export interface Preprocessed {
  /** The last token has the kind `end`. */
  readonly tokens: readonly Token[];
  /** The macros at the end of the text. */
  readonly macros: MacroTable;
  /** The macros at the end of the text without those of the compiler, in the order of their definitions. */
  readonly definitions: readonly Macro[];
  /** All headers read: first the requested header, then the others in the order of their first reading. */
  readonly files: readonly SourceFile[];
  /** The headers that each header includes directly. */
  readonly includes: ReadonlyMap<SourceFile, ReadonlySet<SourceFile>>;
  /** The headers whose `#error` refuses to include them directly, and that another header included. */
  readonly refusing: ReadonlySet<SourceFile>;
  /** The conditionals without an `#else` of which no group was taken, in reading order. */
  readonly unmet: readonly UnmetConditional[];
  /** The definitions in skipped groups, in reading order. */
  readonly skipped: readonly Skipped[];
  /** Expands tokens with the macros at the end of the text. The macros in `except` are not expanded. */
  expand(tokens: readonly Token[], except?: Iterable<string>): readonly Token[];
  /**
   * Returns the expansion of a macro's name with the macros at the end of the text. The macros in `except` are not
   * expanded. Each list of such macros needs its own cache.
   */
  expandMacro(macro: Macro, cache: ExpansionCache, except?: Iterable<string>): readonly Token[];
}

/** A conditional without an `#else` of which no group was taken. */
export interface UnmetConditional {
  /** The word `if`, `ifdef` or `ifndef`. */
  readonly at: Token;
  /** The lines of the conditions, from `if` or `elif` on. */
  readonly conditions: readonly (readonly Token[])[];
}

/** Preprocesses a translation unit: the definitions of the user, the required includes, then one header. */
export function preprocess(
  header: string,
  resolver: Resolver,
  target: Target,
  requiredIncludes: readonly string[] = [],
  define: Definitions = {},
): Preprocessed {
  return new Preprocessor(resolver, target, define).run(header, requiredIncludes);
}

interface Conditional {
  readonly at: Token;
  /** The lines of the conditions that were evaluated. */
  readonly conditions: (readonly Token[])[];
  /** Whether one of the groups was taken. */
  taken: boolean;
  /** Whether the `#else` was read. */
  closed: boolean;
}

interface Frame {
  readonly file: SourceFile;
  readonly tokens: readonly Token[];
  next: number;
  /** The difference that `#line` makes to the number of a line. */
  lineShift: number;
  readonly conditionals: Conditional[];
  /** The `#include` that opened this file. */
  readonly from: Token | null;
}

class Preprocessor {
  readonly #resolver: Resolver;
  readonly #target: Target;
  readonly #macros: MacroTable;
  readonly #files = new Set<SourceFile>();
  readonly #includes = new Map<SourceFile, Set<SourceFile>>();
  readonly #once = new Set<SourceFile>();
  readonly #pushed = new Map<string, (Macro | undefined)[]>();
  readonly #frames: Frame[] = [];
  readonly #skipped: Skipped[] = [];
  readonly #refusing = new Set<SourceFile>();
  readonly #unmet: UnmetConditional[] = [];
  /** The names that `#pragma GCC poison` forbids. */
  readonly #poisoned = new Set<string>();
  readonly #holding: HoldingExpansions = new Set();
  readonly #text: Expansion;
  readonly #conditions: Expansion;
  #counter = 0;

  constructor(resolver: Resolver, target: Target, define: Definitions) {
    this.#resolver = resolver;
    this.#target = target;
    this.#macros = initialMacros(target, define);
    const shared = { active: new Set<Macro>(), budget: tokenBudget(), depth: new Depth<Token>(errorAt) };
    const builtins = this.#builtins();
    const defined: Builtin = (name, read) => [this.#defined(name, read)];
    this.#text = { macros: this.#macros, builtins, ...shared };
    this.#conditions = { macros: this.#macros, builtins: new Map([...builtins, ['defined', defined]]), ...shared };
  }

  run(header: string, requiredIncludes: readonly string[]): Preprocessed {
    const includes = [...requiredIncludes, header].map((name) => `#include <${name}>\n`).join('');
    this.#enter(new SourceFile(commandLine, commandLine, -1, encode(includes)), null);
    const expander = new Expander(this.#text, (inUse) => this.#read(inUse));
    const tokens: Token[] = [];
    for (;;) {
      const token = expander.next();
      if (token.kind === 'other') throw errorAt(token, strayProblem(token));
      tokens.push(token);
      if (token.kind === 'end') {
        const values = new ValueBudget();
        return {
          tokens,
          macros: this.#macros,
          definitions: definitionsIn(this.#macros),
          files: this.#filesFrom(header),
          includes: this.#includes,
          refusing: this.#refusing,
          unmet: this.#unmet,
          skipped: this.#skipped,
          expand: (list, except = []) =>
            values.within((budget) => expandTokens(list, this.#leaving(except, budget), token)),
          expandMacro: (macro, cache, except = []) =>
            standsForItself(macro)
              ? macro.body
              : values.within((budget) =>
                  expandMacro(macro, this.#leaving(except, budget), token, cache, this.#holding),
                ),
        };
      }
    }
  }

  #filesFrom(header: string): SourceFile[] {
    const main = this.#resolver.system(header);
    return main ? [main, ...[...this.#files].filter((file) => file !== main)] : [];
  }

  /** Returns an expansion that does not expand some macros. It treats these macros as already being expanded. */
  #leaving(except: Iterable<string>, budget: Budget): Expansion {
    const active = new Set<Macro>();
    for (const name of except) {
      const macro = this.#macros.get(name);
      if (macro) active.add(macro);
    }
    return { ...this.#text, active, budget };
  }

  #enter(file: SourceFile, from: Token | null): void {
    const { tokens } = lexFile(file);
    this.#text.budget.spend(tokens.length, from ?? (tokens[0] as Token));
    this.#frames.push({ file, tokens, next: 0, lineShift: 0, conditionals: [], from });
  }

  /**
   * Returns the next token that does not belong to a directive. A macro use cannot continue after the end of its file.
   */
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
      if (!token.first || token.text !== '#' || token.kind !== 'punctuator') {
        this.#checkPoison(token);
        return token;
      }
      const line = this.#restOfLine(frame);
      if (this.#poisoned.size > 0 && line[0]?.text !== 'pragma') for (const each of line) this.#checkPoison(each);
      const result = this.#directive(frame, line);
      if (result) return result;
    }
  }

  #checkPoison(token: Token): void {
    if (this.#poisoned.size > 0 && token.kind === 'identifier' && this.#poisoned.has(token.text))
      throw errorAt(token, `uses '${token.text}', which a #pragma GCC poison forbids`);
  }

  #restOfLine(frame: Frame): Token[] {
    const start = frame.next;
    for (;;) {
      const token = frame.tokens[frame.next] as Token;
      if (token.first || token.kind === 'end') return frame.tokens.slice(start, frame.next);
      frame.next++;
    }
  }

  /** Processes a directive. Returns a token if the parser needs it. */
  #directive(frame: Frame, line: readonly Token[]): Token | undefined {
    const name = line[0];
    if (!name) return undefined;
    if (name.kind === 'number') return this.#line(frame, name, line);
    switch (name.text) {
      case 'define': {
        const macro = withAnnotation(parseDefinition(line, 1));
        this.#macros.delete(macro.name);
        this.#macros.set(macro.name, macro);
        return undefined;
      }
      case 'undef':
        this.#macros.delete(macroNameIn(line).text);
        return undefined;
      case 'include':
      case 'include_next':
      case 'import':
        this.#include(frame, name, line.slice(1));
        return undefined;
      case 'if':
      case 'ifdef':
      case 'ifndef':
        this.#if(frame, name, line);
        return undefined;
      case 'elif':
      case 'elifdef':
      case 'elifndef':
      case 'else': {
        const open = this.#conditional(frame, name);
        if (open.closed) throw errorAt(name, `#${name.text} after the #else of this #${open.at.text}`);
        open.closed = name.text === 'else';
        // After a taken group, all following groups are skipped.
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
        throw this.#refusal(frame, name, `#error ${spell(line.slice(1))}`.trimEnd());
      case 'warning':
      case 'ident':
      case 'sccs':
        return undefined;
      case 'line':
        return this.#line(frame, name, line.slice(1));
      default:
        throw errorAt(name, `unknown directive #${name.text}`);
    }
  }

  /** Processes `#line 7` and `# 7 "file"`. The next line has this number. Errors and the model keep the real lines. */
  #line(frame: Frame, at: Token, line: readonly Token[]): undefined {
    const [number] = expandTokens(line, this.#text, endAt(at));
    if (number?.kind !== 'number' || !/^\d{1,10}$/.test(number.text))
      throw errorAt(number ?? at, 'expected the number of a line, in decimal digits');
    const next = frame.tokens[frame.next - 1] ?? at;
    frame.lineShift = Number(number.text) - (frame.file.lineAt(next.offset) + 1);
  }

  /** Returns the error of an `#error`. It names the first undefined name in the conditions that led to it. */
  #refusal(frame: Frame, at: Token, problem: string): SourceError {
    const names = (frame.conditionals.at(-1)?.conditions ?? []).flatMap(testedNames);
    const lacking = names.filter((name) => !this.#isDefined(name));
    const known = lacking.find((name) => definingHeadersOf.has(name));
    if (known !== undefined) return undefinedNameAt(at, problem, known);
    const wanted = lacking.find((name) => problem.includes(name));
    return errorAt(at, wanted === undefined ? problem : `${problem}; define it with --define ${wanted}=VALUE`);
  }

  #isDefined(name: string): boolean {
    return this.#macros.has(name) || this.#text.builtins.get(name) !== undefined;
  }

  #conditional(frame: Frame, name: Token): Conditional {
    const open = frame.conditionals.at(-1);
    if (!open) throw errorAt(name, `#${name.text} without an #if before it in this file`);
    return open;
  }

  #if(frame: Frame, name: Token, line: readonly Token[]): void {
    const open: Conditional = { at: name, conditions: [line], taken: false, closed: false };
    frame.conditionals.push(open);
    if (this.#holds(name, line)) open.taken = true;
    else this.#skip(frame, line);
  }

  #holds(name: Token, line: readonly Token[]): boolean {
    if (name.text.endsWith('def')) {
      return this.#isDefined(macroNameIn(line).text) !== name.text.endsWith('ndef');
    }
    const expanded = expandTokens(line.slice(1), this.#conditions, endAt(name));
    return conditionHolds(expanded, name, this.#target);
  }

  /**
   * Skips groups until a group of the innermost conditional is taken, or until its `#endif`. `first` starts the first
   * group.
   */
  #skip(frame: Frame, first: readonly Token[]): void {
    const open = frame.conditionals.at(-1) as Conditional;
    let group = first;
    let depth = 0;
    for (;;) {
      const token = frame.tokens[frame.next] as Token;
      if (token.kind === 'end') throw errorAt(open.at, `#${open.at.text} is never closed; add the missing #endif`);
      frame.next++;
      if (!token.first || token.text !== '#') {
        if (!isTagWord(token.text)) continue;
        const tag = frame.tokens[frame.next];
        if (tag && frame.tokens[frame.next + 1]?.text === '{') this.#skipped.push(skippedAt(token.text, tag, group));
        continue;
      }
      const line = this.#restOfLine(frame);
      const name = line[0];
      if (!name) continue;
      if (name.text === 'define' && line[1]) {
        this.#skipped.push(skippedAt(isRequest(line.slice(2)) ? 'ioctl' : 'macro', line[1], group));
      } else if (name.text === 'error' && depth === 0) this.#noteRefusal(frame, group);
      else if (name.text === 'if' || name.text === 'ifdef' || name.text === 'ifndef') depth++;
      else if (name.text === 'endif' && depth-- === 0) {
        if (!open.taken) this.#unmet.push({ at: open.at, conditions: open.conditions });
        frame.conditionals.pop();
        return;
      } else if (depth === 0 && (name.text === 'else' || name.text.startsWith('elif'))) {
        if (open.closed) throw errorAt(name, `#${name.text} after the #else of this #${open.at.text}`);
        open.closed = name.text === 'else';
        group = line;
        if (open.taken) continue;
        if (!open.closed) open.conditions.push(line);
        if (open.closed || this.#holds(name, line)) {
          open.taken = true;
          return;
        }
      }
    }
  }

  /**
   * Notes that a header refuses to be included directly: its `#error` is skipped only because a header that includes it
   * has defined one of the names in the condition.
   */
  #noteRefusal(frame: Frame, group: readonly Token[]): void {
    const includers = this.#frames.filter(({ file }) => file !== frame.file);
    const isDefinedByIncluder = ({ kind, text }: Token): boolean => {
      const definition = kind === 'identifier' ? this.#macros.get(text)?.at.file : undefined;
      return definition !== undefined && includers.some(({ file }) => file === definition);
    };
    if (group.slice(1).some(isDefinedByIncluder)) this.#refusing.add(frame.file);
  }

  #include(frame: Frame, directive: Token, line: readonly Token[]): void {
    const operand = line[0];
    if (!operand) throw errorAt(directive, `#${directive.text} without a header`);
    const spelled =
      operand.kind === 'header name' || operand.kind === 'string'
        ? line
        : expandTokens(line, this.#text, endAt(operand));
    const wanted = headerName(spelled) ?? fail(operand, 'expected "header" or <header>');
    const file = this.#find(wanted, frame.file, directive.text === 'include_next');
    if (!file) throw this.#missing(operand, wanted.name);
    this.#includes.set(frame.file, (this.#includes.get(frame.file) ?? new Set()).add(file));
    if (this.#once.has(file)) return;
    if (directive.text === 'import') this.#once.add(file);
    if (this.#isGuarded(file)) return;
    if (this.#frames.length > deepestInclude) {
      const cycle = this.#frames.slice(-6).map((open) => open.file.name);
      throw errorAt(operand, `recursive include: ${[...cycle, file.name].join(' → ')}; add an include guard`);
    }
    if (!this.#resolver.isFreestanding(file)) this.#files.add(file);
    this.#enter(file, operand);
  }

  /** Whether a file was read before, and its include guard skips all of it now. */
  #isGuarded(file: SourceFile): boolean {
    if (!this.#files.has(file)) return false;
    const guard = includeGuardOf(file);
    return guard !== null && this.#isDefined(guard);
  }

  #missing({ file, offset }: Token, name: string): MissingHeaderError {
    const { line, column } = file.placeAt(offset);
    const { roots } = this.#resolver;
    // If the architecture has other headers, the advice to install its headers would not help.
    if (!/^(?:linux|asm)\/kvm\.h$/.test(name) || !this.#resolver.system('asm/types.h'))
      return new MissingHeaderError(file.path, line, column, notFound(name, roots, this.#target), name);
    const { name: architecture, withoutKvm = 'they may be incomplete' } = this.#target;
    const problem = `the headers for ${architecture} have no <${name}>: ${withoutKvm}; give other headers with --from or --include, or another --arch`;
    return new NoKvmError(file.path, line, column, problem, name);
  }

  #find(wanted: { name: string; quoted: boolean }, from: SourceFile, next: boolean): SourceFile | undefined {
    if (next) return this.#resolver.system(wanted.name, from.root);
    return wanted.quoted ? this.#resolver.quoted(wanted.name, from) : this.#resolver.system(wanted.name);
  }

  #pragma(frame: Frame, at: Token, line: readonly Token[]): Token | undefined {
    const [word, open, argument, close] = line;
    switch (word?.text) {
      case 'once':
        this.#once.add(frame.file);
        return undefined;
      case 'push_macro':
      case 'pop_macro': {
        if (open?.text !== '(' || argument?.kind !== 'string' || close?.text !== ')')
          throw errorAt(word, `expected ("name") after ${word.text}`);
        this.#pushOrPop(word.text === 'push_macro', argument.text.slice(1, -1));
        return undefined;
      }
      case 'pack':
        return tokenLike(at, { kind: 'pragma', text: spell(line) });
      default:
        for (const { text } of poisonedNames(line) ?? []) this.#poisoned.add(text);
        checkPragma(line, this.#target);
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
    // The expansion of a macro can have this pragma, after the header was read.
    this.#holding.clear();
  }

  #defined(name: Token, read: () => Token): Token {
    let operand = read();
    const open = operand.text === '(';
    if (open) operand = read();
    if (operand.kind !== 'identifier') throw errorAt(name, "expected a name after 'defined'");
    if (open && read().text !== ')') throw errorAt(name, "expected ')' after 'defined('");
    return numberAt(name, this.#isDefined(operand.text) ? 1 : 0);
  }

  #lineOf({ file, offset }: Token): number {
    const frame = this.#frames.findLast((open) => open.file === file);
    return file.lineAt(offset) + (frame?.lineShift ?? 0);
  }

  #builtins(): Map<string, Builtin> {
    const text =
      (spelling: (at: Token) => string): Builtin =>
      (at) => [tokenLike(at, { kind: 'string', text: `"${spelling(at)}"` })];
    const number =
      (value: (at: Token) => number): Builtin =>
      (at) => [numberAt(at, value(at))];
    const asks =
      (answer: (name: string, scope: string | null) => number): Builtin =>
      (at, read) => {
        const tokens = expandTokens(parenthesized(at, read), this.#text, endAt(at));
        const names = tokens
          .filter(({ kind }) => kind === 'identifier')
          .map(({ text }) => text.replace(/^__(.*)__$/, '$1'));
        const isScoped = names.length > 1 && tokens[1]?.text.startsWith(':') === true;
        return [numberAt(at, answer(names[isScoped ? 1 : 0] ?? '', isScoped ? (names[0] ?? '') : null))];
      };
    const isGnu = (name: string): number => (this.#target.attributes().has(name) ? 1 : 0);
    const scoped = (name: string, scope: string): number => (scope === 'gnu' ? isGnu(name) : 0);
    const hasAttribute = asks((name, scope) =>
      scope === null ? (standardAttributes.get(name) ?? isGnu(name)) : scoped(name, scope),
    );
    const hasInclude =
      (next: boolean): Builtin =>
      (at, read) => {
        const operand = parenthesized(at, read);
        const plain = operand[0]?.kind === 'header name' || operand[0]?.kind === 'string';
        const wanted = headerName(plain ? operand : expandTokens(operand, this.#text, endAt(at)));
        if (!wanted) throw errorAt(at, `expected ("header") or (<header>) after ${at.text}`);
        const from = this.#frames.at(-1)?.file as SourceFile;
        return [numberAt(at, this.#find(wanted, from, next) ? 1 : 0)];
      };
    return new Map<string, Builtin>([
      ['__FILE__', text((at) => at.file.name)],
      ['__BASE_FILE__', text(() => commandLine)],
      // The output must not depend on the date of the run.
      ['__DATE__', text(() => '??? ?? ????')],
      ['__TIME__', text(() => '??:??:??')],
      ['__TIMESTAMP__', text(() => '??? ??? ?? ??:??:?? ????')],
      ['__LINE__', number((at) => this.#lineOf(at))],
      ['__COUNTER__', number(() => this.#counter++)],
      ['__INCLUDE_LEVEL__', number(() => this.#frames.length - 1)],
      ['__has_include', hasInclude(false)],
      ['__has_include_next', hasInclude(true)],
      ['__has_attribute', hasAttribute],
      ['__has_cpp_attribute', hasAttribute],
      [
        '__has_c_attribute',
        asks((name, scope) => (scope === null ? (standardAttributes.get(name) ?? 0) : scoped(name, scope))),
      ],
      ['__has_builtin', asks((name) => (this.#target.builtins().has(name) ? 1 : 0))],
      ['_Pragma', (at, read) => this.#pragmaOperator(at, parenthesized(at, read))],
    ]);
  }

  /** Handles the operator `_Pragma`. */
  #pragmaOperator(at: Token, operands: Token[]): Token[] {
    const [operand, more] = expandTokens(operands, this.#text, endAt(at));
    if (operand?.kind !== 'string' || more) throw errorAt(at, 'expected ("pragma") after _Pragma');
    const content = operand.text.slice(operand.text.indexOf('"') + 1, -1).replace(/\\(["\\])/g, '$1');
    // The tokens have the place of the operator.
    const line = lexText(at.file, content).map(({ kind, text, space }) => tokenLike(at, { kind, text, space }));
    const pragma = this.#pragma(this.#frames.at(-1) as Frame, at, line);
    return pragma ? [pragma] : [];
  }
}

const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

function fail(at: Token, problem: string): never {
  throw errorAt(at, problem);
}
