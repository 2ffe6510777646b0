/** The identity of headers: what exactly was read. */

import { debianPackageOf } from '../kernel/header-packages.js';
import type { Origin } from '../model/model.js';
import type { Sha256 } from '../sha256.js';
import { crossFolder, type Target } from '../targets/target.js';
import { type InstalledPackage, installedPackage } from './dpkg.js';
import type { FileProvider, SourceFile } from './files.js';
import { kernelVersionOf } from './kernel-version.js';
import type { Resolver } from './resolver.js';

interface Identity {
  /** The kernel version of the first file. Null if its tree does not state a version. */
  readonly kernel: string | null;
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly origin: Origin }[];
}

/** Identifies a list of files. The first file is the requested header. */
export type Identify = (files: readonly SourceFile[]) => Identity;

const tree: Origin = { kind: 'tree' };

/** Returns the identification for a machine. If the machine has a package manager, it is Debian's. */
export function identifyOn(provider: FileProvider, resolver: Resolver, target: Target, sha256: Sha256): Identify {
  const packages = new DebianPackages(provider, target);
  const originOf = (file: SourceFile): Origin => packages.ownerOf(file) ?? tree;
  return (files) => identityOf(files, kernelOf(files[0], resolver, originOf), originOf, sha256);
}

/** Returns the identification for headers of a set. `has` returns whether the set contains a file. */
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

/** Returns the hash of a file. It is computed once, even if several models use the file. */
function hashOf(file: SourceFile, sha256: Sha256): string {
  const hash = hashes.get(file) ?? sha256(file.bytes);
  hashes.set(file, hash);
  return hash;
}

/** Returns the hash of a header. Undefined if no include folder contains it. */
export function hashIn(resolver: Resolver, name: string, sha256: Sha256): string | undefined {
  const file = resolver.system(name);
  return file && hashOf(file, sha256);
}

/**
 * Returns the kernel version. All headers of a package have one kernel version, in every folder. The headers of a tree
 * have one kernel version in each folder.
 */
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

/** The packages that own headers. Each package is looked up once. */
class DebianPackages {
  readonly #provider: FileProvider;
  readonly #architecture: string;
  /** The folder of the packages for cross compilers. */
  readonly #cross: string;
  readonly #packages = new Map<string, InstalledPackage | undefined>();

  constructor(provider: FileProvider, target: Target) {
    this.#provider = provider;
    this.#architecture = target.debian.architecture;
    this.#cross = `${crossFolder(target)}/`;
  }

  ownerOf(file: SourceFile): Origin | undefined {
    const own = debianPackageOf(file.name)?.split(' ')[0];
    if (own === undefined) return undefined;
    const name = file.path.startsWith(this.#cross) ? `${own}-${this.#architecture}-cross` : own;
    if (!this.#packages.has(name)) {
      this.#packages.set(name, installedPackage(this.#provider, name, this.#architecture));
    }
    const installed = this.#packages.get(name);
    return installed?.paths.has(file.path) ? installed.origin : undefined;
  }
}
