/** Converts macros to constants, ioctls and functions. A macro without a value becomes an omission with the reason. */

import { ArithmeticError } from '../c/evaluator/arithmetic.js';
import { stringBytes } from '../c/evaluator/literals.js';
import type { Layout } from '../c/layout/layout.js';
import type { Parsed } from '../c/parser/declarations.js';
import type { TypeNames } from '../c/parser/expressions.js';
import type { ExpansionCache } from '../c/preprocessor/expansion-cache.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import { LimitError, LongExpansionError, SourceError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import type { Constant, FunctionMacro, Ioctl, Omission } from '../model/model.js';
import { ChangingMacros } from './changing-macros.js';
import type { Comments } from './comments.js';
import { functionValue, type MacroReader, withoutPlaceholders } from './function-macros.js';
import { modelInteger } from './integer-values.js';
import type { RequestUse } from './ioctl-requests.js';
import type { IoctlAnalyzer } from './ioctls.js';
import { expressionIn, withoutParentheses } from './macro-bodies.js';
import { commented, type RecordAnalyzer } from './records.js';
import { textOfBytes } from './texts.js';

/** Caches the full expansions of macros. */
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
  readonly #ioctls: IoctlAnalyzer;
  readonly #comments: Comments;
  /** The names of all members. */
  #members: ReadonlySet<string | null> | undefined;
  readonly #reader: MacroReader;
  readonly #changing: ChangingMacros;

  constructor(
    preprocessed: Preprocessed,
    layout: Layout,
    { typeNames, declarations }: Parsed,
    comments: Comments,
    ioctls: IoctlAnalyzer,
  ) {
    this.#preprocessed = preprocessed;
    this.#layout = layout;
    this.#typeNames = typeNames;
    this.#declarations = declarations;
    this.#ioctls = ioctls;
    this.#comments = comments;
    this.#changing = new ChangingMacros(preprocessed);
    this.#reader = {
      layout,
      expand: preprocessed.expand,
      parse: (tokens, at) => expressionIn(tokens, at, typeNames),
    };
  }

  analyze(covered: ReadonlySet<SourceFile>, types: RecordAnalyzer): AnalyzedMacros {
    const constants: Constant[] = [];
    const ioctls: Ioctl[] = [];
    const functions: FunctionMacro[] = [];
    const omissions: Omission[] = [];
    for (const macro of this.#preprocessed.definitions) {
      if (!covered.has(macro.at.file)) continue;
      const { name } = macro;
      const location = locationOf(macro.at);
      const comment = commented(this.#comments.ofMacro(macro));
      if (macro.parameters !== null) {
        const parameters = parameterNames(macro);
        try {
          this.#checkChanging(macro);
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
      const request = this.#ioctls.of(macro);
      try {
        this.#checkChanging(macro);
        const constant = this.#constant(macro, request);
        if (constant === undefined) {
          omissions.push({ kind: 'macro', name, reason: 'defined as nothing: it has no value', location });
          continue;
        }
        const aliasOf = this.#ioctls.aliasOf(macro);
        const { value, type } = constant;
        constants.push(
          aliasOf === undefined
            ? { name, value, type, location, ...comment }
            : { name, value, type, aliasOf, location, ...comment },
        );
        if (request)
          ioctls.push({ ...this.#ioctls.ioctl(macro, requestIn(constant, macro), request, types), ...comment });
      } catch (error) {
        omissions.push({ kind: request ? 'ioctl' : 'macro', name, reason: this.#reasonOf(error), location });
      }
    }
    this.#addEnumerators(covered, types, ioctls, omissions);
    return { constants, ioctls, functions, omissions };
  }

  /** Adds the ioctls whose requests are enumerators. Their values are in the enums. */
  #addEnumerators(
    covered: ReadonlySet<SourceFile>,
    types: RecordAnalyzer,
    ioctls: Ioctl[],
    omissions: Omission[],
  ): void {
    for (const { node, value, request } of this.#ioctls.enumeratorRequests(covered)) {
      try {
        const comment = commented(this.#comments.ofEnumerator(node));
        ioctls.push({ ...this.#ioctls.ioctl(node, value, request, types), ...comment });
      } catch (error) {
        const { name, at } = node;
        omissions.push({ kind: 'ioctl', name, reason: this.#reasonOf(error), location: locationOf(at) });
      }
    }
  }

  #checkChanging(macro: Macro): void {
    const name = this.#changing.nameIn(macro);
    if (name !== null) throw new Unresolvable(macro.at, `contains ${name}, which is different at each use`);
  }

  /** Returns the value of an object-like macro. Returns undefined if the macro expands to nothing. */
  #constant(macro: Macro, request: RequestUse | undefined): Pick<Constant, 'value' | 'type'> | undefined {
    const requested = request && this.#ioctls.requests.value(request, macro.at);
    if (requested) return { value: modelInteger(requested), type: requested.type.name };
    const tokens = this.#preprocessed.expandMacro(macro, wholes);
    if (tokens.length === 0) return undefined;
    const text = tokens.some(({ kind }) => kind === 'string') ? withoutParentheses(tokens) : [];
    if (text.length > 0 && text.every(({ kind }) => kind === 'string')) {
      const bytes = Uint8Array.from(text.flatMap((token) => stringBytes(token.text)));
      return { value: textOfBytes(bytes), type: `char[${bytes.length + 1}]` };
    }
    const value = this.#layout.evaluate(expressionIn(tokens, macro.at, this.#typeNames));
    return { value: modelInteger(value), type: value.type.name };
  }

  #reasonOf(error: unknown): string {
    if (error instanceof LongExpansionError) return error.problem;
    if (error instanceof SourceError && !(error instanceof LimitError)) return `not an expression: ${error.problem}`;
    if (error instanceof ArithmeticError) return error.message;
    if (!(error instanceof Unresolvable)) throw error;
    const named = error.undefinedName === null ? undefined : this.#meaningOf(error.undefinedName);
    return named === undefined ? error.message : `'${error.undefinedName}' names ${named}, not a value`;
  }

  /** Returns a description of a name that is not a value. */
  #meaningOf(name: string): string | undefined {
    if (this.#preprocessed.macros.has(name)) return 'a function-like macro';
    const tagged = this.#declarations.tags.get(name);
    if (tagged) return `the tag of ${'keyword' in tagged ? `a ${tagged.keyword}` : 'an enum'}`;
    this.#members ??= memberNames(this.#declarations);
    return this.#members.has(name) ? 'a member' : undefined;
  }
}

/** Returns the request number of a constant. The project can state that any constant is an ioctl. */
function requestIn({ value, type }: Pick<Constant, 'value' | 'type'>, { at }: Macro): number {
  const request = type.startsWith('char[') ? Number.NaN : Number(value);
  if (Number.isInteger(request) && Math.abs(request) < 2 ** 32) return request;
  throw new Unresolvable(at, 'is not a request number, which is an integer of 32 bits');
}

function memberNames({ records }: Declarations): Set<string | null> {
  const names = new Set<string | null>();
  for (const { members } of records) for (const { name } of members) names.add(name);
  return names;
}

function parameterNames(macro: Macro): string[] {
  const rest = macro.variadic === null ? [] : [macro.variadic === '__VA_ARGS__' ? '...' : `${macro.variadic}...`];
  return [...(macro.parameters ?? []), ...rest];
}
