/**
 * Required includes: headers that a header forgets to include. Where a header uses a name that nothing it includes defines,
 * and the kernel facts say which header defines the name, the header is read again after that defining header, as if its
 * user had included that one first. This is repeated until no such name is left. A header that uses no undefined name is
 * read by itself.
 */

import { lexText } from '../c/lexer.js';
import type { MacroTable } from '../c/preprocessor/macros.js';
import { preprocess } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { SourceError, UndefinedNameError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import type { Resolver } from '../headers/resolver.js';
import { absentHeaders, definingHeaders, definingHeadersOf, onlyWithin } from '../kernel/defining-headers.js';
import { overrideOf } from '../kernel/ioctl-arguments.js';
import type { Target } from '../targets/target.js';

/** In the order in which they are read. */
const order = [...new Set(definingHeaders.map(({ header }) => header))];

/** The result of reading a header after some required includes. */
interface Reading<T> {
  readonly failed: boolean;
  /** The names that the header uses and that nothing defines; tags with their keyword. */
  readonly undefinedNames: readonly string[];
  /** The result. @throws the error of the header. */
  finish(): T;
}

/** Reads a header after its required includes, which are handed to `read`. */
export function readWithRequiredIncludes<T>(
  header: string,
  resolver: Resolver,
  target: Target,
  read: (requiredIncludes: readonly string[]) => T & { readonly undefinedNames: readonly string[] },
): T {
  const usable = new Map<string, boolean>([[header, false]]);
  const isUsable = (candidate: string): boolean => {
    const known = usable.get(candidate) ?? canBeRead(candidate, resolver, target);
    usable.set(candidate, known);
    return known;
  };
  let required: readonly string[] = [];
  let reading = attempt(header, () => read(required));
  let complete = reading.failed ? undefined : reading;
  for (;;) {
    const needed = new Set(
      reading.undefinedNames.map(
        (name) => definingHeadersOf.get(name)?.find(({ header: candidate }) => isUsable(candidate))?.header,
      ),
    );
    const more = order.filter((candidate) => needed.has(candidate) && !required.includes(candidate));
    if (more.length === 0) return (complete ?? reading).finish();
    const requiredWith = (added: readonly string[]): readonly string[] =>
      order.filter((candidate) => required.includes(candidate) || added.includes(candidate));
    const next = attempt(header, () => read(requiredWith(more)));
    if (doesNotFit(next)) {
      const unfit = more.filter((candidate) => doesNotFit(attempt(header, () => read(requiredWith([candidate])))));
      // Headers that do not fit one by one do not help this header. If each fits, the last one is given up.
      for (const candidate of unfit.length > 0 ? unfit : more.slice(-1)) usable.set(candidate, false);
      continue;
    }
    required = requiredWith(more);
    reading = next;
    if (!next.failed) complete = next;
  }
}

/** Whether reading failed for a reason that no further header can mend. */
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
        throw named ? withDefiningHeader(named) : withIncluder(header, error);
      },
    };
  }
}

function canBeRead(header: string, resolver: Resolver, target: Target): boolean {
  try {
    preprocess(header, resolver, target);
    return true;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}

/** The error, with the header that defines the name and the reason why that header was not read. */
function withDefiningHeader(error: UndefinedNameError): UndefinedNameError {
  const { file, line, column, problem, undefinedName } = error;
  const defining = definingHeadersOf.get(undefinedName)?.at(-1)?.header;
  if (defining === undefined) return error;
  const why =
    absentHeaders.get(defining) ??
    'that cannot be read here, or not together with it; if it is missing, name the folder that has it with --include';
  const joint = problem.endsWith('?') ? ' ' : '; ';
  return new UndefinedNameError(
    file,
    line,
    column,
    `${problem}${joint}<${defining}> defines it: ${why}`,
    undefinedName,
  );
}

/** Where a header refuses to be read by itself, the error with the one header that may include it. */
function withIncluder(header: string, error: SourceError): SourceError {
  const within = onlyWithin.get(header);
  const { file, line, column, problem } = error;
  if (within === undefined || !problem.startsWith('#error ')) return error;
  const help = `<${header}> can be included by <${within}> alone; ask for that, whose model has it too`;
  return new SourceError(file, line, column, `${problem}; ${help}`);
}

/**
 * The names of `definingHeaders` that nothing defines and that are used: by the macros of some headers, by the real
 * arguments of their ioctls, or in the body of any function.
 */
export function undefinedNamesIn(
  macros: MacroTable,
  declarations: Declarations,
  files: ReadonlySet<SourceFile>,
  { kernelArchitecture }: Target,
): string[] {
  const texts: (readonly Token[])[] = [];
  for (const { name, at, body } of macros.values()) {
    if (!files.has(at.file)) continue;
    texts.push(body);
    const taken = overrideOf(at.file.name, name, kernelArchitecture)?.argument;
    if (taken !== undefined) texts.push(lexText(at.file, taken));
  }
  // A compiler reads all of them, whichever header they are in.
  for (const { body } of declarations.objects.values()) texts.push(body);
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
  return [...found];
}

function isDeclared(name: string, { typedefs, objects, enumerators }: Declarations): boolean {
  return typedefs.has(name) || objects.has(name) || enumerators.has(name);
}
