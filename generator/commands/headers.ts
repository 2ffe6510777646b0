/** What all commands have in common: which headers of which target, from where. */

import { headerComments, noComments } from '../describe/comments.js';
import { describeHeader } from '../describe/describe.js';
import type { Target } from '../layout/target.js';
import { targetCalled } from '../layout/targets.js';
import type { Model } from '../model.js';
import { filesOnDisk, systemRoots } from '../source/disk.js';
import { identifyIn, identifyOn } from '../source/identity.js';
import { type OpenFiles, Resolver } from '../source/resolver.js';
import { openSet } from '../source/sets/open.js';
import { userCache } from '../source/sets/store.js';

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
export const defaultArchitecture = 'x86_64';

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
  const identify = set ? identifyIn(set, set.has) : identifyOn(filesOnDisk, resolver, target);
  return {
    target,
    includeDirs,
    names: headersOf(options.header),
    model: (name) => describeHeader(name, target, resolver, identify, options.comments ? headerComments : noComments),
  };
}
