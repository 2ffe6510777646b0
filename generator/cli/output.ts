/** Writes files whole or not at all: either every file has its new text, or every file is as it was. */

import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EmittedFile } from '../emit/modules.js';
import { OutputError } from '../errors.js';
import { readIfThere } from '../headers/disk.js';

/** Writes files below a folder, which is made when it is not there; gives back how many had another text before. */
export function writeFiles(folder: string, files: readonly EmittedFile[]): number {
  const changed = files.filter((file) => readIfThere(join(folder, file.path)) !== file.text);
  const staged: { readonly from: string; readonly to: string }[] = [];
  const made: string[] = [];
  try {
    for (const file of changed) {
      const to = join(folder, file.path);
      const from = `${to}.new-${process.pid}`;
      const first = mkdirSync(dirname(to), { recursive: true });
      if (first !== undefined) made.push(first);
      if (statSync(to, { throwIfNoEntry: false })?.isDirectory())
        throw new OutputError(`${to}: is a folder; remove it`);
      staged.push({ from, to });
      writeFileSync(from, file.text);
    }
  } catch (error) {
    for (const { from } of staged) rmSync(from, { force: true });
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    throw outputError(error, folder);
  }
  // All texts are on the disk and all folders are there: nothing is left that renaming could fail of.
  for (const { from, to } of staged) renameSync(from, to);
  return changed.length;
}

function outputError(error: unknown, folder: string): Error {
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof OutputError || code === undefined) return error as Error;
  const remedy =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? 'name a folder you may write to with --out'
      : 'see --out';
  return new OutputError(`${path ?? folder}: cannot be written (${code}); nothing was changed; ${remedy}`);
}
