/** The header sets that the project was tested with. `headers/catalogue.json` has only facts about them, no headers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Origin } from '../../model/model.js';
import { packageRoot } from '../disk.js';

export interface CatalogueEntry {
  /** The Debian suite, and the package's architecture if it is not `all`: `trixie`, `bookworm-arm64`. */
  readonly name: string;
  /** The kernel version. */
  readonly kernel: string;
  readonly package: string;
  readonly version: string;
  /** The architecture of the package: a Debian port or `all`. */
  readonly architecture: string;
  /** The hash of the set for each architecture, by the kernel's name for the architecture. */
  readonly sha256: Readonly<Record<string, string>>;
}

let entries: readonly CatalogueEntry[] | undefined;

export function catalogue(): readonly CatalogueEntry[] {
  entries ??= JSON.parse(readFileSync(join(packageRoot(), 'headers', 'catalogue.json'), 'utf8')) as CatalogueEntry[];
  return entries;
}

/** Returns the package of headers without a package record. An unpacked package is identified by its hash. */
export function packageWithHash(architecture: string, sha256: string): Origin | undefined {
  const entry = catalogue().find((each) => each.sha256[architecture] === sha256);
  return entry && { kind: 'package', name: entry.package, version: entry.version, architecture: entry.architecture };
}
