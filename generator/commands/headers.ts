/** What all commands have in common: which headers of which target, from where. */

import { describeHeader } from '../describe/describe.js';
import type { Target } from '../layout/target.js';
import { targetCalled } from '../layout/targets.js';
import type { Model } from '../model.js';
import { filesOnDisk, systemRoots } from '../source/disk.js';
import { identifyOn } from '../source/identity.js';
import { Resolver } from '../source/resolver.js';
import { rootsWithin } from '../source/unpacked.js';

export interface HeaderOptions {
  readonly header: readonly string[];
  readonly arch: string;
  readonly include: readonly string[];
}

export interface Headers {
  readonly target: Target;
  /** The include roots that the user named, for this target. */
  readonly include: readonly string[];
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

export function openHeaders(options: HeaderOptions): Headers {
  const target = targetCalled(options.arch);
  const include = options.include.flatMap((folder) => rootsWithin(folder, target));
  const resolver = new Resolver(filesOnDisk, [...include, ...systemRoots(target)]);
  const identify = identifyOn(filesOnDisk, resolver, target);
  return {
    target,
    include,
    names: headersOf(options.header),
    model: (name) => describeHeader(name, target, resolver, identify),
  };
}
