/**
 * The generator without Node. It reads headers through a `FileProvider`, makes models, and makes the files of bindings.
 * A web page can import this module. `kvm-uapi/generator` adds access to the disk.
 *
 * @module kvm-uapi/generator/core
 */

import { analyzeHeader } from './analyze/analyze.js';
import { headerComments, noComments } from './analyze/comments.js';
import { checkedDefinitions } from './c/preprocessor/definitions.js';
import * as bindings from './emit/bindings.js';
import type { EmittedFile } from './emit/modules.js';
import { UsageError } from './errors.js';
import type { FileProvider } from './headers/files.js';
import { identifyOn } from './headers/identity.js';
import { Resolver } from './headers/resolver.js';
import type { Model } from './model/model.js';
import { type SinceFacts, withSince } from './model/since.js';
import { type Statements, withStatements } from './model/statements.js';
import { portableSha256 } from './portable-sha256.js';
import type { Sha256 } from './sha256.js';
import { defaultTarget, targetCalled } from './targets/targets.js';

export * from './diff/changes.js';
export { diffModels, mergeChanges, wholeHeader } from './diff/diff.js';
export { modelPath } from './emit/bindings.js';
export type { WideStyle } from './emit/module-context.js';
export { type EmittedFile, modulePath } from './emit/modules.js';
export { type SupportModule, type SupportText, supportModules } from './emit/support.js';
export * from './errors.js';
export { type FileProvider, filesInMemory } from './headers/files.js';
export { modelFromJson, modelToJson } from './model/json.js';
export * from './model/model.js';
export { type Pattern, type Selection, SelectionError, select } from './model/selection.js';
export { type SinceFacts, type SinceGroup, type SinceSet, sinceText } from './model/since.js';
export {
  type AddressStatement,
  type IoctlStatement,
  requireStatements,
  StatementError,
  type Statements,
} from './model/statements.js';
export { layoutView, UnknownTypeError } from './report/layout-view.js';
export type { Sha256 } from './sha256.js';
export { type TargetName, targetNames } from './targets/targets.js';
export { version } from './version.js';

/** The headers of one architecture. Each file is read once, even if several models are made. */
export interface Headers {
  /**
   * Returns the model of a header. The name is spelled as in an `#include`.
   *
   * @throws MissingHeaderError if the header, or a header that it includes, is in none of the folders.
   * @throws SourceError if a header has an error. The error has the location.
   * @throws StatementError for a statement that cannot be true.
   */
  model(header: string): Model;
}

export interface HeadersOptions {
  readonly files: FileProvider;
  /** Include folders, in search order. */
  readonly roots: readonly string[];
  /** One of `targetNames`. The default is x86_64. */
  readonly target?: string;
  /** Whether the models contain the headers' comments. The comments keep the headers' licence. */
  readonly comments?: boolean;
  /** Macros that are defined before a header is read, with the text of their replacement or an integer. */
  readonly define?: Readonly<Record<string, string | number>>;
  /** What the project states about members and ioctls of the headers. */
  readonly statements?: Statements;
  /**
   * The first kernel versions of items, for the `since` of the models: the content of `kvm-uapi/headers/since.json`. Without it,
   * the models have no `since`.
   */
  readonly since?: SinceFacts;
  /** Computes the hashes of headers. The default is a portable implementation. */
  readonly sha256?: Sha256;
}

/** Opens headers through a provider. @throws UsageError for an unknown target or a wrong definition. */
export function headersFrom({
  files,
  roots,
  target: name = defaultTarget,
  comments = false,
  define = {},
  statements = {},
  since,
  sha256 = portableSha256,
}: HeadersOptions): Headers {
  const target = targetCalled(name);
  const resolver = new Resolver(files, roots);
  const identify = identifyOn(files, resolver, target, sha256);
  const options = {
    comments: comments ? headerComments : noComments,
    define: checkedDefinitions(define, (problem) => new UsageError(`define: ${problem}`)),
    ioctls: statements.ioctls ?? {},
    readable: new Map<string, boolean>(),
  };
  return {
    model(header) {
      const model = withStatements(analyzeHeader(header, target, resolver, identify, options), statements);
      return since === undefined ? model : withSince(model, since);
    },
  };
}

/** How to emit bindings. */
export interface EmitOptions extends Omit<bindings.EmitOptions, 'sha256'> {
  /** Computes the digests of models. The default is a portable implementation. */
  readonly sha256?: Sha256;
}

/**
 * Returns every file of a run, with path and text. Two headers can include the same third header. If the third header
 * is also requested, its module comes from its own model, because a header that includes it can change it. Otherwise
 * both models must give the same module.
 *
 * @throws GeneratorError if two models need different files at one path.
 */
export function emitFiles(models: readonly Model[], options: EmitOptions): EmittedFile[] {
  return bindings.emitFiles(models, { ...options, sha256: options.sha256 ?? portableSha256 });
}

/** Reads a model that was written with its digest. @throws GeneratorError if the text was changed since then. */
export function openModel(text: string, name: string, sha256: Sha256 = portableSha256): Model {
  return bindings.openModel(text, name, sha256);
}
