/** One header on one target, from its text to its model: all stages in their order. */

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
import { type CoveredFile, findCoveredFiles } from './covered-headers.js';
import { MacroAnalyzer } from './macros.js';
import { RecordAnalyzer, typedefNames } from './records.js';
import { readWithRequiredIncludes, undefinedNamesIn } from './required-includes.js';
import { skippedDeclarations } from './skipped-declarations.js';
import { withValuePrefixes } from './value-prefixes.js';

/** The model of a header as `resolver` finds it; with its comments where they are asked for. */
export function analyzeHeader(
  header: string,
  target: Target,
  resolver: Resolver,
  identify: Identify,
  comments: Comments = noComments,
): Model {
  const read = readWithRequiredIncludes(header, resolver, target, (requiredIncludes) =>
    readHeader(header, requiredIncludes, target, resolver, comments),
  );
  return modelFrom(header, target, read, identify(read.preprocessed.files));
}

/** A header with its types laid out, and what it covers. */
interface ReadHeader {
  readonly declarations: Declarations;
  readonly requiredIncludes: readonly string[];
  readonly preprocessed: Preprocessed;
  readonly types: RecordAnalyzer;
  readonly macros: MacroAnalyzer;
  readonly records: Model['types'];
  readonly enums: Model['enums'];
  readonly coverage: readonly CoveredFile[];
  readonly coveredFiles: ReadonlySet<SourceFile>;
  readonly undefinedNames: readonly string[];
}

function readHeader(
  header: string,
  requiredIncludes: readonly string[],
  target: Target,
  resolver: Resolver,
  comments: Comments,
): ReadHeader {
  const preprocessed = preprocess(header, resolver, target, requiredIncludes);
  const parsed = parseDeclarations(preprocessed.tokens);
  const { declarations } = parsed;
  try {
    const layout = new Layout(declarations, target);
    const types = new RecordAnalyzer(layout, typedefNames(declarations), preprocessed.macros, comments);
    const macros = new MacroAnalyzer(preprocessed, layout, parsed, comments);
    const coverage = findCoveredFiles(preprocessed, declarations, layout, (file) => macros.argumentTypes(file));
    const coveredFiles = new Set(coverage.map(({ file }) => file));
    const records = types.records(declarations, coveredFiles);
    // Before the macros: only when an enum is laid out are the types of its enumerators those that they have outside of it.
    const enums = types.enums(declarations, coveredFiles);
    const undefinedNames = undefinedNamesIn(preprocessed.macros, declarations, coveredFiles, target);
    return {
      requiredIncludes,
      preprocessed,
      declarations,
      types,
      macros,
      records,
      enums,
      coverage,
      coveredFiles,
      undefinedNames,
    };
  } catch (error) {
    // What a declaration needs and does not have is an error of the header.
    if (!(error instanceof Unresolvable)) throw error;
    const { at, message, undefinedName } = error;
    throw undefinedName === null ? errorAt(at, message) : undefinedNameAt(at, message, undefinedName);
  }
}

function modelFrom(header: string, target: Target, read: ReadHeader, identity: ReturnType<Identify>): Model {
  const { requiredIncludes, preprocessed, declarations, types, macros, records, enums, coverage, coveredFiles } = read;
  const origins: Origin[] = [];
  const sources = identity.files.map(({ name, sha256, origin }) => {
    const known = origins.findIndex((other) => JSON.stringify(other) === JSON.stringify(origin));
    return { name, sha256, origin: known === -1 ? origins.push(origin) - 1 : known };
  });
  const { omissions, ...analyzed } = macros.analyze(coveredFiles, types);
  return {
    schema: MODEL_SCHEMA,
    target: target.name,
    byteOrder: target.byteOrder,
    pointerSize: target.pointer.size,
    nodeArch: target.nodeArch,
    header,
    ...(requiredIncludes.length > 0 ? { requiredIncludes } : {}),
    kernel: identity.kernel,
    coveredHeaders: coverage.map(({ file }) => file.name),
    uses: Object.fromEntries(
      coverage.flatMap(({ file, uses }) => (uses.length > 0 ? [[file.name, uses.map(({ name }) => name)]] : [])),
    ),
    origins,
    sources,
    types: withValuePrefixes(records, [...analyzed.constants, ...enums.flatMap(({ enumerators }) => enumerators)]),
    enums,
    ...analyzed,
    omissions: [
      ...omissions,
      ...types.nameless(declarations, coveredFiles),
      ...skippedDeclarations(preprocessed, declarations, coveredFiles, target),
    ],
  };
}
