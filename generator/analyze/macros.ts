/** Macros to constants, ioctls and functions. A macro without a value is an omission with the reason. */

import { ArithmeticError } from '../c/evaluator/arithmetic.js';
import { stringBytes } from '../c/evaluator/literals.js';
import { Unresolvable } from '../c/evaluator/unresolvable.js';
import type { Layout } from '../c/layout/layout.js';
import { spellType } from '../c/layout/type-names.js';
import { lexText } from '../c/lexer.js';
import type { Parsed } from '../c/parser/declarations.js';
import type { TypeNames } from '../c/parser/expressions.js';
import type { ExpansionCache } from '../c/preprocessor/expansion-cache.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, Declarations } from '../c/syntax.js';
import { locationOf, type Token } from '../c/tokens.js';
import { LimitError, SourceError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import { announcementsOf } from '../kernel/capabilities.js';
import { definingHeadersOf } from '../kernel/defining-headers.js';
import { type IoctlOverride, overrideOf } from '../kernel/ioctl-arguments.js';
import { fdRowsOf } from '../kernel/ioctl-fds.js';
import type { Constant, FdKind, FunctionMacro, Ioctl, Omission, Passing } from '../model/model.js';
import type { Comments } from './comments.js';
import { functionValue, type MacroReader, withoutPlaceholders } from './function-macros.js';
import { modelInteger } from './integer-values.js';
import { Requests, type RequestUse } from './ioctl-requests.js';
import { expressionIn, typeIn, withoutParentheses } from './macro-bodies.js';
import { commented, type RecordAnalyzer } from './records.js';

/** What macros expand to. */
const wholes: ExpansionCache = new WeakMap();

export interface AnalyzedMacros {
  readonly constants: readonly Constant[];
  readonly ioctls: readonly Ioctl[];
  readonly functions: readonly FunctionMacro[];
  readonly omissions: readonly Omission[];
}

export class MacroAnalyzer {
  readonly #preprocessed: Preprocessed;
  readonly #layout: Layout;
  readonly #typeNames: TypeNames;
  readonly #declarations: Declarations;
  readonly #requests: Requests;
  readonly #comments: Comments;
  /** The names of all members. */
  #members: ReadonlySet<string | null> | undefined;
  readonly #reader: MacroReader;

  constructor(preprocessed: Preprocessed, layout: Layout, { typeNames, declarations }: Parsed, comments: Comments) {
    this.#preprocessed = preprocessed;
    this.#layout = layout;
    this.#typeNames = typeNames;
    this.#declarations = declarations;
    this.#requests = new Requests(preprocessed, layout, typeNames);
    this.#comments = comments;
    this.#reader = {
      layout,
      expand: preprocessed.expand,
      parse: (tokens, at) => expressionIn(tokens, at, typeNames),
    };
  }

  /** The types that the ioctls of a header point to, as far as they are defined. */
  argumentTypes(file: SourceFile): CType[] {
    const types: CType[] = [];
    for (const macro of this.#macros()) {
      if (macro.at.file !== file) continue;
      const request = this.#requests.of(macro);
      const argument = request && (this.#overriding(macro).argument ?? request.argument);
      if (argument && this.#hasSize(argument, macro.at)) types.push(argument);
    }
    return types;
  }

  analyze(covered: ReadonlySet<SourceFile>, types: RecordAnalyzer): AnalyzedMacros {
    const constants: Constant[] = [];
    const ioctls: Ioctl[] = [];
    const functions: FunctionMacro[] = [];
    const omissions: Omission[] = [];
    for (const macro of this.#macros()) {
      if (!covered.has(macro.at.file)) continue;
      const { name } = macro;
      const location = locationOf(macro.at);
      const comment = commented(this.#comments.ofMacro(macro));
      if (macro.parameters !== null) {
        const parameters = parameterNames(macro);
        try {
          functions.push({ name, parameters, value: functionValue(macro, this.#reader), location, ...comment });
        } catch (error) {
          omissions.push({
            kind: 'macro',
            name,
            parameters,
            reason: withoutPlaceholders(this.#reasonOf(error)),
            location,
          });
        }
        continue;
      }
      const request = this.#requests.of(macro);
      try {
        const constant = this.#constant(macro, request);
        if (constant === undefined) {
          omissions.push({ kind: 'macro', name, reason: 'defined as nothing: it has no value', location });
          continue;
        }
        const aliasOf = this.#aliasOf(macro);
        const { value, type } = constant;
        constants.push(
          aliasOf === undefined
            ? { name, value, type, location, ...comment }
            : { name, value, type, aliasOf, location, ...comment },
        );
        if (request) ioctls.push({ ...this.#ioctl(macro, Number(constant.value) >>> 0, request, types), ...comment });
      } catch (error) {
        omissions.push({ kind: request ? 'ioctl' : 'macro', name, reason: this.#reasonOf(error), location });
      }
    }
    return { constants, ioctls, functions, omissions };
  }

  /** As they are now: a body can define another one while it is expanded (`_Pragma("pop_macro(…)")`). */
  #macros(): Macro[] {
    return [...this.#preprocessed.macros.values()];
  }

  /** The value of an object-like macro; undefined where it expands to nothing. */
  #constant(macro: Macro, request: RequestUse | undefined): Pick<Constant, 'value' | 'type'> | undefined {
    const requested = request && this.#requests.value(request, macro.at);
    if (requested) return { value: modelInteger(requested), type: requested.type.name };
    const tokens = this.#preprocessed.expandMacro(macro, wholes);
    if (tokens.length === 0) return undefined;
    const text = tokens.some(({ kind }) => kind === 'string') ? withoutParentheses(tokens) : [];
    if (text.length > 0 && text.every(({ kind }) => kind === 'string')) {
      const bytes = Uint8Array.from(text.flatMap((token) => stringBytes(token.text)));
      return { value: textOf(bytes), type: `char[${bytes.length + 1}]` };
    }
    const value = this.#layout.evaluate(expressionIn(tokens, macro.at, this.#typeNames));
    return { value: modelInteger(value), type: value.type.name };
  }

  /** The ioctl that a macro is only another name of, perhaps through further names. */
  #aliasOf(macro: Macro): string | undefined {
    let other = this.#namedBy(macro);
    // Nearly all name no other macro at all.
    if (!other) return undefined;
    for (const seen = new Set<Macro>(); other && !seen.has(other); other = this.#namedBy(other)) {
      if (this.#requests.of(other)) return other.name;
      seen.add(other);
    }
    return undefined;
  }

  /** The macro whose name is the whole body of another, perhaps in parentheses. */
  #namedBy(macro: Macro): Macro | undefined {
    if (macro.parameters !== null) return undefined;
    const body = withoutParentheses(macro.body);
    const name = body.length === 1 ? body[0] : undefined;
    return name && this.#preprocessed.macros.get(name.text);
  }

  #reasonOf(error: unknown): string {
    if (error instanceof SourceError && !(error instanceof LimitError)) return `not an expression: ${error.problem}`;
    if (error instanceof ArithmeticError) return error.message;
    if (!(error instanceof Unresolvable)) throw error;
    const named = error.undefinedName === null ? undefined : this.#meaningOf(error.undefinedName);
    return named === undefined ? error.message : `'${error.undefinedName}' names ${named}, not a value`;
  }

  /** What a name means that is no value. */
  #meaningOf(name: string): string | undefined {
    if (this.#preprocessed.macros.has(name)) return 'a function-like macro';
    const tagged = this.#declarations.tags.get(name);
    if (tagged) return `the tag of ${'keyword' in tagged ? `a ${tagged.keyword}` : 'an enum'}`;
    this.#members ??= memberNames(this.#declarations);
    return this.#members.has(name) ? 'a member' : undefined;
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

  #ioctl(macro: Macro, request: number, { argument }: RequestUse, types: RecordAnalyzer): Ioctl {
    const { name, at } = macro;
    const fields = this.#requests.fields(request, at);
    const { override, argument: other } = this.#overriding(macro);
    const unread =
      override?.argument === undefined || other ? undefined : definingHeadersOf.get(override.argument)?.at(-1)?.header;
    if (unread !== undefined)
      throw new Unresolvable(at, `takes a ${override?.argument}, and <${unread}> could not be read`);
    const real = other ?? argument;
    const fds = fdsOf(name, at.file.name, this.#layout.target.kernelArchitecture);
    const capability = this.#capabilityOf(macro, fds);
    const declared: Passing = fields.direction === 'none' && fields.size === 0 ? 'nothing' : 'pointer';
    return {
      name,
      request,
      direction: fields.direction,
      type: fields.type,
      nr: fields.nr,
      argument: real && spellArgument(real, this.#layout),
      shape: real && types.shape(real),
      passes: override?.passes ?? declared,
      size: fields.size,
      location: locationOf(at),
      ...(fds.length === 0 ? {} : { fds }),
      ...(capability === undefined ? {} : { capability }),
      ...(override ? { override: modelOverride(override) } : {}),
    };
  }

  /** The capability of an ioctl, as far as the header defines it: headers of older kernels do not have every capability. */
  #capabilityOf({ name, at }: Macro, fds: readonly FdKind[]): Ioctl['capability'] {
    const isDefined = (capability: string): boolean => this.#preprocessed.macros.has(capability);
    const { all, byFd } = announcementsOf(name, at.file.name, this.#layout.target.kernelArchitecture);
    if (all !== undefined) return isDefined(all) ? all : undefined;
    const own = fds.flatMap((fd) => {
      const capability = byFd.get(fd);
      return capability !== undefined && isDefined(capability) ? [[fd, capability] as const] : [];
    });
    return own.length === 0 ? undefined : Object.fromEntries(own);
  }

  /** What is known of an ioctl beyond its macro, and the type it really takes, if that is defined. */
  #overriding({ name, at }: Macro): { readonly override?: IoctlOverride; readonly argument?: CType } {
    const override = overrideOf(at.file.name, name, this.#layout.target.kernelArchitecture);
    if (!override) return {};
    if (override.argument === undefined) return { override };
    const argument = typeIn(lexText(at.file, override.argument), at, this.#typeNames);
    return argument && this.#hasSize(argument, at) ? { override, argument } : { override };
  }
}

function memberNames({ records }: Declarations): Set<string | null> {
  const names = new Set<string | null>();
  for (const { members } of records) for (const { name } of members) names.add(name);
  return names;
}

/** The kinds of file descriptor that an ioctl is made on, as far as is known. */
function fdsOf(name: string, header: string, kernelArchitecture: string): FdKind[] {
  const rows = (fdRowsOf.get(name) ?? []).filter((row) => row.header === header);
  const here = rows.filter(({ architecture = kernelArchitecture }) => architecture === kernelArchitecture);
  return [...new Set((here.length > 0 ? here : rows).map(({ fd }) => fd))];
}

/** The text of a C string; where its bytes are not UTF-8, one character per byte. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

function modelOverride({ source, direction, followsPointers }: IoctlOverride): NonNullable<Ioctl['override']> {
  return {
    source,
    ...(direction === undefined ? {} : { direction }),
    ...(followsPointers === undefined ? {} : { followsPointers }),
  };
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
