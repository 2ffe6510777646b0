/**
 * Provides the header sets that tests and the oracle read: real packages, downloaded through apt from the mirror that
 * this machine's apt is set up for, and imported into a cache below node_modules. The system is not changed: apt is
 * run with folders of its own.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importSet } from '../../generator/commands/header-sets.js';
import { targetsOf } from '../../generator/knowledge/architectures.js';

/** Where a set comes from: the newest version of a package in one of the suites. */
interface Source {
  readonly suites: readonly string[];
  readonly package: string;
  /** The port whose package it is; a package of all ports is in the index of each. */
  readonly port: string;
}

export const headerSetNames = [
  'bullseye-amd64',
  'bullseye-arm64',
  'bookworm-amd64',
  'bookworm-arm64',
  'bookworm-s390x',
  'trixie',
  'trixie-s390x-cross',
  'newest',
] as const;

export type HeaderSetName = (typeof headerSetNames)[number];

const sources: Readonly<Record<HeaderSetName, Source>> = {
  'bullseye-amd64': { suites: ['bullseye'], package: 'linux-libc-dev', port: 'amd64' },
  'bullseye-arm64': { suites: ['bullseye'], package: 'linux-libc-dev', port: 'arm64' },
  'bookworm-amd64': { suites: ['bookworm'], package: 'linux-libc-dev', port: 'amd64' },
  'bookworm-arm64': { suites: ['bookworm'], package: 'linux-libc-dev', port: 'arm64' },
  'bookworm-s390x': { suites: ['bookworm'], package: 'linux-libc-dev', port: 's390x' },
  trixie: { suites: ['trixie'], package: 'linux-libc-dev', port: 'amd64' },
  'trixie-s390x-cross': { suites: ['trixie'], package: 'linux-libc-dev-s390x-cross', port: 'amd64' },
  // Without experimental, which has release candidates.
  newest: { suites: ['sid', 'trixie-backports'], package: 'linux-libc-dev', port: 'amd64' },
};

export interface ProvidedSet {
  /** The imported set: what `--from` takes. */
  readonly root: string;
  /** The Debian package that it was imported from. */
  readonly deb: string;
  /** Version of the package. */
  readonly version: string;
  /** Version of the kernel. */
  readonly kernel: string;
  /** Names of the targets that it has headers for. */
  readonly architectures: readonly string[];
  /** What of the package the import left out. */
  readonly leftOut: readonly string[];
  /** The include folders of a target's headers, in the order of search. */
  includeFolders(target: { readonly kernelArchitecture: string }): readonly string[];
}

/** Downloads are kept for as long as node_modules is. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/kvm-uapi', import.meta.url));

const provided = new Map<HeaderSetName, Promise<ProvidedSet>>();

/** Rejects with the reason when the package can neither be found in the cache nor be downloaded. */
export function headerSet(name: HeaderSetName): Promise<ProvidedSet> {
  const set = provided.get(name) ?? provide(name);
  provided.set(name, set);
  return set;
}

async function provide(name: HeaderSetName): Promise<ProvidedSet> {
  const deb = downloaded(name);
  const sets = join(cache, 'headers');
  const { set, leftOut } = await importSet(deb, { cache: sets, name });
  const [part] = Object.values(set.architectures);
  if (part?.origin.kind !== 'package') throw new Error(`${deb}: names no package`);
  const root = join(sets, name);
  return {
    root,
    deb,
    version: part.origin.version,
    kernel: set.kernel,
    architectures: targetsOf(Object.keys(set.architectures)),
    leftOut,
    includeFolders: ({ kernelArchitecture }) => [
      join(root, 'usr/lib/linux/uapi', kernelArchitecture),
      join(root, 'usr/include'),
    ],
  };
}

/** Why a set cannot be had here; undefined when it can. For the names of skipped tests. */
export function whyMissing(name: HeaderSetName): string | undefined {
  try {
    downloaded(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The path of the package, downloaded when it is not there yet. */
function downloaded(name: HeaderSetName): string {
  const folder = join(cache, 'debs', name);
  const here = debIn(folder);
  if (here !== undefined) return here;
  mkdirSync(join(cache, 'debs'), { recursive: true });
  // Of this process alone: apt locks its folders, and tests run side by side.
  const own = mkdtempSync(join(cache, 'apt-'));
  try {
    const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: configured(own, sources[name]) };
    const staged = join(own, 'download');
    mkdirSync(staged);
    apt(env, staged, ['update']);
    apt(env, staged, ['download', sources[name].package]);
    if (debIn(staged) === undefined) throw new Error(`apt-get download ${sources[name].package}: no package came`);
    if (debIn(folder) === undefined) renameSync(staged, folder);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return debIn(folder) as string;
}

/** Writes apt's configuration, with all its folders below `folder`, and gives back its path. */
function configured(folder: string, { suites, port }: Source): string {
  const uri = mirror();
  const files = {
    'sources.list': suites.map((suite) => `deb ${uri} ${suite} main\n`).join(''),
    // Backports do not come before a suite by themselves; here the newest version counts.
    preferences: 'Package: *\nPin: release *\nPin-Priority: 500\n',
    'apt.conf': `APT::Architecture "${port}";
APT::Architectures { "${port}"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::http::Timeout "30";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "${folder}/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "${folder}";
Dir::State::status "/dev/null";
Dir::Cache "${folder}/cache";
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Post-Invoke;
`,
  };
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return join(folder, 'apt.conf');
}

function debIn(folder: string): string | undefined {
  try {
    const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
    return deb === undefined ? undefined : join(folder, deb);
  } catch {
    return undefined;
  }
}

function apt(env: NodeJS.ProcessEnv, cwd: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('apt-get', ['-qq', ...args], { cwd, env, encoding: 'utf8' });
  if (error) throw new Error(`apt-get cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')}: ${stderr.trim().split('\n')[0]}`);
}

/** The mirror of Debian's main archive that apt is set up for here. */
function mirror(): string {
  const { stdout, error } = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' });
  if (error) throw new Error('needs apt-get, which is not here');
  const uri = /^\S+\/debian\/$/m.exec(stdout)?.[0];
  if (uri === undefined) throw new Error('apt is set up for no mirror of Debian here');
  return uri;
}
