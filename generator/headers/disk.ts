/** Headers on this machine's disk: the provider of the command line, and where a system keeps its headers. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GeneratorError } from '../errors.js';
import type { Sha256 } from '../sha256.js';
import type { Target } from '../targets/target.js';
import type { FileProvider } from './files.js';

/** The last two: where no file can be, as the path is too long or holds a zero byte. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

/** Reads from the file system. A file that exists and cannot be read is an error, not a missing file. */
export const filesOnDisk: FileProvider = {
  read(path) {
    try {
      // Most of where a header may be it is not: to be told so by an error takes ten times as long.
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

/** The text of a file; undefined where there is none that can be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Where a Debian-like system keeps the headers of a target, in the order of the C compiler's search. */
export function systemRoots(target: Target): string[] {
  const { multiarch } = target.debian;
  return [...compilerRoots(multiarch), '/usr/local/include', `/usr/include/${multiarch}`, '/usr/include'];
}

/** The folder of GCC's own headers, `stddef.h` and its like, of the newest version; none without GCC. */
function compilerRoots(multiarch: string): string[] {
  const folder = `/usr/lib/gcc/${multiarch}`;
  const versions = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return newest === undefined ? [] : [`${folder}/${newest}/include`];
}

/** The text of a module of the support library. */
export function supportText(module: string): string {
  return readFileSync(join(packageRoot(), 'support', `${module}.ts`), 'utf8');
}

/** The folder of this package. Node finds it by the package's name, from the sources and from what is built. */
export function packageRoot(): string {
  return dirname(createRequire(import.meta.url).resolve('kvm-uapi/package.json'));
}
