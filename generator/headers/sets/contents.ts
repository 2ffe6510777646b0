/**
 * The contents of a header set: files by their names in an #include. The form and the location of the set do not
 * matter.
 */

import { createHash } from 'node:crypto';
import { HeaderSetError } from '../../errors.js';
import { kernelFolders } from '../../kernel/header-packages.js';
import type { Origin } from '../../model/model.js';
import { architectures } from '../../targets/architectures.js';
import { filesOnDisk } from '../disk.js';
import { type InstalledPackage, installedPackage, packageOf } from '../dpkg.js';
import { kernelVersionOf } from '../kernel-version.js';
import { packageWithHash } from './catalogue.js';
import { type Description, descriptionSchema, readDescription, recordFile } from './description.js';
import { type Place, versionHeader, within } from './forms.js';
import type { HeaderTree } from './tree.js';

/** Headers by name: `linux/kvm.h`, `asm/kvm.h`. */
type Headers = ReadonlyMap<string, Uint8Array>;

interface ArchitectureHeaders {
  /** The headers in `asm/`. */
  readonly asm: Headers;
  readonly origin: Origin;
  /** See `hashOf`. */
  readonly sha256: string;
}

export interface Contents {
  /** The kernel version. */
  readonly kernel: string;
  /** The headers that all architectures share. */
  readonly common: Headers;
  /** By the kernel's name for the architecture. */
  readonly architectures: ReadonlyMap<string, ArchitectureHeaders>;
}

/**
 * Returns the hash of a set for one architecture. It is the SHA-256 of the output of `sha256sum` for all headers,
 * sorted by the bytes of their names. The same headers have the same hash in every form and location.
 */
function hashOf(common: Headers, asm: Headers): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...common, ...asm].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
  }
  return hash.digest('hex');
}

/** Returns the description of a set without its headers. */
export function descriptionOf({ kernel, architectures }: Contents): Description {
  const parts = [...architectures].map(([name, { origin, sha256 }]) => [name, { origin, sha256 }] as const);
  return { schema: descriptionSchema, kernel, architectures: Object.fromEntries(parts) };
}

/** Reads a whole set or the part of one architecture. @throws HeaderSetError if a header cannot be read. */
export function contentsOf(tree: HeaderTree, place: Place, only?: string): Contents {
  const kernel = kernelOf(tree, place);
  const { owners, isOwned } = installedOwners(tree, place);
  const common = headersIn(tree, place.common, kernelFolders, isOwned);
  const record = recordOf(tree);
  const read = [...place.asm].filter(([name]) => only === undefined || name === only);
  const parts = read.map(([name, folder]) => {
    const asm = headersIn(tree, folder, ['asm'], isOwned);
    const sha256 = hashOf(common, asm);
    const recorded = record?.architectures[name];
    const origin: Origin = controlOf(tree) ??
      (recorded?.sha256 === sha256 ? recorded.origin : undefined) ??
      owners.get(name)?.origin ??
      packageWithHash(name, sha256) ?? { kind: 'tree' };
    return [name, { asm, sha256, origin }] as const;
  });
  return { kernel, common, architectures: new Map(parts) };
}

/** What a set is for one architecture. */
export interface Identified {
  /** The kernel version. */
  readonly kernel: string;
  readonly origin: Origin;
  /** Whether the set contains a header that exists in its folders. */
  has(name: string): boolean;
}

/**
 * Identifies a set for one architecture that the place has. Usually the package manager knows the origin. Only otherwise
 * all headers are read, because their hash can be in the catalogue. @throws HeaderSetError if a header cannot be read.
 */
export function identified(tree: HeaderTree, place: Place, architecture: string): Identified {
  const { owners, isOwned } = installedOwners(tree, place);
  const origin = controlOf(tree) ?? owners.get(architecture)?.origin;
  if (origin === undefined) {
    const { kernel, common, architectures } = contentsOf(tree, place, architecture);
    const own = architectures.get(architecture);
    return {
      kernel,
      origin: own?.origin ?? { kind: 'tree' },
      has: (name) => common.has(name) || own?.asm.has(name) === true,
    };
  }
  const asm = place.asm.get(architecture) ?? '';
  return {
    kernel: kernelOf(tree, place),
    origin,
    has: (name) => {
      const [folder = ''] = name.split('/');
      if (folder === 'asm') return isOwned(within(asm, name));
      return (kernelFolders as readonly string[]).includes(folder) && isOwned(within(place.common, name));
    },
  };
}

function kernelOf(tree: HeaderTree, { common }: Place): string {
  const path = within(common, versionHeader);
  const kernel = kernelVersionOf(new TextDecoder().decode(tree.read(path)));
  if (kernel === null)
    throw new HeaderSetError(
      `${tree.name}: ${path}: does not define LINUX_VERSION_CODE; choose headers with a kernel version`,
    );
  return kernel;
}

/**
 * The deepest files of the kernel are linux/netfilter/ipset/*.h. A link to a parent folder can make an endless tree.
 */
const deepest = 8;

function headersIn(
  tree: HeaderTree,
  root: string,
  folders: readonly string[],
  isOwned: (path: string) => boolean,
): Headers {
  const headers = new Map<string, Uint8Array>();
  const visit = (name: string, depth: number): void => {
    const path = within(root, name);
    if (depth > deepest)
      throw new HeaderSetError(`${tree.name}: ${path}: the folder contains itself through a link; remove the link`);
    if (!name.endsWith('.h')) {
      for (const each of tree.list(path)) visit(`${name}/${each}`, depth + 1);
    } else if (isOwned(path)) {
      const bytes = tree.read(path);
      if (bytes) headers.set(name, bytes);
    }
  };
  for (const folder of folders) visit(folder, 1);
  return headers;
}

/** Returns the package whose unpacked files form a tree. */
function controlOf(tree: HeaderTree): Origin | undefined {
  const control = tree.read('DEBIAN/control');
  return control && packageOf(new TextDecoder().decode(control));
}

/** Returns the record of an imported set. */
function recordOf(tree: HeaderTree): Description | undefined {
  const record = tree.read(recordFile);
  return record && readDescription(new TextDecoder().decode(record), `${tree.name}/${recordFile}`);
}

/** The installed packages by architecture. */
interface Owners {
  readonly owners: ReadonlyMap<string, InstalledPackage>;
  /** Whether one of the packages contains a path of the tree. Without packages, every path belongs to the set. */
  isOwned(path: string): boolean;
}

/**
 * Returns the installed packages that own a tree's headers. They are installed in the tree's system or in the running
 * system.
 */
function installedOwners(tree: HeaderTree, place: Place): Owners {
  const { folder } = tree;
  const systems =
    folder === undefined
      ? []
      : [
          { root: folder, pathOf: (path: string) => `/${path}` },
          { root: '', pathOf: (path: string) => `${folder}/${path}` },
        ];
  for (const { root, pathOf } of systems) {
    const header = pathOf(within(place.common, versionHeader));
    const found = architectures.flatMap(({ kernel, ports }) => {
      if (!place.asm.has(kernel)) return [];
      const owner = ports
        .flatMap((port) => [`linux-libc-dev`, `linux-libc-dev-${port}-cross`].map((name) => [name, port] as const))
        .map(([name, port]) => installedPackage(filesOnDisk, name, port, root))
        .find((installed) => installed?.paths.has(header));
      return owner ? [[kernel, owner] as const] : [];
    });
    if (found.length === 0) continue;
    const owners = new Map(found);
    return { owners, isOwned: (path) => [...owners.values()].some(({ paths }) => paths.has(pathOf(path))) };
  }
  return { owners: new Map(), isOwned: () => true };
}
