/** What all commands have in common: which headers of which target, from where. */

import { analyzeHeader } from '../analyze/analyze.js';
import { headerComments, noComments } from '../analyze/comments.js';
import { filesOnDisk, nodeSha256, systemRoots } from '../headers/disk.js';
import { identifyIn, identifyOn } from '../headers/identity.js';
import { type OpenFiles, Resolver } from '../headers/resolver.js';
import { openSet } from '../headers/sets/open.js';
import { userCache } from '../headers/sets/store.js';
import type { Model } from '../model/model.js';
import type { Target } from '../targets/target.js';
import { targetCalled } from '../targets/targets.js';

export interface HeaderOptions {
  readonly header: readonly string[];
  readonly arch: string;
  readonly include: readonly string[];
  /** The header set to read, by name or folder; without it the headers of the system. */
  readonly from?: string;
  /** Whether the models have the headers' comments. */
  readonly comments?: boolean;
}

export interface Headers {
  readonly target: Target;
  /** The folders that a C compiler must search before its own to read the same headers. */
  readonly includeDirs: readonly string[];
  /** The names of the headers, each once. */
  readonly names: readonly string[];
  /** Reads a header and lays it out. */
  model(name: string): Model;
}

export const defaultHeader = 'linux/kvm.h';

/** The headers that an option names, each once; the default where it names none. */
export function headersOf(header: readonly string[]): string[] {
  return header.length > 0 ? [...new Set(header)] : [defaultHeader];
}

/** The headers of one target; `open` is what the targets of a run have in common. */
export function openHeaders(options: HeaderOptions, open: OpenFiles = new Map()): Headers {
  const target = targetCalled(options.arch);
  const set = options.from === undefined ? undefined : openSet(options.from, userCache(), target);
  const includeDirs = [...options.include, ...(set?.roots ?? [])];
  // What is read from a set must be the same on every machine: the system's folders are not searched then.
  const resolver = new Resolver(filesOnDisk, set ? includeDirs : [...includeDirs, ...systemRoots(target)], open);
  const identify = set ? identifyIn(set, set.has, nodeSha256) : identifyOn(filesOnDisk, resolver, target, nodeSha256);
  return {
    target,
    includeDirs,
    names: headersOf(options.header),
    model: (name) => analyzeHeader(name, target, resolver, identify, options.comments ? headerComments : noComments),
  };
}
