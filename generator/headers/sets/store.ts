/**
 * Imported sets: folders in a user's cache, each in the form of all architectures with a record of what it is. A set is
 * there whole or not at all: it is written under another name, and renamed when it is complete.
 */

// Its `promises` are loaded when they are used: every command loads this file, and one of them writes sets.
import { existsSync, mkdirSync, mkdtempSync, promises, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HeaderSetError } from '../../errors.js';
import { readIfThere } from '../disk.js';
import type { Contents } from './contents.js';
import { descriptionOf } from './contents.js';
import { type Description, readDescription, recordFile } from './description.js';
import { unreadable } from './tree.js';

/** Folder of the sets that `headers import` keeps for a user: the XDG base directory specification says where. */
export function userCache({ XDG_CACHE_HOME }: NodeJS.ProcessEnv = process.env): string {
  const base = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'kvm-uapi', 'headers');
}

/** The record of the imported set that a folder is; undefined when it is none. */
export function recordIn(folder: string): Description | undefined {
  const path = join(folder, recordFile);
  const text = readIfThere(path);
  return text === undefined ? undefined : readDescription(text, path);
}

/** Names and records of all sets in a cache, by name. */
export function importedSets(cache: string): { readonly name: string; readonly set: Description }[] {
  return namesIn(cache)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const set = recordIn(join(cache, name));
      return set ? [{ name, set }] : [];
    });
}

/**
 * Keeps a set in a cache and gives back whether it was not there before.
 * @throws HeaderSetError when another set has the name or the cache cannot be written; nothing is changed then.
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
    mkdirSync(cache, { recursive: true });
    removeAbandoned(cache);
    staged = mkdtempSync(join(cache, stagedPrefix()));
    await writeSet(contents, staged);
    await promises.writeFile(join(staged, recordFile), `${JSON.stringify(set, null, 2)}\n`);
    renameSync(staged, folder);
    return true;
  } catch (error) {
    clear();
    // Another process may have been faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY' && isThere(set, folder)) return false;
    throw writeError(error, folder);
  } finally {
    for (const signal of stopSignals) process.off(signal, stopped);
  }
}

/** @throws HeaderSetError when something else has the place. */
function isThere(set: Description, folder: string): boolean {
  if (!existsSync(folder)) return false;
  if (isDeepStrictEqual(recordIn(folder), set)) return true;
  throw new HeaderSetError(`${folder}: is another set; choose a name with --name, or use 'headers remove' first`);
}

/** @throws HeaderSetError when one is no such set; then none is removed. */
export function removeSets(cache: string, names: readonly string[]): void {
  for (const name of names) {
    checkName(name);
    if (!recordIn(join(cache, name))) {
      throw new HeaderSetError(`${join(cache, name)}: no such set; 'headers' lists them; none was removed`);
    }
  }
  for (const name of new Set(names)) {
    const folder = join(cache, name);
    try {
      // A set that is half removed must not be taken for one.
      const staged = mkdtempSync(join(cache, stagedPrefix()));
      renameSync(folder, staged);
      rmSync(staged, { recursive: true, force: true });
    } catch (error) {
      throw writeError(error, folder);
    }
  }
}

const stopSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** What is not complete is not listed, and tells whose it is. */
const stagedPrefix = (): string => `.unfinished-${process.pid}-`;

/** What processes left behind that were killed. */
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
  // 'wx': where xt_mark.h and xt_MARK.h are one file to the file system, the second must not replace the first.
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

/** A name that is a folder of its own in every cache. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][\w.+~%-]*$/.test(name)) return;
  throw new HeaderSetError(`'${name}' is no name for a set; letters, digits and . + ~ % _ - make one`);
}

function writeError(error: unknown, folder: string): Error {
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof HeaderSetError || code === undefined) return error as Error;
  const remedy =
    code === 'EEXIST'
      ? 'the file system takes upper and lower case for the same; choose a folder elsewhere with --cache'
      : 'choose a folder you may write to with --cache';
  return new HeaderSetError(`${path ?? folder}: cannot be written (${code}); nothing was changed; ${remedy}`);
}
