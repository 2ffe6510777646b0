/**
 * Debian packages that apt downloads from this machine's mirror into a cache, by default in node_modules. apt uses its own
 * folders, so the system does not change.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { openApt } from '../../generator/headers/sets/apt.js';

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
    const { suites, port } = packages[0] as DebianPackage;
    const apt = openApt(own, { suites, ports: [port] });
    for (const each of packages) {
      if (apt.architectureOf(each.package, port) === undefined) continue;
      const staged = dirname(apt.download(each.package, port));
      if (debOf(each, into) === undefined) renameSync(staged, folderOf(each, into));
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

function debIn(folder: string): string | undefined {
  try {
    const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
    return deb === undefined ? undefined : join(folder, deb);
  } catch {
    return undefined;
  }
}
