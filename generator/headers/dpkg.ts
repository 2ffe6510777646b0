/** Reads dpkg's records of the packages that own headers. */

import type { Origin } from '../model/model.js';
import type { FileProvider } from './files.js';

export interface InstalledPackage {
  /** The absolute paths of the package's files. */
  readonly paths: ReadonlySet<string>;
  readonly origin: Origin;
}

/**
 * Returns an installed package of an architecture or of all architectures. `root` is '' for the running system, or the
 * folder of another system.
 */
export function installedPackage(
  provider: FileProvider,
  name: string,
  architecture: string,
  root = '',
): InstalledPackage | undefined {
  const read = (path: string): Uint8Array | undefined => provider.read(`${root}/var/lib/dpkg/${path}`);
  const list = read(`info/${name}:${architecture}.list`) ?? read(`info/${name}.list`);
  const status = list && read('status');
  const entry = status && entryOf(status, name, architecture);
  const origin = entry === undefined ? undefined : packageOf(entry);
  return list && origin ? { paths: new Set(decoder.decode(list).split('\n')), origin } : undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns the package that a paragraph of a control file describes. */
export function packageOf(paragraph: string): Origin | undefined {
  const field = (key: string): string | undefined => new RegExp(`^${key}: (.+)$`, 'm').exec(paragraph)?.[1];
  const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  return { kind: 'package', name, version, architecture };
}

/**
 * Returns the paragraph of a package in dpkg's status file. Only this paragraph is decoded, because the file has a
 * thousand others.
 */
function entryOf(status: Uint8Array, name: string, architecture: string): string | undefined {
  const heading = encoder.encode(`Package: ${name}\n`);
  for (let at = indexOf(status, heading, 0); at !== -1; at = indexOf(status, heading, at + 1)) {
    const end = indexOf(status, paragraphEnd, at);
    const entry = decoder.decode(status.subarray(at, end === -1 ? undefined : end));
    if (new RegExp(`^Architecture: (?:${architecture}|all)$`, 'm').test(entry)) return entry;
  }
  return undefined;
}

const paragraphEnd = encoder.encode('\n\n');

/** Returns the index of some bytes at or after a position, or -1. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}
