/**
 * Provides the header sets that the committed bindings, the tests and the oracle read: real packages, downloaded through
 * apt from the mirror that this machine's apt is set up for, and imported into a cache below node_modules. The system is
 * not changed: apt is run with folders of its own.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importSet } from '../../generator/cli/headers.js';
import { packageRoot } from '../../generator/headers/disk.js';
import { catalogue } from '../../generator/headers/sets/catalogue.js';
import { targetsOf } from '../../generator/targets/architectures.js';
import type { Target } from '../../generator/targets/target.js';

/** The sets that the tests read, by the names that the catalogue has them under. */
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

/** Where a set comes from: the newest version of a package in one of the suites. */
interface Source {
  readonly suites: readonly string[];
  readonly package: string;
  /** The port whose index has the package; one of all ports is in the index of each. */
  readonly port: string;
}

/**
 * A name is a suite, with a port where a package is of one, and `cross` where that package is for cross compilers; `libc`
 * where it is the C library's for these.
 */
function sourceOf(name: string): Source {
  const [suite = name, port = 'amd64', kind] = name.split('-');
  // Without experimental, which has release candidates.
  const suites = suite === 'newest' ? ['sid', 'trixie-backports'] : [suite];
  if (kind === 'libc') return { suites, package: `libc6-dev-${port}-cross`, port: 'amd64' };
  if (kind === 'cross') return { suites, package: `linux-libc-dev-${port}-cross`, port: 'amd64' };
  return { suites, package: 'linux-libc-dev', port };
}

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
const cache = join(packageRoot(), 'node_modules', '.cache', 'kvm-uapi');

const provided = new Map<string, Promise<ProvidedSet>>();

/** Rejects with the reason when the package can neither be found in the cache nor be downloaded. */
export function headerSet(name: string): Promise<ProvidedSet> {
  const set = provided.get(name) ?? provide(name);
  provided.set(name, set);
  return set;
}

/** Several sets by name, without those that Debian has no package of. */
export async function headerSets(names: readonly string[]): Promise<ReadonlyMap<string, ProvidedSet>> {
  download(names);
  const offered = names.filter((name) => debIn(debFolder(name)) !== undefined);
  const sets = new Map<string, ProvidedSet>();
  for (const name of offered) sets.set(name, await headerSet(name));
  return sets;
}

async function provide(name: string): Promise<ProvidedSet> {
  const deb = downloaded(name);
  const sets = join(cache, 'headers');
  const { set, leftOut } = await importSet(deb, { cache: sets, name });
  const [part] = Object.values(set.architectures);
  if (part?.origin.kind !== 'package') throw new Error(`${deb}: names no package`);
  const { version } = part.origin;
  const recorded = catalogue().find((entry) => entry.name === name && entry.version === version);
  for (const [kernel, { sha256 }] of recorded ? Object.entries(set.architectures) : []) {
    if (recorded?.sha256[kernel] !== sha256) throw new Error(`${deb}: the catalogue has another hash for ${kernel}`);
  }
  const root = join(sets, name);
  return {
    root,
    deb,
    version,
    kernel: set.kernel,
    architectures: targetsOf(Object.keys(set.architectures)),
    leftOut,
    includeFolders: ({ kernelArchitecture }) => [
      join(root, 'usr/lib/linux/uapi', kernelArchitecture),
      join(root, 'usr/include'),
    ],
  };
}

/**
 * The folder of the C library's headers for a target. They are no header set, but some of the kernel's headers include
 * them: those of one version, whatever is installed here.
 */
export function libcFolder(target: Target): string {
  const name = libcName(target);
  const folder = join(cache, 'libc', name);
  if (!existsSync(folder)) unpack(downloaded(name), folder);
  // The folder is called after the compiler: `i686-linux-gnu`, where the port's is `i386-linux-gnu`.
  const triplet = readdirSync(join(folder, 'usr')).find((each) => existsSync(join(folder, 'usr', each, 'include')));
  if (triplet === undefined) throw new Error(`${folder}: the package has no headers`);
  return join(folder, 'usr', triplet, 'include');
}

/** The name of the package of those headers, as sets are named. */
export function libcName({ debian }: Target): string {
  return `bookworm-${debian.architecture}-libc`;
}

/** Unpacks a package, whole or not at all. */
function unpack(deb: string, folder: string): void {
  const own = mkdtempSync(join(cache, 'unpack-'));
  try {
    const { status, stderr, error } = spawnSync('dpkg-deb', ['-x', deb, own], { encoding: 'utf8' });
    if (error) throw new Error(`dpkg-deb cannot be run: ${error.message}`);
    if (status !== 0) throw new Error(`dpkg-deb -x ${deb}: ${stderr.trim()}`);
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) renameSync(own, folder);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Why a set is not available here; undefined when it is. For the names of skipped tests. */
export function whyMissing(name: string): string | undefined {
  try {
    downloaded(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The path of the package, downloaded when it is not there yet. */
function downloaded(name: string): string {
  download([name]);
  const deb = debIn(debFolder(name));
  if (deb === undefined) throw new Error(`the mirror has no ${sourceOf(name).package} for ${name}`);
  return deb;
}

const debFolder = (name: string): string => join(cache, 'debs', name);

/** Downloads those packages that are not there yet and that the mirror has. */
function download(names: readonly string[]): void {
  const byIndex = new Map<string, string[]>();
  for (const name of names) {
    if (debIn(debFolder(name)) !== undefined) continue;
    const { suites, port } = sourceOf(name);
    const index = [...suites, port].join(' ');
    byIndex.set(index, [...(byIndex.get(index) ?? []), name]);
  }
  for (const together of byIndex.values()) downloadFromOneIndex(together);
}

function downloadFromOneIndex(names: readonly string[]): void {
  mkdirSync(join(cache, 'debs'), { recursive: true });
  // Of this process alone: apt locks its folders, and tests run side by side.
  const own = mkdtempSync(join(cache, 'apt-'));
  try {
    const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: configured(own, sourceOf(names[0] as string)) };
    apt(env, own, 'apt-get', ['-qq', 'update']);
    for (const name of names) {
      const wanted = sourceOf(name).package;
      if (!apt(env, own, 'apt-cache', ['pkgnames', wanted]).split('\n').includes(wanted)) continue;
      const staged = mkdtempSync(join(own, 'download-'));
      apt(env, staged, 'apt-get', ['-qq', 'download', wanted]);
      if (debIn(staged) === undefined) throw new Error(`apt-get download ${wanted}: no package came`);
      if (debIn(debFolder(name)) === undefined) renameSync(staged, debFolder(name));
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
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

function apt(env: NodeJS.ProcessEnv, cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim().split('\n')[0]}`);
  return stdout;
}

/** The mirror of Debian's main archive that apt is set up for here. */
function mirror(): string {
  const { stdout, error } = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' });
  if (error) throw new Error('needs apt-get, which is not here');
  const uri = /^\S+\/debian\/$/m.exec(stdout)?.[0];
  if (uri === undefined) throw new Error('apt is set up for no mirror of Debian here');
  return uri;
}
