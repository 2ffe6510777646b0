/** The compiler's list of the macros of headers, and the kind of each macro. */

import { requestMacros } from '../../generator/kernel/request-macros.js';
import type { Omission } from '../../generator/model/model.js';
import { type Check, includeLines, textMacros } from '../../generator/verify/c-assertions.js';
import { type Compiler, preprocess, refusedLines } from '../lib/compilers.js';
import { headerFinder, type Subject } from './listing.js';

export interface Macro {
  readonly name: string;
  /** Null for an object-like macro. */
  readonly parameters: readonly string[] | null;
  readonly body: string;
  readonly at: string;
}

/** The preprocessor's output for the covered headers. */
export interface Preprocessed {
  /** The macros that the headers define and that are still defined at the end, by name. */
  readonly macros: ReadonlyMap<string, Macro>;
  /** Whether the expanded text mentions a struct, union or enum. */
  readonly hasTypes: boolean;
}

export async function preprocessed(compiler: Compiler, subject: Subject): Promise<Preprocessed> {
  const macros = new Map<string, Macro>();
  const headerAt = headerFinder(subject, compiler);
  let hasTypes = false;
  let file: string | undefined;
  let line = 0;
  for (const text of (await preprocess(compiler, textOf(subject), '-dD')).split('\n')) {
    const marker = /^# (\d+) "(.*)"/.exec(text);
    if (marker) {
      line = Number(marker[1]);
      file = headerAt(marker[2] as string);
      continue;
    }
    const [, directive, name = '', parameters, body = ''] = /^#(define|undef) (\w+)(\([^)]*\))?(.*)/.exec(text) ?? [];
    if (directive !== undefined) macros.delete(name);
    else if (file !== undefined && /\b(?:struct|union|enum)\b/.test(text)) hasTypes = true;
    if (directive === 'define' && file !== undefined) {
      const names =
        parameters === undefined
          ? null
          : parameters
              .slice(1, -1)
              .split(',')
              .filter((each) => each !== '');
      macros.set(name, { name, parameters: names, body: body.trim(), at: `${file}:${line}` });
    }
    line++;
  }
  return { macros, hasTypes };
}

/** The kind of a macro's value for the compiler. */
export type ValueKind = 'an integer' | 'a string' | 'no value';

/** Returns the kind of each name. */
export async function valueKinds(
  compiler: Compiler,
  subject: Subject,
  names: readonly string[],
): Promise<Map<string, ValueKind>> {
  if (names.length === 0) return new Map();
  const lines = [...includeLines(subject), ...textMacros];
  const checks: Check[] = [];
  const ask = (name: string, kind: ValueKind, condition: string): void => {
    checks.push({ line: lines.push(`_Static_assert(${condition}, "");`), item: name, expected: kind });
    // If the tokens of a macro continue after the line, the compiler rejects the next line. That line checks no item.
    lines.push('_Static_assert(1, "");');
  };
  for (const name of names) {
    // The compiler does not fold the operands of a conditional. It would fold `* 0` if a call has no side effects.
    ask(name, 'an integer', `~(${name}) ? 1 : 2`);
    ask(name, 'a string', `sizeof(KVM_UAPI_TEXT(${name})) > 1 && (__builtin_strlen("" ${name} "") ? 1 : 2)`);
  }
  const refused = await refusedLines(compiler, subject.header, { text: `${lines.join('\n')}\n`, checks });
  const kinds = new Map(names.map((name): [string, ValueKind] => [name, 'no value']));
  for (const { line, item, expected } of checks) {
    if (!refused.has(line)) kinds.set(item, expected as ValueKind);
  }
  return kinds;
}

/**
 * Returns the function-like macros that are an integer constant for the compiler, if their arguments are small integers.
 */
export async function functionsWithValues(
  compiler: Compiler,
  subject: Subject,
  macros: readonly Pick<Omission, 'name' | 'parameters'>[],
): Promise<Set<string>> {
  if (macros.length === 0) return new Set();
  const lines = [...includeLines(subject)];
  const checks = macros.map(({ name, parameters = [] }, index): Check => {
    // In parentheses, an argument is a value, which cannot become a part of a name.
    const use = `${name}(${parameters.map((_, place) => `(${place + 1})`).join(', ')})`;
    // Only an integer constant expression can be the value of an enumerator.
    const line = lines.push(`enum { ${marker}${index} = (${use}) };`);
    lines.push('_Static_assert(1, "");');
    return { line, item: name, expected: '' };
  });
  const refused = await refusedLines(compiler, subject.header, { text: `${lines.join('\n')}\n`, checks });
  return new Set(checks.filter(({ line }) => !refused.has(line)).map(({ item }) => item));
}

/** Returns the macros that expand to exactly one use of a macro that makes a request number. */
export async function requestNames(
  compiler: Compiler,
  subject: Subject,
  macros: Iterable<Macro>,
): Promise<Set<string>> {
  const candidates = [...macros].filter(({ parameters, body }) => parameters === null && /^[( ]*\w+ *\(/.test(body));
  if (candidates.length === 0) return new Set();
  const undefinitions = requestMacros.map((name) => `#undef ${name}`);
  const uses = candidates.map(({ name }, index) => `${marker}${index} ${name}`);
  const lines = [...includeLines(subject), ...undefinitions, ...uses, ''];
  const expanded = await preprocess(compiler, lines.join('\n'), '-P');
  const found = expanded
    .slice(expanded.indexOf(`${marker}0 `))
    .split(new RegExp(`${marker}\\d+`))
    .slice(1);
  return new Set(candidates.filter((_, index) => isRequest(found[index] ?? '')).map(({ name }) => name));
}

/** No header has such a name. */
const marker = 'kvm_uapi_candidate_';

function isRequest(expansion: string): boolean {
  const [, open = '', name = '', rest = ''] = /^([\s(]*)(\w+)\s*(\(.*)$/s.exec(expansion.trim()) ?? [];
  if (!requestMacros.includes(name)) return false;
  const close = closingParenthesis(rest);
  return rest.slice(close + 1).replace(/\s/g, '') === ')'.repeat(open.replace(/\s/g, '').length);
}

/** Returns the position of the parenthesis that closes the first parenthesis of a text. */
function closingParenthesis(text: string): number {
  let depth = 0;
  for (const [index, letter] of [...text].entries()) {
    if (letter === '(') depth++;
    if (letter === ')' && --depth === 0) return index;
  }
  return text.length;
}

function textOf(subject: Subject): string {
  return `${includeLines(subject).join('\n')}\n`;
}
