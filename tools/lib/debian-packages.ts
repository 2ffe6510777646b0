/**
 * Debian packages that apt downloads from this machine's mirror into a cache, by default in node_modules. apt uses its own
 * folders, so the system does not change.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';

/** The newest version of a package in one of several suites. */
export interface DebianPackage {
  /** The name in the cache. */
  readonly name: string;
  readonly suites: readonly string[];
  readonly package: string;
  /** The port whose index has the package. Every index has the packages for all ports. */
  readonly port: string;
}

/** The downloads stay as long as node_modules. */
export const cache: string = join(packageRoot(), 'node_modules', '.cache', 'kvm-uapi');

/** Unpacks a package, completely or not at all. */
export function unpack(deb: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const own = mkdtempSync(join(dirname(folder), 'unpack-'));
  try {
    const { status, stderr, error } = spawnSync('dpkg-deb', ['-x', deb, own], { encoding: 'utf8' });
    if (error) throw new Error(`dpkg-deb cannot be run: ${error.message}`);
    if (status !== 0) throw new Error(`dpkg-deb -x ${deb}: ${stderr.trim()}`);
    if (!existsSync(folder)) renameSync(own, folder);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Returns the path of the package in a cache. The package is downloaded if it is missing. */
export function downloaded(wanted: DebianPackage, into: string = cache): string {
  download([wanted], into);
  const deb = debOf(wanted, into);
  if (deb === undefined) throw new Error(`the mirror has no ${wanted.package} for ${wanted.name}`);
  return deb;
}

const folderOf = ({ name }: DebianPackage, into: string): string => join(into, 'debs', name);

/** Returns the path of a package in a cache. */
export function debOf(wanted: DebianPackage, into: string = cache): string | undefined {
  return debIn(folderOf(wanted, into));
}

/** Downloads the packages that the mirror has and the cache lacks. */
export function download(packages: readonly DebianPackage[], into: string = cache): void {
  const byIndex = new Map<string, DebianPackage[]>();
  for (const each of packages) {
    if (debOf(each, into) !== undefined) continue;
    const index = [...each.suites, each.port].join(' ');
    byIndex.set(index, [...(byIndex.get(index) ?? []), each]);
  }
  for (const together of byIndex.values()) downloadFromOneIndex(together, into);
}

function downloadFromOneIndex(packages: readonly DebianPackage[], into: string): void {
  mkdirSync(join(into, 'debs'), { recursive: true });
  // Each process has its own folder, because apt locks its folders and tests run in parallel.
  const own = mkdtempSync(join(into, 'apt-'));
  try {
    const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: configured(own, packages[0] as DebianPackage) };
    apt(env, own, 'apt-get', ['-qq', 'update']);
    for (const each of packages) {
      const wanted = each.package;
      if (!apt(env, own, 'apt-cache', ['pkgnames', wanted]).split('\n').includes(wanted)) continue;
      const staged = mkdtempSync(join(own, 'download-'));
      apt(env, staged, 'apt-get', ['-qq', 'download', wanted]);
      if (debIn(staged) === undefined) throw new Error(`apt-get download ${wanted}: no package was downloaded`);
      if (debOf(each, into) === undefined) renameSync(staged, folderOf(each, into));
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Writes apt's configuration, with all of apt's folders in `folder`. Returns the path of the configuration. */
function configured(folder: string, { suites, port }: DebianPackage): string {
  const uri = mirror();
  const files = {
    'sources.list': suites.map((suite) => `deb ${uri} ${suite} main\n`).join(''),
    // By default, backports have a lower priority than a suite. Here, the newest version is needed.
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

/** Returns the mirror of Debian's main archive in this machine's configuration of apt. */
function mirror(): string {
  const { stdout, error } = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' });
  if (error) throw new Error('apt-get not found; this needs a Debian system');
  const uri = /^\S+\/debian\/$/m.exec(stdout)?.[0];
  if (uri === undefined)
    throw new Error('the configuration of apt has no mirror of Debian; add one to the sources of apt');
  return uri;
}
