/** Analyzes one header on one target, from text to model. It calls all stages in order. */

import { Layout } from '../c/layout/layout.js';
import { parseDeclarations } from '../c/parser/declarations.js';
import type { Definitions } from '../c/preprocessor/definitions.js';
import { type Preprocessed, preprocess } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import { errorAt, undefinedNameAt } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import type { SourceFile } from '../headers/files.js';
import type { Identify } from '../headers/identity.js';
import type { Resolver } from '../headers/resolver.js';
import { MODEL_SCHEMA, type Model, type Origin } from '../model/model.js';
import type { Target } from '../targets/target.js';
import { checkedAssertions } from './assertions.js';
import { type Comments, noComments } from './comments.js';
import { constantObjects } from './constant-objects.js';
import { type CoveredFile, findCoveredFiles } from './covered-headers.js';
import { checkDeclaredTypes, checkInitializers, checkRecords } from './declared-types.js';
import { withDeviceAttributes } from './device-attributes.js';
import { withCommands } from './ioctl-commands.js';
import { IoctlAnalyzer } from './ioctls.js';
import { enumWithKernelDoc, withKernelDoc } from './kernel-doc.js';
import { MacroAnalyzer } from './macros.js';
import { ignoredPragmas, otherDeclarations } from './other-declarations.js';
import { RecordAnalyzer, type TypedefNames, typedefNames } from './records.js';
import { type ReadableHeaders, readWithRequiredIncludes, undefinedNamesIn } from './required-includes.js';
import { withSelectedAddresses } from './selected-addresses.js';
import { skippedDeclarations } from './skipped-declarations.js';
import type { IoctlStatements } from './stated-ioctls.js';
import { unmetConditionals } from './unmet-conditionals.js';
import { withValuePrefixes } from './value-prefixes.js';

export interface AnalyzeOptions {
  /** Reads the header's comments, if they are requested. */
  readonly comments?: Comments;
  /** Macros that are defined before the header is read. */
  readonly define?: Definitions;
  /** What the project states about its ioctls. */
  readonly ioctls?: IoctlStatements;
  /** The cache of a run over several headers. */
  readonly readable?: ReadableHeaders;
}

/** Returns the model of a header that `resolver` finds. */
export function analyzeHeader(
  header: string,
  target: Target,
  resolver: Resolver,
  identify: Identify,
  { comments = noComments, define = {}, ioctls = {}, readable = new Map() }: AnalyzeOptions = {},
): Model {
  const read = readWithRequiredIncludes(header, resolver, target, define, readable, (requiredIncludes) => {
    const preprocessed = preprocess(header, resolver, target, requiredIncludes, define);
    return readHeader(preprocessed, requiredIncludes, target, comments, ioctls);
  });
  return modelFrom(header, target, define, read, identify(read.preprocessed.files), comments);
}

/** A header with its layouts and covered headers. */
interface ReadHeader {
  readonly declarations: Declarations;
  readonly requiredIncludes: readonly string[];
  readonly preprocessed: Preprocessed;
  readonly names: TypedefNames;
  readonly layout: Layout;
  readonly types: RecordAnalyzer;
  readonly macros: MacroAnalyzer;
  readonly records: Model['types'];
  readonly enums: Model['enums'];
  readonly assertions: Model['omissions'];
  readonly coverage: readonly CoveredFile[];
  readonly coveredFiles: ReadonlySet<SourceFile>;
  readonly undefinedNames: readonly string[];
}

function readHeader(
  preprocessed: Preprocessed,
  requiredIncludes: readonly string[],
  target: Target,
  comments: Comments,
  statements: IoctlStatements,
): ReadHeader {
  const parsed = parseDeclarations(preprocessed.tokens);
  const { declarations } = parsed;
  try {
    const layout = new Layout(declarations, target);
    const names = typedefNames(declarations);
    const types = new RecordAnalyzer(layout, names, preprocessed.macros, comments);
    const ioctls = new IoctlAnalyzer(preprocessed, layout, parsed, statements);
    const macros = new MacroAnalyzer(preprocessed, layout, parsed, comments, ioctls);
    const coverage = findCoveredFiles(preprocessed, declarations, layout, (file) => ioctls.argumentTypes(file));
    const coveredFiles = new Set(coverage.map(({ file }) => file));
    const records = types.records(declarations, coveredFiles);
    // Enums are analyzed before macros. The types of enumerators outside of an enum are only known after the enum's
    // layout.
    const enums = ioctls.withAliases(types.enums(declarations, coveredFiles));
    const assertions = checkedAssertions(declarations, coveredFiles, layout);
    checkDeclaredTypes(declarations, layout);
    checkInitializers(declarations, layout);
    if (requiredIncludes.length > 0) checkRecords(declarations, layout);
    const undefinedNames = undefinedNamesIn(preprocessed, declarations, coveredFiles, target);
    return {
      requiredIncludes,
      preprocessed,
      declarations,
      layout,
      names,
      types,
      macros,
      records,
      enums,
      assertions,
      coverage,
      coveredFiles,
      undefinedNames,
    };
  } catch (error) {
    // If a declaration needs something that does not exist, the header has an error.
    if (!(error instanceof Unresolvable)) throw error;
    const { at, message, undefinedName } = error;
    throw undefinedName === null ? errorAt(at, message) : undefinedNameAt(at, message, undefinedName);
  }
}

function modelFrom(
  header: string,
  target: Target,
  define: Definitions,
  read: ReadHeader,
  identity: ReturnType<Identify>,
  comments: Comments,
): Model {
  const { requiredIncludes, preprocessed, declarations, layout, names, types, macros } = read;
  const { records, enums, coverage, coveredFiles } = read;
  const origins: Origin[] = [];
  const sources = identity.files.map(({ name, sha256, origin }) => {
    return { name, sha256, origin: indexOfOrigin(origin, origins) };
  });
  const { omissions, constants: ofMacros, ioctls, ...analyzed } = macros.analyze(coveredFiles, types);
  const objects = constantObjects(declarations, coveredFiles, preprocessed.macros, layout, comments);
  const constants = [...ofMacros, ...objects.constants];
  const named = [...constants, ...enums.flatMap(({ enumerators }) => enumerators)];
  const addressed = withSelectedAddresses(ioctls, records, constants);
  return {
    schema: MODEL_SCHEMA,
    target: target.name,
    byteOrder: target.byteOrder,
    pointerSize: target.pointer.size,
    nodeArch: target.nodeArch,
    header,
    ...(Object.keys(define).length > 0 ? { define } : {}),
    ...(requiredIncludes.length > 0 ? { requiredIncludes } : {}),
    kernel: identity.kernel,
    coveredHeaders: coverage.map(({ file }) => file.name),
    uses: Object.fromEntries(
      coverage.flatMap(({ file, uses }) => (uses.length > 0 ? [[file.name, uses.map(({ name }) => name)]] : [])),
    ),
    origins,
    sources,
    types: withValuePrefixes(records.map(withKernelDoc), named),
    enums: enums.map(enumWithKernelDoc),
    constants,
    ioctls: withCommands(withDeviceAttributes(addressed, records, named, target), records, enums),
    ...analyzed,
    omissions: [
      ...omissions,
      ...read.assertions,
      ...ignoredPragmas(declarations, coveredFiles),
      ...types.unsupported,
      ...types.nameless(declarations, coveredFiles),
      ...otherDeclarations(declarations, coveredFiles, names, objects, layout),
      ...skippedDeclarations(preprocessed, declarations, coveredFiles, target),
      ...unmetConditionals(preprocessed, declarations, coveredFiles),
    ],
  };
}

/** Returns the index of an origin in the list. An origin that the list does not have is added. */
function indexOfOrigin(origin: Origin, origins: Origin[]): number {
  // The files of a package share one object.
  const same = origins.indexOf(origin);
  if (same !== -1) return same;
  const text = JSON.stringify(origin);
  const equal = origins.findIndex((other) => JSON.stringify(other) === text);
  return equal === -1 ? origins.push(origin) - 1 : equal;
}
