/** One header on one target, from its text to its model: the whole pipeline, left to right. */

import { MissingHeaderError } from '../errors.js';
import { Unresolvable } from '../expression/unresolvable.js';
import { ioctlOverrides } from '../knowledge/ioctls.js';
import { Layout } from '../layout/layout.js';
import type { Target } from '../layout/target.js';
import { MODEL_SCHEMA, type Model, type Origin } from '../model.js';
import { parseDeclarations } from '../parse/parser.js';
import { type Preprocessed, preprocess } from '../preprocess/preprocessor.js';
import { errorAt } from '../preprocess/tokens.js';
import type { SourceFile } from '../source/files.js';
import type { Identify } from '../source/identity.js';
import type { Resolver } from '../source/resolver.js';
import { type Comments, noComments } from './comments.js';
import { coveredFiles } from './coverage.js';
import { MacroDescriber } from './macros.js';
import { skippedEntries } from './skipped.js';
import { TypeDescriber, typedefNames } from './types.js';

/** The model of a header as `resolver` finds it; with its comments where they are asked for. */
export function describeHeader(
  header: string,
  target: Target,
  resolver: Resolver,
  identify: Identify,
  comments: Comments = noComments,
): Model {
  const [prelude, preprocessed] = preprocessBehind(preludeOf(header), header, resolver, target);
  try {
    return describe(header, target, prelude, preprocessed, identify(preprocessed.files), comments);
  } catch (error) {
    // What a declaration needs and does not have is an error of the header.
    if (error instanceof Unresolvable) throw errorAt(error.at, error.message);
    throw error;
  }
}

/** The headers that define what a header's ioctls are made of and really take, where it does not include them. */
function preludeOf(header: string): string[] {
  const from = ioctlOverrides.flatMap((row) => (row.header === header ? (row.argumentFrom ?? []) : []));
  return from.length === 0 ? [] : [...new Set(['linux/ioctl.h', ...from])];
}

/** Reads a header behind a prelude, or without it where the prelude cannot be read here. */
function preprocessBehind(
  prelude: readonly string[],
  header: string,
  resolver: Resolver,
  target: Target,
): readonly [prelude: readonly string[], preprocessed: Preprocessed] {
  try {
    return [prelude, preprocess(header, resolver, target, prelude)];
  } catch (error) {
    if (prelude.length === 0 || !(error instanceof MissingHeaderError)) throw error;
    return preprocessBehind(prelude.slice(0, -1), header, resolver, target);
  }
}

function describe(
  header: string,
  target: Target,
  prelude: readonly string[],
  preprocessed: Preprocessed,
  identity: ReturnType<Identify>,
  comments: Comments,
): Model {
  const main = preprocessed.files[0] as SourceFile;
  const { declarations, typeNames } = parseDeclarations(preprocessed.tokens);
  const layout = new Layout(declarations, target);
  const types = new TypeDescriber(layout, typedefNames(declarations), comments);
  const macros = new MacroDescriber(preprocessed, layout, typeNames, comments);
  const coverage = coveredFiles(main, preprocessed.files, declarations, layout, (file) => macros.argumentTypes(file));
  const covered = new Set(coverage.map(({ file }) => file));
  const origins: Origin[] = [];
  const sources = identity.files.map(({ name, sha256, origin }) => {
    const known = origins.findIndex((other) => JSON.stringify(other) === JSON.stringify(origin));
    return { name, sha256, origin: known === -1 ? origins.push(origin) - 1 : known };
  });
  const records = types.records(declarations, covered);
  // Before the macros: only when an enum is laid out are the types of its enumerators those that they have outside of it.
  const enums = types.enums(declarations, covered);
  const { ledger, ...described } = macros.describe(covered, types);
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
    types: records,
    enums,
    ...described,
    ledger: [...ledger, ...skippedEntries(preprocessed, declarations, covered, target)],
  };
}
