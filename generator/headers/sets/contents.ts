/** What a header set is: files by the names an #include gives them, whatever form and place they come from. */

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
  /** Version of the kernel. */
  readonly kernel: string;
  /** The headers that all architectures have in common. */
  readonly common: Headers;
  /** By the kernel's name of the architecture. */
  readonly architectures: ReadonlyMap<string, ArchitectureHeaders>;
}

/**
 * The hash of a set for one architecture, the SHA-256 of what `sha256sum` prints for all its headers by name, in the
 * order of their bytes: the same for the same headers, whatever form and place they come from.
 */
function hashOf(common: Headers, asm: Headers): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...common, ...asm].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
  }
  return hash.digest('hex');
}

/** What a set is, without its headers. */
export function descriptionOf({ kernel, architectures }: Contents): Description {
  const parts = [...architectures].map(([name, { origin, sha256 }]) => [name, { origin, sha256 }] as const);
  return { schema: descriptionSchema, kernel, architectures: Object.fromEntries(parts) };
}

/** Reads a set whole, or only one architecture's part. @throws HeaderSetError when a header cannot be read. */
export function contentsOf(tree: HeaderTree, place: Place, only?: string): Contents {
  const kernel = kernelOf(tree, place);
  const { owners, pathOf } = installedOwners(tree, place);
  const isOwned = (path: string): boolean =>
    owners.size === 0 || [...owners.values()].some(({ paths }) => paths.has(pathOf(path)));
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

function kernelOf(tree: HeaderTree, { common }: Place): string {
  const path = within(common, versionHeader);
  const kernel = kernelVersionOf(new TextDecoder().decode(tree.read(path)));
  if (kernel === null) throw new HeaderSetError(`${tree.name}: ${path}: states no LINUX_VERSION_CODE`);
  return kernel;
}

/** The kernel's deepest are linux/netfilter/ipset/*.h. A link to a folder above can make a tree that has no end. */
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
    if (depth > deepest) throw new HeaderSetError(`${tree.name}: ${path}: its folders go in a circle`);
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

/** The package whose unpacked files a tree is. */
function controlOf(tree: HeaderTree): Origin | undefined {
  const control = tree.read('DEBIAN/control');
  return control && packageOf(new TextDecoder().decode(control));
}

/** The record of the imported set that a tree is. */
function recordOf(tree: HeaderTree): Description | undefined {
  const record = tree.read(recordFile);
  return record && readDescription(new TextDecoder().decode(record), `${tree.name}/${recordFile}`);
}

/** Installed packages by architecture, and the path that dpkg knows a path of the tree by. */
interface Owners {
  readonly owners: ReadonlyMap<string, InstalledPackage>;
  pathOf(path: string): string;
}

/** The packages that a tree's headers are installed from: in the system that the tree is, or in the running one. */
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
    if (found.length > 0) return { owners: new Map(found), pathOf };
  }
  return { owners: new Map(), pathOf: (path) => path };
}
