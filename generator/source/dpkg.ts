/** What dpkg has recorded of the packages that own headers. */

import type { Origin } from '../model.js';
import type { FileProvider } from './files.js';

export interface InstalledPackage {
  /** The absolute paths of its files, as the package has them. */
  readonly paths: ReadonlySet<string>;
  readonly origin: Origin;
}

/** A package of an architecture, or of all; `root` is '' for the running system, else the folder of another one. */
export function installedPackage(
  provider: FileProvider,
  name: string,
  architecture: string,
  root = '',
): InstalledPackage | undefined {
  const read = (path: string): string | undefined => {
    const bytes = provider.read(`${root}/var/lib/dpkg/${path}`);
    return bytes && new TextDecoder().decode(bytes);
  };
  const list = read(`info/${name}:${architecture}.list`) ?? read(`info/${name}.list`);
  const entry = list === undefined ? undefined : entryOf(read('status') ?? '', name, architecture);
  const origin = entry && packageOf(entry);
  return list !== undefined && origin ? { paths: new Set(list.split('\n')), origin } : undefined;
}

/** The package that a paragraph of a control file describes. */
export function packageOf(paragraph: string): Origin | undefined {
  const field = (key: string): string | undefined => new RegExp(`^${key}: (.+)$`, 'm').exec(paragraph)?.[1];
  const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  return { kind: 'package', name, version, architecture };
}

/** The paragraph of a package in dpkg's status file. */
function entryOf(status: string, name: string, architecture: string): string | undefined {
  const heading = `Package: ${name}\n`;
  for (let at = status.indexOf(heading); at !== -1; at = status.indexOf(heading, at + 1)) {
    const end = status.indexOf('\n\n', at);
    const entry = status.slice(at, end === -1 ? undefined : end);
    if (new RegExp(`^Architecture: (?:${architecture}|all)$`, 'm').test(entry)) return entry;
  }
  return undefined;
}
