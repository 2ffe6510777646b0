/**
 * The generator without Node: headers from wherever a `FileProvider` reads them, to models, to the files of bindings. A web
 * page can import it. `kvm-uapi/generator` is this and the disk.
 */

import { analyzeHeader } from './analyze/analyze.js';
import { headerComments, noComments } from './analyze/comments.js';
import type { FileProvider } from './headers/files.js';
import { identifyOn } from './headers/identity.js';
import { Resolver } from './headers/resolver.js';
import type { Model } from './model/model.js';
import { portableSha256, type Sha256 } from './sha256.js';
import { defaultTarget, targetCalled } from './targets/targets.js';

export { type EmitOptions, emitFiles, modelPath, openModel } from './emit/bindings.js';
export type { WideStyle } from './emit/module-context.js';
export { type EmittedFile, modulePath } from './emit/modules.js';
export { type SupportModule, type SupportText, supportModules } from './emit/support.js';
export * from './errors.js';
export { type FileProvider, filesInMemory } from './headers/files.js';
export { compareModels, type Difference } from './model/comparison.js';
export { modelFromJson, modelToJson } from './model/json.js';
export * from './model/model.js';
export { type Pattern, type Selection, SelectionError, select } from './model/selection.js';
export { layoutView, UnknownTypeError } from './report/layout-view.js';
export type { Sha256 } from './sha256.js';
export { type TargetName, targetNames } from './targets/targets.js';
export { version } from './version.js';

/** Headers of one architecture. Each file is read once, however many models are made. */
export interface Headers {
  /**
   * The model of a header, as an `#include` spells it.
   *
   * @throws MissingHeaderError when it, or one that it includes, is in none of the folders.
   * @throws SourceError when something is wrong in a header, with its place.
   */
  model(header: string): Model;
}

export interface HeadersOptions {
  readonly files: FileProvider;
  /** Include folders, in the order of search. */
  readonly roots: readonly string[];
  /** One of `targetNames`; x86_64 without it. */
  readonly target?: string;
  /** Whether the models have the headers' comments, which have the headers' licence. */
  readonly comments?: boolean;
  /** Computes the hashes of headers; a portable implementation by default. */
  readonly sha256?: Sha256;
}

/** Headers as a provider reads them. @throws UsageError for a target that is none. */
export function headersFrom({
  files,
  roots,
  target: name = defaultTarget,
  comments = false,
  sha256 = portableSha256,
}: HeadersOptions): Headers {
  const target = targetCalled(name);
  const resolver = new Resolver(files, roots);
  const identify = identifyOn(files, resolver, target, sha256);
  return {
    model: (header) => analyzeHeader(header, target, resolver, identify, comments ? headerComments : noComments),
  };
}
