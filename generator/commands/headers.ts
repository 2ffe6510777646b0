/** What all commands have in common: which headers of which target, from where. */

import { describeHeader } from '../describe/describe.js';
import type { Target } from '../layout/target.js';
import { targetCalled } from '../layout/targets.js';
import type { Model } from '../model.js';
import { filesOnDisk, systemRoots } from '../source/disk.js';
import { identifyOn } from '../source/identity.js';
import { Resolver } from '../source/resolver.js';

export interface HeaderOptions {
  readonly header: readonly string[];
  readonly arch: string;
  readonly include: readonly string[];
}

export interface Headers {
  readonly target: Target;
  /** The names of the headers, each once. */
  readonly names: readonly string[];
  /** Reads a header and lays it out. */
  model(name: string): Model;
}

export const defaultHeader = 'linux/kvm.h';

export function openHeaders(options: HeaderOptions): Headers {
  const target = targetCalled(options.arch);
  const resolver = new Resolver(filesOnDisk, [...options.include, ...systemRoots(target)]);
  const identify = identifyOn(filesOnDisk, resolver, target);
  const names = options.header.length > 0 ? options.header : [defaultHeader];
  return {
    target,
    names: [...new Set(names)],
    model: (name) => describeHeader(name, target, resolver, identify),
  };
}
