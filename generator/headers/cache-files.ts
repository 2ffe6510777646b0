/** Files that a later run can use. A run without them gives the same result, later. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { makeFolder } from './make-folder.js';

/** Returns the JSON of a file. Returns undefined if it does not exist or cannot be read. */
export function readCached(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes a file completely or not at all. An error of the file system is ignored. */
export function writeCached(path: string, value: unknown): void {
  try {
    makeFolder(resolve(dirname(path)), 'use --no-cache');
    const staged = `${path}.new-${process.pid}`;
    writeFileSync(staged, JSON.stringify(value));
    renameSync(staged, path);
  } catch (error) {
    if (!(error instanceof OutputError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
