/**
 * Headers that forget an include. Where a header uses a name that nothing it includes defines, and `homes` says which
 * header defines that name, then that header is read before it, as if its user had included it first; and so on, until
 * nothing is lacking that has a home here. A header that lacks nothing is read alone.
 */

import { lexText } from '../c/lexer.js';
import type { MacroTable } from '../c/preprocessor/macros.js';
import { preprocess } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { SourceError, UndefinedNameError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import type { Resolver } from '../headers/resolver.js';
import { absentHeaders, homes, homesOf, onlyWithin } from '../kernel/defining-headers.js';
import { overrideOf } from '../kernel/ioctl-arguments.js';
import type { Target } from '../targets/target.js';

const order = [...new Set(homes.map(({ header }) => header))];

/** What came of reading a header behind a prelude. */
interface Reading<T> {
  readonly failed: boolean;
  /** The names that it uses and nothing defines; tags with their keyword. */
  readonly lacks: readonly string[];
  /** What it was read for. @throws what is wrong with the header. */
  finish(): T;
}

/** Reads a header behind what it needs before it. `read` is given the headers of the prelude. */
export function readComplete<T>(
  header: string,
  resolver: Resolver,
  target: Target,
  read: (prelude: readonly string[]) => T & { readonly lacks: readonly string[] },
): T {
  const usable = new Map<string, boolean>([[header, false]]);
  const isUsable = (home: string): boolean => {
    const known = usable.get(home) ?? canBeRead(home, resolver, target);
    usable.set(home, known);
    return known;
  };
  let prelude: readonly string[] = [];
  let reading = attempt(header, () => read(prelude));
  let whole = reading.failed ? undefined : reading;
  for (;;) {
    const needed = new Set(
      reading.lacks.map((name) => homesOf.get(name)?.find(({ header }) => isUsable(header))?.header),
    );
    const more = order.filter((home) => needed.has(home) && !prelude.includes(home));
    if (more.length === 0) return (whole ?? reading).finish();
    const behind = (added: readonly string[]): readonly string[] =>
      order.filter((home) => prelude.includes(home) || added.includes(home));
    const next = attempt(header, () => read(behind(more)));
    if (doesNotFit(next)) {
      const alone = more.filter((home) => doesNotFit(attempt(header, () => read(behind([home])))));
      // Those that do not fit alone, or else the last one, are no help to this header.
      for (const home of alone.length > 0 ? alone : more.slice(-1)) usable.set(home, false);
      continue;
    }
    prelude = behind(more);
    reading = next;
    if (!next.failed) whole = next;
  }
}

/** Whether something is wrong beyond a name that may still be found. */
function doesNotFit({ failed, lacks }: Reading<unknown>): boolean {
  return failed && lacks.length === 0;
}

function attempt<T>(header: string, read: () => T & { readonly lacks: readonly string[] }): Reading<T> {
  try {
    const result = read();
    return { failed: false, lacks: result.lacks, finish: () => result };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const named = error instanceof UndefinedNameError ? error : undefined;
    return {
      failed: true,
      lacks: named ? [named.undefinedName] : [],
      finish: () => {
        throw named ? withHome(named) : withIncluder(header, error);
      },
    };
  }
}

function canBeRead(home: string, resolver: Resolver, target: Target): boolean {
  try {
    preprocess(home, resolver, target);
    return true;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}

/** The error with what is known of the name: where it is defined, and why that could not be read. */
function withHome(error: UndefinedNameError): UndefinedNameError {
  const { file, line, column, problem, undefinedName } = error;
  const home = homesOf.get(undefinedName)?.at(-1)?.header;
  if (home === undefined) return error;
  const why =
    absentHeaders.get(home) ??
    'that cannot be read here, or not together with it; if it is missing, name the folder that has it with --include';
  const joint = problem.endsWith('?') ? ' ' : '; ';
  return new UndefinedNameError(file, line, column, `${problem}${joint}<${home}> defines it: ${why}`, undefinedName);
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
 * The names with a home that the macros of some headers, what their ioctls really take, or any function's body use and
 * nothing defines.
 */
export function lackingNames(
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
  const lacking = new Set<string>();
  for (const tokens of texts) {
    let before: string | undefined;
    for (const { kind, text } of tokens) {
      const keyword = before;
      before = text;
      if (kind !== 'identifier') continue;
      const isTag = keyword === 'struct' || keyword === 'union' || keyword === 'enum';
      const name = isTag ? `${keyword} ${text}` : text;
      if (!homesOf.has(name)) continue;
      const isDefined = isTag ? declarations.tags.has(text) : macros.has(text) || isDeclared(text, declarations);
      if (!isDefined) lacking.add(name);
    }
  }
  return [...lacking];
}

function isDeclared(name: string, { typedefs, objects, enumerators }: Declarations): boolean {
  return typedefs.has(name) || objects.has(name) || enumerators.has(name);
}
