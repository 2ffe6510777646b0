/** A Debian package as one side of a comparison. Its headers are read in memory. */

import { analyzeHeader } from '../analyze/analyze.js';
import { checkedDefinitions } from '../c/preprocessor/definitions.js';
import { HeaderSetError, UsageError } from '../errors.js';
import { filesOnDisk, nodeSha256 } from '../headers/disk.js';
import { filesInMemory } from '../headers/files.js';
import { hashIn, identifyIn } from '../headers/identity.js';
import { type OpenFiles, Resolver } from '../headers/resolver.js';
import { type Contents, contentsOf } from '../headers/sets/contents.js';
import { debTree } from '../headers/sets/deb.js';
import { placesIn } from '../headers/sets/forms.js';
import { noSet } from '../headers/sets/open.js';
import type { Model } from '../model/model.js';
import { withStatements } from '../model/statements.js';
import { targetsOf } from '../targets/architectures.js';
import { targetCalled } from '../targets/targets.js';
import { modelOrMissing, type Reading, type Side } from './diff-side.js';

/** Opens a package. @throws HeaderSetError if it cannot be read or has no headers in a known form. */
export async function packageSide(path: string, reading: Reading): Promise<Side> {
  const tree = await debTree(path);
  const [place] = placesIn(tree);
  if (!place) throw new HeaderSetError(`${path}: ${noSet}`);
  const contents = contentsOf(tree, place);
  const targets = targetsOf([...contents.architectures.keys()]);
  const open: OpenFiles = new Map();
  const opened = new Map<string, ReturnType<typeof openTarget>>();
  const of = (target: string): ReturnType<typeof openTarget> => {
    const known = opened.get(target) ?? openTarget(path, contents, target, reading, open);
    opened.set(target, known);
    return known;
  };
  return {
    spelled: path,
    targets,
    isModels: false,
    headers: (target) => [...of(target).names].sort(),
    model: (header, target) => modelOrMissing(header, () => of(target).model(header)),
    hashOf: (header, target) => of(target).hashOf(header),
  };
}

interface OpenTarget {
  readonly names: readonly string[];
  model(header: string): Model;
  hashOf(header: string): string | undefined;
}

function openTarget(path: string, contents: Contents, name: string, reading: Reading, open: OpenFiles): OpenTarget {
  const target = targetCalled(name);
  const part = contents.architectures.get(target.kernelArchitecture);
  if (!part) throw new UsageError(`${path}: has no headers for ${name}; choose another target with --arch`);
  const asmRoot = `/${target.kernelArchitecture}`;
  const files = filesInMemory(
    Object.fromEntries([
      ...Array.from(contents.common, ([header, bytes]) => [`/common/${header}`, bytes] as const),
      ...Array.from(part.asm, ([header, bytes]) => [`${asmRoot}/${header}`, bytes] as const),
    ]),
  );
  const onDisk = reading.include;
  const provider = {
    read: (file: string) => files.read(file) ?? (onDisk.length > 0 ? filesOnDisk.read(file) : undefined),
  };
  const resolver = new Resolver(provider, [...onDisk, asmRoot, '/common'], open);
  const isInside = ({ root }: { readonly root: number }): boolean => root >= onDisk.length;
  const identify = identifyIn({ kernel: contents.kernel, origin: part.origin }, isInside, nodeSha256);
  const { statements = {}, define = {} } = reading;
  const options = {
    readable: new Map<string, boolean>(),
    define: checkedDefinitions(define, (problem) => new UsageError(`define: ${problem}`)),
    ...(statements.ioctls === undefined ? {} : { ioctls: statements.ioctls }),
  };
  return {
    names: [...contents.common.keys(), ...part.asm.keys()],
    model: (header) => withStatements(analyzeHeader(header, target, resolver, identify, options), statements),
    hashOf: (header) => hashIn(resolver, header, nodeSha256),
  };
}
