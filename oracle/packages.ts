/**
 * Debian's packages of kernel headers, of several releases, from the mirror that apt is set up with. They are downloaded and
 * unpacked into a cache; nothing is installed, and the system's own lists of packages stay as they are.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from '../generator/layout/target.js';
import { rootsWithin } from '../generator/source/unpacked.js';
import { run } from './compilers.js';

/** Headers of one version, for all architectures that there are packages for. */
export interface HeaderSet {
  /** `Debian trixie` */
  readonly name: string;
  /** The include roots for a target; undefined where there is no package. */
  rootsFor(target: Target): string[] | undefined;
}

const cache = fileURLToPath(new URL('../../node_modules/.cache/kvm-uapi', import.meta.url));
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** The releases that have a package for each architecture: those for cross compilers. */
const releasesByArchitecture = ['bullseye', 'bookworm'];
/** Since Linux 6.12 one package is for all architectures. */
const releasesOfAll = ['trixie'];
/** Where the newest may be. */
const releasesOfNewest = ['trixie-backports', 'forky', 'sid'];

/** The header sets, from the oldest to the newest. @throws Error without apt, or where the mirror has none of them. */
export function headerSets(): HeaderSet[] {
  const apt = new Apt([...releasesByArchitecture, ...releasesOfAll, ...releasesOfNewest]);
  const all = 'linux-libc-dev';
  return [
    ...releasesByArchitecture.map(
      (release): HeaderSet => ({
        name: `Debian ${release}`,
        rootsFor: ({ debian }) => {
          const name = `${all}-${debian.architecture}-cross`;
          const found = apt.versionsOf(name).find((version) => version.release === release);
          return found && crossRoots(apt.unpack(name, found.version));
        },
      }),
    ),
    ...releasesOfAll.flatMap((release) => {
      const found = apt.versionsOf(all).find((version) => version.release === release);
      return found ? [setOf(`Debian ${release}`, apt.unpack(all, found.version))] : [];
    }),
    newestOf(apt, all),
  ];
}

function newestOf(apt: Apt, name: string): HeaderSet {
  // apt lists the newest first.
  const newest = apt.versionsOf(name).find(({ release }) => releasesOfNewest.includes(release));
  if (!newest) throw new Error(`the mirror has no ${name} of ${releasesOfNewest.join(', ')}`);
  return setOf(`Debian ${newest.release}`, apt.unpack(name, newest.version));
}

function setOf(name: string, folder: string): HeaderSet {
  return { name, rootsFor: (target) => rootsWithin(folder, target) };
}

/** Packages for cross compilers have their headers in a folder named by the compiler: `usr/i686-linux-gnu/include`. */
function crossRoots(folder: string): string[] {
  const usr = join(folder, 'usr');
  const roots = readdirSync(usr).map((name) => join(usr, name, 'include'));
  return roots.filter((root) => existsSync(root));
}

/** A folder with headers of all architectures, where a run of the oracle has left one. */
export function unpackedForAll(): string | undefined {
  const folder = join(cache, 'headers');
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^linux-libc-dev_[^.]+\.[^.]+\.[^.]+$/.test(name))
    : [];
  const newest = names.sort(new Intl.Collator('en', { numeric: true }).compare).at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

interface PackageVersion {
  readonly version: string;
  readonly release: string;
}

/** apt with releases of its own beside the system's. */
class Apt {
  readonly #options: readonly string[];

  constructor(releases: readonly string[]) {
    const folder = join(cache, 'apt');
    const lists = join(folder, 'lists');
    mkdirSync(join(lists, 'partial'), { recursive: true });
    mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    const mirror = mirrorOf(
      run('apt-get', ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Identifier: Packages']),
    );
    const sources = join(folder, 'sources.list');
    const lines = releases.map((release) => `deb [arch=amd64 signed-by=${keyring}] ${mirror} ${release} main\n`);
    writeFileSync(sources, lines.join(''));
    const settings = {
      'Dir::Etc::sourcelist': sources,
      'Dir::Etc::sourceparts': '-',
      'Dir::State::lists': lists,
      'Dir::Cache': join(folder, 'cache'),
      'APT::Sandbox::User': 'root',
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    // A release that the mirror has dropped is an error here, and a set that is missing later on.
    spawnSync('apt-get', ['update', ...this.#options]);
  }

  /** The versions that there are of a package, the newest first. */
  versionsOf(name: string): PackageVersion[] {
    const lines = run('apt-cache', ['madison', ...this.#options, name]).split('\n');
    return lines.flatMap((line) => {
      const [, version, source = ''] = line.split('|').map((field) => field.trim());
      const release = /\s([\w-]+)\/main\s/.exec(source)?.[1];
      return version !== undefined && release !== undefined ? [{ version, release }] : [];
    });
  }

  /** The folder that a package is unpacked into, once. */
  unpack(name: string, version: string): string {
    const folder = join(cache, 'headers', `${name}_${version}`);
    if (existsSync(folder)) return folder;
    const unpacked = `${folder}.new`;
    rmSync(unpacked, { recursive: true, force: true });
    mkdirSync(unpacked, { recursive: true });
    const { status, stderr } = spawnSync('apt-get', ['download', ...this.#options, `${name}=${version}`], {
      cwd: unpacked,
      encoding: 'utf8',
    });
    const file = readdirSync(unpacked).find((entry) => entry.endsWith('.deb'));
    if (status !== 0 || file === undefined) throw new Error(`${name} ${version} cannot be downloaded: ${stderr}`);
    run('dpkg-deb', ['-x', join(unpacked, file), unpacked]);
    rmSync(join(unpacked, file));
    renameSync(unpacked, folder);
    return folder;
  }
}

function mirrorOf(targets: string): string {
  const mirror = targets
    .split('\n')
    .find((line) => line.startsWith('Debian '))
    ?.slice('Debian '.length);
  if (mirror === undefined) throw new Error("apt knows no mirror of Debian; run 'apt-get update' first");
  return mirror;
}
