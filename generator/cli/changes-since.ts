/** Shows what changed since bindings were written: a screenful, and the command that shows all. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangesOf } from '../diff/changes.js';
import { diffModels, mergeChanges } from '../diff/diff.js';
import { modelPath, openModel } from '../emit/bindings.js';
import { GeneratorError } from '../errors.js';
import { nodeSha256, readIfThere } from '../headers/disk.js';
import type { Model } from '../model/model.js';
import { changeScreen } from '../report/changes.js';
import { colours } from './change-colours.js';
import { isCommitted } from './diff-git.js';
import { terminalOf } from './terminal.js';

/** The height of a screen, without the rest of the output. */
const mostLines = 20;

/** Returns the lines with the changes from one model of a header to another. */
export function changesBetween(before: Model, after: Model, command: string): string[] {
  const { header, target } = before;
  return screenOf([{ header, target, changes: diffModels(before, after) }], command);
}

/** Returns the changes from the models in a folder of bindings to new models, by header and target. */
export function changesSince(out: string, models: readonly Model[]): ChangesOf[] {
  return models.flatMap((model) => {
    const path = join(out, modelPath(model.target, model.header));
    if (readIfThere(path) === undefined) return [];
    try {
      const recorded = openModel(readFileSync(path, 'utf8'), path, nodeSha256);
      return [{ header: model.header, target: model.target, changes: diffModels(recorded, model) }];
    } catch (error) {
      // A model of another version of the generator cannot be compared. It is replaced.
      if (error instanceof GeneratorError) return [];
      throw error;
    }
  });
}

/** Returns the lines for the end of `generate`. Without a change, returns none. */
export function changesReport(out: string, parts: readonly ChangesOf[]): string[] {
  if (parts.every(({ changes }) => changes.length === 0)) return [];
  const command = isCommitted(out)
    ? `kvm-uapi diff HEAD:${out} ${out}`
    : `kvm-uapi diff with a copy of ${out} from before`;
  return ['changed since the bindings were written:', ...screenOf(parts, command)];
}

function screenOf(parts: readonly ChangesOf[], command: string): string[] {
  const changes = mergeChanges(parts);
  if (changes.length === 0) return ['  no declaration differs'];
  const { columns, colour } = terminalOf();
  const [targets, headers] = [parts.map(({ target }) => target), parts.map(({ header }) => header)].map((names) => [
    ...new Set(names),
  ]);
  const options = { columns, targets: targets ?? [], headers: headers ?? [], ...(colour ? { paint: colours } : {}) };
  return changeScreen(changes, options, mostLines, command).map((line) => (line === '' ? '' : `  ${line}`));
}
