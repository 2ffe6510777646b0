/** The suites of Debian with packages of kernel headers, and which of them has a kernel version. */

import { byVersion } from '../../model/since.js';
import type { CatalogueEntry } from './catalogue.js';

/** The suites that Debian's mirrors have, oldest first. Another suite can be named too. */
export const knownSuites: readonly string[] = [
  'bullseye',
  'bookworm',
  'bookworm-backports',
  'trixie',
  'trixie-backports',
  'forky',
  'sid',
];

/** The suites with the newest headers. experimental has release candidates, so it is not one of them. */
const newestSuites: readonly string[] = ['sid', 'trixie-backports'];

/** Returns the suites that a name of the catalogue stands for. */
export function suitesOf(name: string): readonly string[] {
  return name === 'newest' ? newestSuites : [name];
}

/** A kernel version that was asked for, and the suite that has it or the nearest version. */
export interface NearestSuite {
  /** A suite, or `newest`. */
  readonly suite: string;
  /** The kernel version that the catalogue records for the suite. */
  readonly kernel: string;
}

/**
 * Returns the suite with a kernel version. If the catalogue has no package of the version, returns the suite with the next newer
 * version, because it has everything of the asked version. If there is none, returns the newest one.
 */
export function nearestSuite(kernel: string, entries: readonly CatalogueEntry[]): NearestSuite {
  const native = entries.filter(({ package: name }) => name === 'linux-libc-dev');
  const known = new Map(native.map((entry) => [suiteOf(entry), entry.kernel]));
  const ordered = [...known].sort(([, a], [, b]) => byVersion(a, b));
  const [suite, found] = ordered.find(([, each]) => byVersion(each, kernel) >= 0) ??
    ordered.at(-1) ?? ['newest', kernel];
  return { suite, kernel: found };
}

/** Returns the suite of a record of the catalogue: `bookworm` for `bookworm-arm64`. */
export function suiteOf({ name, architecture }: Pick<CatalogueEntry, 'name' | 'architecture'>): string {
  return name.replace(new RegExp(`-${architecture}$`), '').replace(/-security$/, '');
}
