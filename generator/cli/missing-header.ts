/** Advice for a header that is in none of the include folders, from what is on this machine. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MissingHeaderError, NoKvmError } from '../errors.js';
import { filesOnDisk } from '../headers/disk.js';
import { installedPackage } from '../headers/dpkg.js';
import type { RequestedHeader } from '../headers/requested.js';
import { placesIn } from '../headers/sets/forms.js';
import { importedSets, userCache } from '../headers/sets/store.js';
import { folderTree } from '../headers/sets/tree.js';
import { absentHeaders } from '../kernel/defining-headers.js';
import { debianPackageOf } from '../kernel/header-packages.js';
import { closestTo } from '../model/suggestions.js';
import type { Target } from '../targets/target.js';

/** Where a header was searched. */
export interface Search {
  readonly target: Target;
  /** The searched folders, in search order. */
  readonly roots: readonly string[];
  readonly requested: readonly RequestedHeader[];
  /** The folder that paths of headers are relative to. */
  readonly base: string;
  /** The header set, if the user names one. */
  readonly from?: string | undefined;
}

/** Calls `read`. If a header is missing, adds to the error what is on this machine and what to do. */
export function withAdvice<T>(search: Search, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MissingHeaderError) || error instanceof NoKvmError) throw error;
    const { file, line, column, missing } = error;
    throw new MissingHeaderError(file, line, column, problemOf(missing, search), missing);
  }
}

function problemOf(missing: string, search: Search): string {
  const path = search.requested.find(({ name }) => name === missing)?.path;
  if (path !== undefined) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? `${path}: is a folder; give the path of a header` : `${path}: not found; check the path`;
  }
  const folders = search.roots.join(', ') || 'any include folder (there are none)';
  return `<${missing}> not found in ${folders}; ${adviceFor(missing, search)}`;
}

function adviceFor(missing: string, search: Search): string {
  const absent = absentHeaders.get(missing);
  if (absent !== undefined) return `${absent}; ${nameFolder}`;
  const tree = kernelTreeOf(search.roots);
  if (tree !== undefined) {
    const install = `run 'make headers_install INSTALL_HDR_PATH=<dir>' in the kernel tree, and give <dir> with --from`;
    return `${tree} belongs to a kernel source tree, which lacks the headers that the kernel's build makes; ${install}`;
  }
  if (search.requested.some(({ name }) => name === missing) && existsSync(resolve(search.base, missing))) {
    return `for the file in ${resolve(search.base)}, write ./${missing}`;
  }
  const close = similarNames(missing, search.roots).map((name) => `<${name}>`);
  if (close.length > 0) return `did you mean ${close.join(', ')}? Otherwise ${nameFolder}`;
  if (search.from !== undefined) {
    return `the header set ${search.from} does not have it; choose another set with --from, or ${nameFolder}`;
  }
  return packageAdvice(missing, search.target);
}

const nameFolder = 'name the folder that has it with --include';

/** Returns advice to use a package or a header set that is on this machine, or to install a package. */
function packageAdvice(missing: string, target: Target): string {
  const name = debianPackageOf(missing)?.split(' ')[0];
  if (name === undefined) return nameFolder;
  const port = target.debian.architecture;
  const [foreign, native] = [`${name}-${port}-cross`, `${name}:${port}`];
  const sets = name === 'linux-libc-dev' ? setsWith(missing, target) : [];
  if (sets.length > 0) {
    return `this machine has headers for ${target.name} in another place; use --from ${sets.join(' or --from ')}`;
  }
  const installed = [native, foreign].find((each) => installedPackage(filesOnDisk, each.replace(/:.*/, ''), port));
  if (installed !== undefined)
    return `the Debian package ${installed} is installed but does not have it; ${nameFolder}`;
  if (target.debian.architecture === nativePort()) return `install the Debian package ${name}, or ${nameFolder}`;
  if (name === 'gcc') return nameFolder;
  return `these are headers for ${target.name}; install the Debian package ${foreign}, or ${nameFolder}`;
}

/** Returns the header sets of this machine that have a header for a target, as values for `--from`. */
function setsWith(missing: string, target: Target): string[] {
  const { kernelArchitecture } = target;
  const isThere = (folders: readonly (string | undefined)[]): boolean =>
    folders.some((folder) => folder !== undefined && existsSync(join(folder, missing)));
  const installed = placesIn(folderTree('/'))
    .filter(({ asm }) => asm.has(kernelArchitecture))
    .filter(({ common, asm }) => isThere([`/${common}`, `/${asm.get(kernelArchitecture)}`]))
    .map(({ form, common }) => (form === 'cross' ? `/${common.replace(/\/include$/, '')}` : '/'));
  const cache = userCache();
  const imported = importedSets(cache)
    .filter(({ set }) => kernelArchitecture in set.architectures)
    .map(({ name }) => name)
    .filter((name) => {
      const folder = join(cache, name);
      return isThere([join(folder, 'usr/include'), join(folder, 'usr/lib/linux/uapi', kernelArchitecture)]);
    });
  return [...installed, ...imported];
}

/** Returns the Debian architecture of this machine, or undefined. */
function nativePort(): string | undefined {
  const list = filesOnDisk.read('/var/lib/dpkg/arch');
  const native = list && new TextDecoder().decode(list).split('\n')[0];
  if (native) return native;
  const status = filesOnDisk.read('/var/lib/dpkg/status');
  const own = status && /^Package: dpkg\n(?:.+\n)*?Architecture: (.+)$/m.exec(new TextDecoder().decode(status));
  return own ? own[1] : undefined;
}

/** Returns the include folder that is in a kernel source tree, which has no `asm` folder. */
function kernelTreeOf(roots: readonly string[]): string | undefined {
  return roots.find((root) => {
    const isUapi = existsSync(join(root, 'linux/kvm.h')) && existsSync(join(root, 'asm-generic'));
    const top = resolve(root, isKbuild(resolve(root, '../..')) ? '../..' : '..');
    return isKbuild(top) && (isUapi || existsSync(join(root, 'uapi'))) && !existsSync(join(root, 'asm'));
  });
}

/** Whether a folder is the top of a kernel source tree. */
function isKbuild(folder: string): boolean {
  return ['Kbuild', 'include/uapi/linux', 'arch'].every((name) => existsSync(join(folder, name)));
}

/** Returns similar names in the folder that the missing header would be in. */
function similarNames(missing: string, roots: readonly string[]): string[] {
  const folder = dirname(missing);
  const names = roots.flatMap((root) => {
    try {
      return readdirSync(join(root, folder)).filter((name) => name.endsWith('.h'));
    } catch {
      return [];
    }
  });
  const wanted = missing.slice(missing.lastIndexOf('/') + 1, -'.h'.length);
  const close = closestTo(wanted, [...new Set(names.map((name) => name.slice(0, -'.h'.length)))]);
  return close.map((name) => `${folder === '.' ? '' : `${folder}/`}${name}.h`);
}
