/** The options that all commands share: the headers, the target, and the folders to search. */

import { resolve } from 'node:path';
import { type AnalyzeOptions, analyzeHeader } from '../analyze/analyze.js';
import { headerComments, noComments } from '../analyze/comments.js';
import { checkedDefinitions } from '../c/preprocessor/definitions.js';
import { UsageError } from '../errors.js';
import { filesOnDisk, nodeSha256, systemRoots } from '../headers/disk.js';
import type { FileProvider } from '../headers/files.js';
import { hashIn, identifyIn, identifyOn } from '../headers/identity.js';
import { type RequestedHeader, requestedHeaders } from '../headers/requested.js';
import { type OpenFiles, Resolver } from '../headers/resolver.js';
import { openSet } from '../headers/sets/open.js';
import { sinceFacts } from '../headers/sets/since.js';
import { userCache } from '../headers/sets/store.js';
import type { Model } from '../model/model.js';
import { withSince } from '../model/since.js';
import { type Statements, withStatements } from '../model/statements.js';
import type { Target } from '../targets/target.js';
import { targetCalled } from '../targets/targets.js';
import { withAdvice } from './missing-header.js';
import type { ModelCache } from './model-cache.js';

export interface HeaderOptions {
  /** The headers: names, spelled as in an `#include`, or paths. */
  readonly header: readonly string[];
  readonly arch: string;
  readonly include: readonly string[];
  /** The header set to read: a name or a folder. The default is the system's headers. */
  readonly from?: string;
  /** Macros that are defined before a header is read. The values are the replacements: texts or integers. */
  readonly define?: Readonly<Record<string, string | number>>;
  /** Whether the models contain the headers' comments. */
  readonly comments?: boolean;
  /** Whether the models contain the first versions of their items. The default is true. A comparison ignores them. */
  readonly since?: boolean;
  /** What the project states about members and ioctls of the headers. */
  readonly statements?: Statements;
  /** Reads the headers. The default is the disk. */
  readonly files?: FileProvider;
  /** Keeps the models of a header set. */
  readonly cache?: ModelCache | undefined;
  /** The folder that paths of headers are relative to. The default is the current folder. */
  readonly base?: string;
}

export interface Headers {
  readonly target: Target;
  /** The include folders. A C compiler must search these folders before its own to read the same headers. */
  readonly includeDirs: readonly string[];
  /** The headers, without duplicates. */
  readonly requested: readonly RequestedHeader[];
  /** Reads a header, given by its name or as a path, and lays it out. */
  model(spelling: string): Model;
  /**
   * Whether a header belongs to the project: it is given as a path, or an include folder contains it. Undefined if the
   * header is not found.
   */
  isOwn(name: string): boolean | undefined;
  /** Returns the hash of a header as in the sources of a model. Undefined if the header is not found. */
  hashOf(name: string): string | undefined;
}

export const defaultHeader = 'linux/kvm.h';

type Requests = Pick<HeaderOptions, 'header' | 'include' | 'base'>;

/**
 * Returns the headers that the option names, without duplicates. If the option names no header, returns the default
 * header.
 */
export function headersOf({ header, include, base = '.' }: Requests): RequestedHeader[] {
  return requestedHeaders(header.length > 0 ? header : [defaultHeader], include, (path) => resolve(base, path));
}

/**
 * Opens the headers of one target. `open` holds the files that the targets of a run share. @throws UsageError for an
 * unknown target or a wrong definition.
 */
export function openHeaders(options: HeaderOptions, open: OpenFiles = new Map()): Headers {
  const { from, base = '.', statements = {}, files = filesOnDisk } = options;
  const target = targetCalled(options.arch);
  const set = from === undefined ? undefined : openSet(from, userCache(), target);
  const includeDirs = [...options.include, ...(set?.roots ?? [])];
  // A header set must give the same result on every machine, so the system's folders are not searched.
  const roots = set ? includeDirs : [...includeDirs, ...systemRoots(target)];
  const requested = headersOf(options);
  const paths = new Map(requested.flatMap(({ name, path }) => (path === undefined ? [] : [[name, path] as const])));
  const resolver = new Resolver(files, roots, open, paths);
  const identify = set ? identifyIn(set, set.has, nodeSha256) : identifyOn(filesOnDisk, resolver, target, nodeSha256);
  const readable = new Map<string, boolean>();
  const kept = (name: string, analyze: () => Model): Model => {
    const { cache, comments = false, define = {} } = options;
    // The identity of files outside of a set depends on more than their content.
    if (!cache || !set) return analyze();
    const { kernel, origin } = set;
    const key = [target.name, name, roots, kernel, origin, [...paths], comments, define, statements];
    return cache.model(key, analyze, () => resolver.lookups());
  };
  const reading: AnalyzeOptions = {
    readable,
    comments: options.comments ? headerComments : noComments,
    define: checkedDefinitions(options.define ?? {}, (problem) => new UsageError(`define: ${problem}`)),
    ...(statements.ioctls === undefined ? {} : { ioctls: statements.ioctls }),
  };
  return {
    target,
    includeDirs,
    requested,
    isOwn: (name) => {
      const file = resolver.system(name);
      return file && file.root < options.include.length;
    },
    hashOf: (name) => hashIn(resolver, name, nodeSha256),
    model(spelling) {
      const own = headersOf({ ...options, header: [spelling] });
      for (const { name, path } of own) {
        if (path === undefined || paths.get(name) === path) continue;
        paths.set(name, path);
        // Other headers may include this one.
        readable.clear();
      }
      const { name } = own[0] as RequestedHeader;
      return withAdvice({ target, roots, requested: [...requested, ...own], base, from }, () => {
        const model = kept(name, () =>
          withStatements(analyzeHeader(name, target, resolver, identify, reading), statements),
        );
        return options.since === false ? model : withSince(model, sinceFacts());
      });
    },
  };
}
