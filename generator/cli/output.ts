/** Writes files completely or not at all: either every file has its new text, or no file is changed. */

import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { EmittedFile } from '../emit/modules.js';
import { OutputError } from '../errors.js';
import { readIfThere } from '../headers/disk.js';
import { makeFolder } from '../headers/make-folder.js';

/** Writes files below a folder and creates the folder if needed. Returns the paths of the files whose text changed. */
export function writeFiles(folder: string, files: readonly EmittedFile[]): string[] {
  if (folder === '') throw new OutputError("the name of the output folder is empty; write '.' for the current folder");
  const changed = files.filter((file) => readIfThere(join(folder, file.path)) !== file.text);
  const staged: { readonly from: string; readonly to: string }[] = [];
  const made: string[] = [];
  try {
    for (const file of changed) {
      const to = join(folder, file.path);
      const from = `${to}.new-${process.pid}`;
      made.push(...makeFolder(resolve(dirname(to)), chooseFolder));
      if (statSync(to, { throwIfNoEntry: false })?.isDirectory())
        throw new OutputError(`${to}: cannot be written because a folder has this name; remove the folder`);
      staged.push({ from, to });
      writeFileSync(from, file.text);
    }
  } catch (error) {
    for (const { from } of staged) rmSync(from, { force: true });
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    throw outputError(error, folder);
  }
  // All texts are on the disk, all folders exist, and no file has the name of a folder. Renaming cannot fail for a known
  // reason.
  for (const { from, to } of staged) renameSync(from, to);
  return changed.map(({ path }) => path);
}

const chooseFolder = 'use --out to name a folder that you can write to';

const remedies: Readonly<Record<string, string>> = {
  ENOENT: `this file system does not let programs create folders; ${chooseFolder}`,
  ENOSPC: 'free some space on the file system',
  EDQUOT: 'free some space on the file system',
  ENAMETOOLONG: 'use --out to name a folder with a shorter path',
};

function outputError(error: unknown, folder: string): Error {
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof OutputError || code === undefined) return error as Error;
  const remedy = remedies[code] ?? chooseFolder;
  return new OutputError(`${path ?? folder}: cannot be written (${code}); nothing was changed; ${remedy}`);
}
