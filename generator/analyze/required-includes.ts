/**
 * Required includes: headers that a header forgets to include. A header may use a name that its includes do not define.
 * If the kernel facts have a defining header for the name, the header is read again after its defining header. This is
 * repeated until no such name is left. A header without undefined names is read alone.
 */

import { lexText } from '../c/lexer.js';
import type { Definitions } from '../c/preprocessor/definitions.js';
import { testedNames } from '../c/preprocessor/directives.js';
import { type Preprocessed, preprocess } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { SourceError, UndefinedNameError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import type { Resolver } from '../headers/resolver.js';
import { absentHeaders, definingHeaders, definingHeadersOf, onlyWithin } from '../kernel/defining-headers.js';
import { overrideOf } from '../kernel/ioctl-arguments.js';
import type { Target } from '../targets/target.js';

/** The defining headers in reading order. */
const order = [...new Set(definingHeaders.map(({ header }) => header))];

/** The result of reading a header after some required includes. */
interface Reading<T> {
  readonly failed: boolean;
  /** The names that the header uses but nothing defines. A tag includes its keyword. */
  readonly undefinedNames: readonly string[];
  /** Returns the result. @throws The error of the header. */
  finish(): T;
}

/**
 * Caches whether headers can be read alone, by name. A cache belongs to one resolver, one target and one set of
 * definitions.
 */
export type ReadableHeaders = Map<string, boolean>;

/** Reads a header after its required includes. `read` receives the required includes. */
export function readWithRequiredIncludes<T>(
  header: string,
  resolver: Resolver,
  target: Target,
  define: Definitions,
  readable: ReadableHeaders,
  read: (requiredIncludes: readonly string[]) => T & { readonly undefinedNames: readonly string[] },
): T {
  const unusable = new Set([header]);
  const isUsable = (candidate: string): boolean => {
    if (unusable.has(candidate)) return false;
    const known = readable.get(candidate) ?? canBeRead(candidate, resolver, target, define);
    readable.set(candidate, known);
    return known;
  };
  let required: readonly string[] = [];
  let reading = attempt(header, () => read(required));
  let complete = reading.failed ? undefined : reading;
  const earlier: {
    readonly required: readonly string[];
    readonly reading: typeof reading;
    readonly added: string[];
  }[] = [];
  const requiredWith = (added: readonly string[]): readonly string[] =>
    order.filter((candidate) => required.includes(candidate) || added.includes(candidate));
  const exclude = (added: readonly string[], isUnfit: (alone: Reading<unknown>) => boolean): void => {
    const unfit = added.filter((candidate) => isUnfit(attempt(header, () => read(requiredWith([candidate])))));
    // A header that does not fit does not help. If each header fits alone, the last one is removed.
    for (const candidate of unfit.length > 0 ? unfit : added.slice(-1)) unusable.add(candidate);
  };
  for (;;) {
    const needed = new Set(
      reading.undefinedNames.map(
        (name) => definingHeadersOf.get(name)?.find(({ header: candidate }) => isUsable(candidate))?.header,
      ),
    );
    const more = order.filter((candidate) => needed.has(candidate) && !required.includes(candidate));
    if (more.length === 0) {
      const before = reading.failed ? earlier.pop() : undefined;
      if (!before) return (complete ?? reading).finish();
      // A required include needs something that no header defines. The header is read without it.
      ({ required, reading } = before);
      exclude(before.added, ({ failed }) => failed);
      continue;
    }
    const next = attempt(header, () => read(requiredWith(more)));
    if (doesNotFit(next)) {
      exclude(more, doesNotFit);
      continue;
    }
    earlier.push({ required, reading, added: more });
    required = requiredWith(more);
    reading = next;
    if (!next.failed) complete = next;
  }
}

/** Whether reading failed for a reason that another header cannot fix. */
function doesNotFit({ failed, undefinedNames }: Reading<unknown>): boolean {
  return failed && undefinedNames.length === 0;
}

function attempt<T>(header: string, read: () => T & { readonly undefinedNames: readonly string[] }): Reading<T> {
  try {
    const result = read();
    return { failed: false, undefinedNames: result.undefinedNames, finish: () => result };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const named = error instanceof UndefinedNameError ? error : undefined;
    return {
      failed: true,
      undefinedNames: named ? [named.undefinedName] : [],
      finish: () => {
        throw withIncluder(header, named ? withDefiningHeader(named) : error);
      },
    };
  }
}

function canBeRead(header: string, resolver: Resolver, target: Target, define: Definitions): boolean {
  try {
    preprocess(header, resolver, target, [], define);
    return true;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}

/** Adds to the error the defining header and the reason why that header was not read. */
function withDefiningHeader(error: UndefinedNameError): UndefinedNameError {
  const { file, line, column, problem, undefinedName } = error;
  const defining = definingHeadersOf.get(undefinedName)?.at(-1)?.header;
  if (defining === undefined) return error;
  const why =
    absentHeaders.get(defining) ??
    'but it cannot be read, or cannot be read together with this header; if it is missing, use --include to name its folder';
  return new UndefinedNameError(file, line, column, `${problem}; <${defining}> defines it, ${why}`, undefinedName);
}

/** If a header must not be included directly, adds to the error the only header that may include it. */
function withIncluder(header: string, error: SourceError): SourceError {
  const within = onlyWithin.get(header);
  const { file, line, column, problem } = error;
  if (within === undefined || !problem.startsWith('#error ')) return error;
  const help = `only <${within}> may include <${header}>; use <${within}>, whose model covers this header`;
  return new SourceError(file, line, column, `${problem}; ${help}`);
}

/**
 * Returns the undefined names that `definingHeaders` defines and that are used. A use is in a macro of some headers, in
 * the real argument of an ioctl, in the body of a function, or in the conditions of a conditional of which no group is
 * taken.
 */
export function undefinedNamesIn(
  { macros, definitions, unmet }: Pick<Preprocessed, 'macros' | 'definitions' | 'unmet'>,
  declarations: Declarations,
  files: ReadonlySet<SourceFile>,
  { kernelArchitecture }: Target,
): string[] {
  const texts: (readonly Token[])[] = [];
  for (const { name, at, body } of definitions) {
    if (!files.has(at.file)) continue;
    texts.push(body);
    const taken = overrideOf(at.file.name, name, kernelArchitecture)?.argument;
    if (taken !== undefined) texts.push(lexText(at.file, taken));
  }
  // A compiler reads all function bodies, in every header.
  for (const { body } of declarations.objects.values()) if (body) texts.push(body);
  const found = new Set<string>();
  for (const tokens of texts) {
    let before: string | undefined;
    for (const { kind, text } of tokens) {
      const keyword = before;
      before = text;
      if (kind !== 'identifier') continue;
      const isTag = keyword === 'struct' || keyword === 'union' || keyword === 'enum';
      const name = isTag ? `${keyword} ${text}` : text;
      if (!definingHeadersOf.has(name)) continue;
      const isDefined = isTag ? declarations.tags.has(text) : macros.has(text) || isDeclared(text, declarations);
      if (!isDefined) found.add(name);
    }
  }
  for (const { at, conditions } of unmet) {
    if (!files.has(at.file)) continue;
    for (const name of conditions.flatMap(testedNames)) {
      if (definingHeadersOf.has(name) && !macros.has(name)) found.add(name);
    }
  }
  return [...found];
}

function isDeclared(name: string, { typedefs, objects, enumerators }: Declarations): boolean {
  return typedefs.has(name) || objects.has(name) || enumerators.has(name);
}
