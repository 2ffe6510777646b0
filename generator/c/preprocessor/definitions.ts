/**
 * The macros that are defined before the headers are read: those of the compiler, and those of the user, as with the
 * compiler's option `-D`.
 */

import { SourceError } from '../../errors.js';
import { SourceFile } from '../../headers/files.js';
import { predefinedMacros } from '../../targets/predefined.js';
import type { Target } from '../../targets/target.js';
import { lexFile } from '../lexer.js';
import type { Token } from '../tokens.js';
import { type Macro, type MacroTable, parseDefinition } from './macros.js';

/** Maps the names of macros to their replacements. */
export type Definitions = Readonly<Record<string, string>>;

/** The name of the file of the compiler's macros in locations. */
const predefinedName = '<predefined>';

const encoder = new TextEncoder();
const ofTargets = new WeakMap<Target, readonly Macro[]>();

/** Returns the macros that are defined before the first header is read. */
export function initialMacros(target: Target, define: Definitions): MacroTable {
  let predefined = ofTargets.get(target);
  if (!predefined) {
    predefined = unparsedMacros(predefinedMacros(target));
    ofTargets.set(target, predefined);
  }
  // The constructor of a map would copy each entry twice.
  const macros: MacroTable = new Map();
  for (const macro of predefined) macros.set(macro.name, macro);
  for (const macro of macrosOf(definitionsText(define), '<definitions>')) macros.set(macro.name, macro);
  return macros;
}

/** Returns the macros of a table without those of the compiler. */
export function definitionsIn(macros: MacroTable): Macro[] {
  const definitions: Macro[] = [];
  for (const macro of macros.values()) if (!(macro instanceof UnparsedMacro)) definitions.push(macro);
  return definitions;
}

/** A macro that is parsed when it is used. A header uses few of the compiler's macros. */
class UnparsedMacro implements Macro {
  readonly name: string;
  readonly at: Token;
  /** No compiler predefines a macro with a changing name. */
  readonly isChanging = false;
  readonly #line: string;
  #parsed: Macro | undefined;

  constructor(at: Token, line: string) {
    this.name = at.text;
    this.at = at;
    this.#line = line;
  }

  get parameters(): Macro['parameters'] {
    return this.#whole().parameters;
  }

  get variadic(): Macro['variadic'] {
    return this.#whole().variadic;
  }

  get positions(): Macro['positions'] {
    return this.#whole().positions;
  }

  get body(): Macro['body'] {
    return this.#whole().body;
  }

  #whole(): Macro {
    this.#parsed ??= macrosOf(this.#line, this.at.file.name)[0] as Macro;
    return this.#parsed;
  }
}

function unparsedMacros(text: string): Macro[] {
  const file = new SourceFile(predefinedName, predefinedName, -1, encoder.encode(text));
  let offset = 0;
  return text.split('\n').flatMap((line) => {
    const start = offset;
    offset += line.length + 1;
    const name = /^\w+/.exec(line)?.[0];
    if (name === undefined) return [];
    return [new UnparsedMacro(startOfLine(name, file, start), line)];
  });
}

function startOfLine(text: string, file: SourceFile, offset: number): Token {
  return { kind: 'identifier', text, file, offset, space: false, first: true, painted: false };
}

/** Returns a text for `macrosOf`. */
function definitionsText(define: Definitions): string {
  return Object.entries(define)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** Returns the macros of a text with one definition on each line, without the word `#define`. */
function macrosOf(text: string, name: string): Macro[] {
  const lines: Token[][] = [];
  for (const token of lexFile(new SourceFile(name, name, -1, encoder.encode(text))).tokens) {
    if (token.kind === 'end') break;
    if (token.first) lines.push([]);
    lines.at(-1)?.push(token);
  }
  return lines.map((line) => parseDefinition(line, 0));
}

/** Names with a computed replacement, and names that a directive uses. */
const fixed = /^(?:defined|_Pragma|__(?:FILE|BASE_FILE|DATE|TIME|TIMESTAMP|LINE|COUNTER|INCLUDE_LEVEL)__|__has_\w+)$/;

/** Returns what is wrong with a definition. Undefined if nothing is wrong. */
function definitionProblem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `'${name}' is not the name of a macro; expected an identifier`;
  if (fixed.test(name)) return `'${name}' cannot be defined; its replacement depends on its place`;
  if (/[\n\r\0\u2028\u2029]/.test(value)) return `the value of '${name}' has more than one line; write it on one line`;
  try {
    macrosOf(definitionsText({ [name]: value }), '<definitions>');
    return undefined;
  } catch (error) {
    if (error instanceof SourceError) return `the value of '${name}' is not valid: ${error.problem}`;
    throw error;
  }
}

/**
 * Returns definitions as given in a configuration, a call or a command line, with all values as text. A value is the
 * text of the replacement, or an integer. @throws What `refuse` makes of a problem and the name of the macro.
 */
export function checkedDefinitions(
  define: Readonly<Record<string, unknown>>,
  refuse: (problem: string, name: string) => Error,
): Definitions {
  const entries = Object.entries(define).map(([name, value]) => {
    if (typeof value !== 'string' && !Number.isSafeInteger(value))
      throw refuse(
        `the value of '${name}' is ${JSON.stringify(value) ?? String(value)}; expected a text or an integer`,
        name,
      );
    const problem = definitionProblem(name, String(value));
    if (problem !== undefined) throw refuse(problem, name);
    return [name, String(value)] as const;
  });
  return Object.fromEntries(entries);
}
