/** `kvm-uapi headers fetch`: downloads the headers of a suite or of a kernel version through apt, and imports them. */

import { UsageError } from '../errors.js';
import { wantedBy, withPackages } from '../headers/sets/fetch.js';
import { userCache } from '../headers/sets/store.js';
import { defaultTarget, targetCalled } from '../targets/targets.js';
import { type Imported, type ImportOptions, importedText, importSet } from './headers.js';

export interface FetchOptions extends ImportOptions {
  /**
   * The targets whose headers are needed. The default is x86_64. Since Linux 6.12, a package has the headers of all
   * architectures.
   */
  readonly arch?: readonly string[];
}

export interface FetchedSets {
  readonly sets: readonly Imported[];
  /** What the caller must know, such as that no suite has exactly the version. */
  readonly notes: readonly string[];
}

/**
 * Downloads packages of kernel headers from the Debian mirror of this system, and imports them. The system does not change, and
 * no administrator is needed.
 *
 * @param asked a suite (`trixie`), a kernel version (`6.12`), or `newest`.
 * @throws HeaderFetchError if the headers cannot be downloaded; `reason` says why. Nothing was imported.
 * @throws HeaderSetError if a package cannot be imported.
 * @throws UsageError for an unknown target, or for a name if several packages are needed.
 * @example
 * const { sets } = await fetchSets('trixie', {});
 * installedHeaders({ from: sets[0].name }).model('linux/kvm.h');
 */
export async function fetchSets(asked: string, options: FetchOptions): Promise<FetchedSets> {
  const { arch = [defaultTarget], name, cache = userCache() } = options;
  const targets = arch.map(targetCalled);
  if (name !== undefined && new Set(targets.map(({ kernelArchitecture }) => kernelArchitecture)).size > 1) {
    throw new UsageError('--name needs one architecture, because several packages can be needed; give one --arch');
  }
  const wanted = wantedBy(asked);
  const sets = await withPackages(wanted, targets, cache, (deb) => importSet(deb, options));
  return { sets, notes: wanted.notes };
}

/** Returns the report of the command. */
export async function fetchHeaders(asked: string, options: FetchOptions): Promise<string> {
  const { sets, notes } = await fetchSets(asked, options);
  return [...notes.map((note) => `note: ${note}`), ...sets.map((set) => importedText(set, options))].join('\n');
}
