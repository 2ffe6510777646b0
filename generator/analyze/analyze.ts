/** One header on one target, from its text to its model: the whole pipeline, left to right. */

import { Unresolvable } from '../c/evaluator/unresolvable.js';
import { Layout } from '../c/layout/layout.js';
import { parseDeclarations } from '../c/parser/declarations.js';
import { type Preprocessed, preprocess } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import { errorAt, undefinedNameAt } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';
import type { Identify } from '../headers/identity.js';
import type { Resolver } from '../headers/resolver.js';
import { MODEL_SCHEMA, type Model, type Origin } from '../model/model.js';
import type { Target } from '../targets/target.js';
import { type Comments, noComments } from './comments.js';
import { type CoveredFile, coveredFiles } from './covered-headers.js';
import { MacroDescriber } from './macros.js';
import { TypeDescriber, typedefNames } from './records.js';
import { lackingNames, readComplete } from './required-includes.js';
import { skippedEntries } from './skipped-declarations.js';
import { withNamedValues } from './value-prefixes.js';

/** The model of a header as `resolver` finds it; with its comments where they are asked for. */
export function describeHeader(
  header: string,
  target: Target,
  resolver: Resolver,
  identify: Identify,
  comments: Comments = noComments,
): Model {
  const read = readComplete(header, resolver, target, (prelude) =>
    readHeader(header, prelude, target, resolver, comments),
  );
  return describe(header, target, read, identify(read.preprocessed.files));
}

/** A header with its types laid out, and what it covers. */
interface ReadHeader {
  readonly declarations: Declarations;
  readonly prelude: readonly string[];
  readonly preprocessed: Preprocessed;
  readonly types: TypeDescriber;
  readonly macros: MacroDescriber;
  readonly records: Model['types'];
  readonly enums: Model['enums'];
  readonly coverage: readonly CoveredFile[];
  readonly covers: ReadonlySet<SourceFile>;
  readonly lacks: readonly string[];
}

function readHeader(
  header: string,
  prelude: readonly string[],
  target: Target,
  resolver: Resolver,
  comments: Comments,
): ReadHeader {
  const preprocessed = preprocess(header, resolver, target, prelude);
  const parsed = parseDeclarations(preprocessed.tokens);
  const { declarations } = parsed;
  try {
    const layout = new Layout(declarations, target);
    const types = new TypeDescriber(layout, typedefNames(declarations), preprocessed.macros, comments);
    const macros = new MacroDescriber(preprocessed, layout, parsed, comments);
    const coverage = coveredFiles(preprocessed, declarations, layout, (file) => macros.argumentTypes(file));
    const covers = new Set(coverage.map(({ file }) => file));
    const records = types.records(declarations, covers);
    // Before the macros: only when an enum is laid out are the types of its enumerators those that they have outside of it.
    const enums = types.enums(declarations, covers);
    const lacks = lackingNames(preprocessed.macros, declarations, covers, target);
    return { prelude, preprocessed, declarations, types, macros, records, enums, coverage, covers, lacks };
  } catch (error) {
    // What a declaration needs and does not have is an error of the header.
    if (!(error instanceof Unresolvable)) throw error;
    const { at, message, undefinedName } = error;
    throw undefinedName === null ? errorAt(at, message) : undefinedNameAt(at, message, undefinedName);
  }
}

function describe(header: string, target: Target, read: ReadHeader, identity: ReturnType<Identify>): Model {
  const { prelude, preprocessed, declarations, types, macros, records, enums, coverage, covers } = read;
  const origins: Origin[] = [];
  const sources = identity.files.map(({ name, sha256, origin }) => {
    const known = origins.findIndex((other) => JSON.stringify(other) === JSON.stringify(origin));
    return { name, sha256, origin: known === -1 ? origins.push(origin) - 1 : known };
  });
  const { ledger, ...described } = macros.describe(covers, types);
  return {
    schema: MODEL_SCHEMA,
    target: target.name,
    byteOrder: target.byteOrder,
    pointerSize: target.pointer.size,
    header,
    ...(prelude.length > 0 ? { prelude } : {}),
    kernel: identity.kernel,
    covers: coverage.map(({ file }) => file.name),
    uses: Object.fromEntries(
      coverage.flatMap(({ file, uses }) => (uses.length > 0 ? [[file.name, uses.map(({ name }) => name)]] : [])),
    ),
    origins,
    sources,
    types: withNamedValues(records, [...described.constants, ...enums.flatMap(({ enumerators }) => enumerators)]),
    enums,
    ...described,
    ledger: [
      ...ledger,
      ...types.nameless(declarations, covers),
      ...skippedEntries(preprocessed, declarations, covers, target),
    ],
  };
}
