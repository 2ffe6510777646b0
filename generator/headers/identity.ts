/** Header identity: what exactly was read. */

import { debianPackageOf } from '../kernel/header-packages.js';
import type { Origin } from '../model/model.js';
import type { Sha256 } from '../sha256.js';
import type { Target } from '../targets/target.js';
import { type InstalledPackage, installedPackage } from './dpkg.js';
import type { FileProvider, SourceFile } from './files.js';
import { kernelVersionOf } from './kernel-version.js';
import type { Resolver } from './resolver.js';

interface Identity {
  /** Version of the kernel that the first file belongs to; null when its tree does not say. */
  readonly kernel: string | null;
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly origin: Origin }[];
}

/** Tells what a list of files is; the first is the header that was asked for. */
export type Identify = (files: readonly SourceFile[]) => Identity;

const tree: Origin = { kind: 'tree' };

/** Identity on a machine whose package manager, if any, is Debian's. */
export function identifyOn(provider: FileProvider, resolver: Resolver, target: Target, sha256: Sha256): Identify {
  const packages = new DebianPackages(provider, target.debian.architecture);
  const originOf = (file: SourceFile): Origin => packages.ownerOf(file) ?? tree;
  return (files) => identityOf(files, kernelOf(files[0], resolver, originOf), originOf, sha256);
}

/** Identity of headers that are read from a set; `has` says which of the files are the set's. */
export function identifyIn(
  set: { kernel: string; origin: Origin },
  has: (file: SourceFile) => boolean,
  sha256: Sha256,
): Identify {
  const originOf = (file: SourceFile): Origin => (has(file) ? set.origin : tree);
  return (files) => identityOf(files, files[0] && has(files[0]) ? set.kernel : null, originOf, sha256);
}

function identityOf(
  files: readonly SourceFile[],
  kernel: string | null,
  originOf: (file: SourceFile) => Origin,
  sha256: Sha256,
): Identity {
  const sources = files.map((file) => ({
    name: file.name,
    sha256: hashOf(file, sha256),
    origin: originOf(file),
  }));
  return { kernel, files: sources };
}

const hashes = new WeakMap<SourceFile, string>();

/** Hashed once, however many models are made of the file. */
function hashOf(file: SourceFile, sha256: Sha256): string {
  const hash = hashes.get(file) ?? sha256(file.bytes);
  hashes.set(file, hash);
  return hash;
}

/** A package's headers are of one kernel, whichever root they are in; a tree's are of one root. */
function kernelOf(
  header: SourceFile | undefined,
  resolver: Resolver,
  originOf: (file: SourceFile) => Origin,
): string | null {
  const version = resolver.system('linux/version.h');
  if (!header || !version) return null;
  const [a, b] = [originOf(header), originOf(version)];
  const together = a.kind === 'package' ? JSON.stringify(a) === JSON.stringify(b) : header.root === version.root;
  return together ? kernelVersionOf(version.text) : null;
}

/** The packages that own headers, each looked up once. */
class DebianPackages {
  readonly #provider: FileProvider;
  readonly #architecture: string;
  readonly #packages = new Map<string, InstalledPackage | undefined>();

  constructor(provider: FileProvider, architecture: string) {
    this.#provider = provider;
    this.#architecture = architecture;
  }

  ownerOf(file: SourceFile): Origin | undefined {
    const name = debianPackageOf(file.name)?.split(' ')[0];
    if (name === undefined) return undefined;
    if (!this.#packages.has(name)) {
      this.#packages.set(name, installedPackage(this.#provider, name, this.#architecture));
    }
    const installed = this.#packages.get(name);
    return installed?.paths.has(file.path) ? installed.origin : undefined;
  }
}
