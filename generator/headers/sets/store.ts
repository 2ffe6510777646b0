/**
 * Imported sets. Each set is a folder in the user's cache. It has the form of all architectures and a record. A set is
 * written under a temporary name and renamed when it is complete. The cache therefore never contains an incomplete set.
 */

// `promises` is loaded on its first use. Every command loads this file, but only one command writes sets.
import { existsSync, mkdirSync, mkdtempSync, promises, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HeaderSetError, OutputError } from '../../errors.js';
import { readIfThere } from '../disk.js';
import { makeFolder } from '../make-folder.js';
import type { Contents } from './contents.js';
import { descriptionOf } from './contents.js';
import { type Description, readDescription, recordFile } from './description.js';
import { unreadable } from './tree.js';

/** Returns the folder of the user's imported sets. The XDG base directory specification defines its location. */
export function userCache({ XDG_CACHE_HOME }: NodeJS.ProcessEnv = process.env): string {
  const base = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'kvm-uapi', 'headers');
}

/** Returns the record of an imported set, or undefined if the folder is not an imported set. */
export function recordIn(folder: string): Description | undefined {
  const path = join(folder, recordFile);
  const text = readIfThere(path);
  return text === undefined ? undefined : readDescription(text, path);
}

/** Returns the names and records of all sets in a cache, sorted by name. */
export function importedSets(cache: string): { readonly name: string; readonly set: Description }[] {
  return namesIn(cache)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const set = recordIn(join(cache, name));
      return set ? [{ name, set }] : [];
    });
}

/**
 * Saves a set in a cache. Returns false if the same set was already there.
 * @throws HeaderSetError if a different set has the name, or if the cache cannot be written. Nothing is changed in this
 * case.
 */
export async function keepSet(contents: Contents, cache: string, name: string): Promise<boolean> {
  checkName(name);
  const set = descriptionOf(contents);
  const folder = join(cache, name);
  if (isThere(set, folder)) return false;
  let staged: string | undefined;
  const clear = (): void => {
    if (staged !== undefined) rmSync(staged, { recursive: true, force: true });
  };
  const stopped = (signal: NodeJS.Signals): void => {
    clear();
    process.kill(process.pid, signal);
  };
  for (const signal of stopSignals) process.once(signal, stopped);
  try {
    staged = stagingFolder(cache);
    await writeSet(contents, staged);
    await promises.writeFile(join(staged, recordFile), `${JSON.stringify(set, null, 2)}\n`);
    renameSync(staged, folder);
    return true;
  } catch (error) {
    clear();
    // Another process may have saved the same set first.
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY' && isThere(set, folder)) return false;
    throw writeError(error, folder);
  } finally {
    for (const signal of stopSignals) process.off(signal, stopped);
  }
}

/** Whether the folder already contains the set. @throws HeaderSetError if it contains something else. */
function isThere(set: Description, folder: string): boolean {
  if (!existsSync(folder)) return false;
  if (isDeepStrictEqual(recordIn(folder), set)) return true;
  throw new HeaderSetError(
    `${folder}: already contains a different set; choose another name with --name, or use 'headers remove' first`,
  );
}

/** Removes sets. @throws HeaderSetError if one of them does not exist. In this case, no set is removed. */
export function removeSets(cache: string, names: readonly string[]): void {
  for (const name of names) {
    checkName(name);
    if (!recordIn(join(cache, name))) {
      throw new HeaderSetError(
        `${join(cache, name)}: header set not found, so no set was removed; 'headers list' lists the sets`,
      );
    }
  }
  for (const name of new Set(names)) {
    const folder = join(cache, name);
    try {
      // A partly removed set must not look like a set.
      const staged = mkdtempSync(join(cache, stagedPrefix()));
      renameSync(folder, staged);
      rmSync(staged, { recursive: true, force: true });
    } catch (error) {
      throw writeError(error, folder);
    }
  }
}

/**
 * Creates a temporary folder in a cache. It is not listed as a set. If the process is killed, the next call removes it.
 * @throws HeaderSetError if the cache cannot be written.
 */
export function stagingFolder(cache: string): string {
  try {
    makeFolder(resolve(cache), anotherCache);
    removeAbandoned(cache);
    return mkdtempSync(join(cache, stagedPrefix()));
  } catch (error) {
    throw writeError(error, cache);
  }
}

const anotherCache = 'use --cache to choose a folder that you can write to';

const stopSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** The prefix of temporary folders. They are not listed as sets. The prefix has the id of the process. */
const stagedPrefix = (): string => `.unfinished-${process.pid}-`;

/** Removes the temporary folders of processes that were killed. */
function removeAbandoned(cache: string): void {
  for (const name of namesIn(cache)) {
    const pid = /^\.unfinished-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function writeSet({ common, architectures }: Contents, folder: string): Promise<void> {
  const files = [
    ...[...common].map(([name, bytes]) => [join('usr/include', name), bytes] as const),
    ...[...architectures].flatMap(([kernel, { asm }]) =>
      [...asm].map(([name, bytes]) => [join('usr/lib/linux/uapi', kernel, name), bytes] as const),
    ),
  ];
  for (const path of new Set(files.map(([path]) => dirname(path)))) mkdirSync(join(folder, path), { recursive: true });
  // 'wx': xt_mark.h and xt_MARK.h can be one file on some file systems. The second must not replace the first.
  for (const [path, bytes] of files) await promises.writeFile(join(folder, path), bytes, { flag: 'wx' });
}

function namesIn(cache: string): string[] {
  try {
    return readdirSync(cache).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(cache, error);
  }
}

/** Checks that a name is a valid folder name in every cache. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][\w.+~%-]*$/.test(name)) return;
  throw new HeaderSetError(`'${name}' is not a valid name for a header set; use only letters, digits and . + ~ % _ -`);
}

function writeError(error: unknown, folder: string): Error {
  if (error instanceof OutputError) return new HeaderSetError(`${error.message}; nothing was changed`);
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof HeaderSetError || code === undefined) return error as Error;
  const remedy =
    code === 'EEXIST'
      ? 'the file system does not distinguish upper and lower case; use --cache to choose a folder on another file system'
      : anotherCache;
  return new HeaderSetError(`${path ?? folder}: cannot be written (${code}); nothing was changed; ${remedy}`);
}
