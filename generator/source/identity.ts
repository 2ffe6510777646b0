/** Header identity: what exactly was read. */

import { createHash } from 'node:crypto';
import { debianPackageOf } from '../knowledge/packages.js';
import type { Target } from '../layout/target.js';
import type { Origin } from '../model.js';
import type { FileProvider, SourceFile } from './files.js';
import type { Resolver } from './resolver.js';

export interface Identity {
  /** Version of the kernel that the first file belongs to; null when its tree does not say. */
  readonly kernel: string | null;
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly origin: Origin }[];
}

/** Tells what a list of files is; the first is the header that was asked for. */
export type Identify = (files: readonly SourceFile[]) => Identity;

const tree: Origin = { kind: 'tree' };

/** Identity on a machine whose package manager, if any, is Debian's. */
export function identifyOn(provider: FileProvider, resolver: Resolver, target: Target): Identify {
  const packages = new DebianPackages(provider, target.debian.architecture);
  const originOf = (file: SourceFile): Origin => packages.ownerOf(file) ?? tree;
  return (files) => ({
    kernel: kernelOf(files[0], resolver, originOf),
    files: files.map((file) => ({
      name: file.name,
      sha256: createHash('sha256').update(file.bytes).digest('hex'),
      origin: originOf(file),
    })),
  });
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
  const code = /^#define LINUX_VERSION_CODE (\d+)$/m.exec(version.text)?.[1];
  if (!together || code === undefined) return null;
  const number = Number(code);
  return `${number >> 16}.${(number >> 8) & 0xff}.${number & 0xff}`;
}

/** What dpkg has recorded of the packages that own headers. */
class DebianPackages {
  readonly #provider: FileProvider;
  readonly #architecture: string;
  readonly #lists = new Map<string, { readonly paths: ReadonlySet<string>; readonly origin: Origin } | undefined>();

  constructor(provider: FileProvider, architecture: string) {
    this.#provider = provider;
    this.#architecture = architecture;
  }

  ownerOf(file: SourceFile): Origin | undefined {
    const name = debianPackageOf(file.name)?.split(' ')[0];
    if (name === undefined) return undefined;
    if (!this.#lists.has(name)) this.#lists.set(name, this.#load(name));
    const list = this.#lists.get(name);
    return list?.paths.has(file.path) ? list.origin : undefined;
  }

  #load(name: string): { paths: ReadonlySet<string>; origin: Origin } | undefined {
    const read = (path: string): string | undefined => {
      const bytes = this.#provider.read(path);
      return bytes && new TextDecoder().decode(bytes);
    };
    const info = `/var/lib/dpkg/info/${name}`;
    const list = read(`${info}:${this.#architecture}.list`) ?? read(`${info}.list`);
    const status = read('/var/lib/dpkg/status');
    if (list === undefined || status === undefined) return undefined;
    const entry = entryOf(status, name, this.#architecture);
    const version = entry && /^Version: (.+)$/m.exec(entry)?.[1];
    if (version === undefined) return undefined;
    const architecture = /^Architecture: (.+)$/m.exec(entry ?? '')?.[1] ?? this.#architecture;
    return { paths: new Set(list.split('\n')), origin: { kind: 'package', name, version, architecture } };
  }
}

/** The paragraph of a package in dpkg's status file. */
function entryOf(status: string, name: string, architecture: string): string | undefined {
  const heading = `Package: ${name}\n`;
  for (let at = status.indexOf(heading); at !== -1; at = status.indexOf(heading, at + 1)) {
    const end = status.indexOf('\n\n', at);
    const entry = status.slice(at, end === -1 ? undefined : end);
    if (new RegExp(`^Architecture: (?:${architecture}|all)$`, 'm').test(entry)) return entry;
  }
  return undefined;
}
