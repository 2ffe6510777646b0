/** Finds the packages of Debian that have the headers of a suite or of a kernel version, and downloads them. */

import { rmSync } from 'node:fs';
import { HeaderFetchError, HeaderSetError } from '../../errors.js';
import type { Target } from '../../targets/target.js';
import { type Apt, openApt } from './apt.js';
import { catalogue } from './catalogue.js';
import { stagingFolder } from './store.js';
import { knownSuites, nearestSuite, suitesOf } from './suites.js';

/** What to download. */
export interface Wanted {
  readonly suites: readonly string[];
  /** What the user must know about the choice. */
  readonly notes: readonly string[];
}

/**
 * Returns the suites for what a user asks for: a suite (`trixie`), a kernel version (`6.12`), or `newest`.
 * @throws HeaderSetError for a text that is none of them.
 */
export function wantedBy(asked: string): Wanted {
  if (/^\d+\.\d+(?:\.\d+)?$/.test(asked)) {
    const { suite, kernel } = nearestSuite(asked, catalogue());
    const isSame = seriesOf(kernel) === seriesOf(asked);
    const note = `no known suite has Linux ${seriesOf(asked)}; the nearest is ${suite} with Linux ${kernel}`;
    return { suites: suitesOf(suite), notes: isSame ? [] : [note] };
  }
  if (/^[a-z][a-z0-9-]*$/.test(asked)) return { suites: suitesOf(asked), notes: [] };
  throw new HeaderSetError(
    `'${asked}' is not a suite of Debian and not a kernel version; write a suite such as ${knownSuites.join(', ')}, a version such as 6.12, or newest`,
  );
}

const seriesOf = (kernel: string): string => kernel.split('.').slice(0, 2).join('.');

/**
 * Downloads the packages that have the headers of the targets, and calls `use` with the path of each package. All packages are
 * downloaded before the first call. They are removed after the last call.
 *
 * @param cache the folder of the imported sets. It has the temporary files too.
 * @throws HeaderFetchError if a package cannot be downloaded.
 */
export async function withPackages<T>(
  { suites }: Wanted,
  targets: readonly Target[],
  cache: string,
  use: (deb: string) => Promise<T>,
): Promise<T[]> {
  const folder = stagingFolder(cache);
  try {
    const ports = [...new Set([firstPort, ...targets.map(({ debian }) => debian.architecture)])];
    const apt = openApt(folder, { suites, ports });
    const used: T[] = [];
    const debs = packagesFor(apt, targets, suites).map(([name, port]) => apt.download(name, port));
    for (const deb of debs) used.push(await use(deb));
    return used;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const headersPackage = 'linux-libc-dev';

/** The port whose index has the packages for all ports, with those for cross compilers. */
const firstPort = 'amd64';

type PackageName = readonly [name: string, port: string];

/**
 * Returns the packages with the headers of the targets. Since 6.12, one package has the headers of all architectures. Before,
 * each port has its own package. For the other architectures, there are packages for cross compilers.
 */
function packagesFor(apt: Apt, targets: readonly Target[], suites: readonly string[]): PackageName[] {
  if (apt.architectureOf(headersPackage, firstPort) === 'all') return [[headersPackage, firstPort]];
  const kernels = targets.map(({ kernelArchitecture }) => kernelArchitecture);
  const own = targets.filter(({ kernelArchitecture }, index) => kernels.indexOf(kernelArchitecture) === index);
  return own.map(({ name, debian: { architecture } }) => {
    const cross = `${headersPackage}-${architecture}-cross`;
    if (apt.architectureOf(headersPackage, architecture) !== undefined) return [headersPackage, architecture];
    if (apt.architectureOf(cross, firstPort) !== undefined) return [cross, firstPort];
    throw new HeaderFetchError(
      'no package',
      `${suites.join(' and ')}: no package has headers for ${name}, neither ${headersPackage} of ${architecture} nor ${cross}; choose a newer suite, such as trixie`,
    );
  });
}
