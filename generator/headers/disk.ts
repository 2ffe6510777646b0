/** Reads headers from the disk: the provider of the command line, and the header folders of a system. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GeneratorError } from '../errors.js';
import type { Sha256 } from '../sha256.js';
import { crossFolder, type Target } from '../targets/target.js';
import type { FileProvider } from './files.js';

/** Errors that mean that no file exists. For the last two, the path is too long or contains a zero byte. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

/** Reads from the file system. A file that exists but cannot be read is an error, not a missing file. */
export const filesOnDisk: FileProvider = {
  read(path) {
    try {
      // Most candidate paths do not exist. An exception for each of them would be ten times slower.
      return statSync(path, { throwIfNoEntry: false }) && readFileSync(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (absent.has(code)) return undefined;
      throw new GeneratorError(`${path}: cannot be read (${code}); check its permissions`);
    }
  },
};

/** SHA-256 by Node. */
export const nodeSha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Returns the text of a file, or undefined if it does not exist or cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Returns the header folders of a Debian-like system for a target, in the search order of the C compiler. Without a
 * native compiler, the folders of the cross compiler come first, because `/usr/include` may have the C library of another
 * architecture.
 */
export function systemRoots(target: Target): string[] {
  const { multiarch, gnuType = multiarch } = target.debian;
  const native = `/usr/lib/gcc/${multiarch}`;
  const shared = ['/usr/local/include', `/usr/include/${multiarch}`, '/usr/include'];
  if (existsSync(native)) return [...compilerRoots(native), ...shared];
  const cross = crossFolder(target);
  return [...compilerRoots(`/usr/lib/gcc-cross/${gnuType}`), ...(existsSync(cross) ? [cross] : []), ...shared];
}

/**
 * Returns the folder of GCC's own headers, such as `stddef.h`, for the newest version. Returns no folder without GCC.
 */
function compilerRoots(folder: string): string[] {
  const versions = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return newest === undefined ? [] : [`${folder}/${newest}/include`];
}

/** Returns the text of a module of the support library. */
export function supportText(module: string): string {
  return readFileSync(join(packageRoot(), 'support', `${module}.ts`), 'utf8');
}

/**
 * Returns the folder of this package. Node finds the package by its name, from the sources and from the built files.
 */
export function packageRoot(): string {
  root ??= dirname(createRequire(import.meta.url).resolve('kvm-uapi/package.json'));
  return root;
}

let root: string | undefined;
