/** The header sets that the project has been held against: facts alone, committed in `headers/catalogue.json`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Origin } from '../../model/model.js';
import { packageRoot } from '../disk.js';

export interface CatalogueEntry {
  /** The Debian suite, and the package's architecture where it is not of all: `trixie`, `bookworm-arm64`. */
  readonly name: string;
  /** Version of the kernel. */
  readonly kernel: string;
  readonly package: string;
  readonly version: string;
  /** The package's: one of Debian's ports, or `all`. */
  readonly architecture: string;
  /** The hash of the set for each architecture that it has, by the kernel's name for it. */
  readonly sha256: Readonly<Record<string, string>>;
}

let entries: readonly CatalogueEntry[] | undefined;

export function catalogue(): readonly CatalogueEntry[] {
  entries ??= JSON.parse(readFileSync(join(packageRoot(), 'headers', 'catalogue.json'), 'utf8')) as CatalogueEntry[];
  return entries;
}

/** The package that headers are of which carry no record of it: an unpacked one is known by its hash. */
export function packageWithHash(architecture: string, sha256: string): Origin | undefined {
  const entry = catalogue().find((each) => each.sha256[architecture] === sha256);
  return entry && { kind: 'package', name: entry.package, version: entry.version, architecture: entry.architecture };
}
