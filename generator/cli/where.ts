/** `kvm-uapi where`: on which architectures something is, by the models behind generated bindings. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelPath, openModel } from '../emit/bindings.js';
import { UsageError } from '../errors.js';
import type { Model } from '../model/model.js';
import { availabilityOf, availabilityView } from '../report/availability.js';
import { recordedTargets } from './generate.js';

export interface WhereOptions {
  /** The header that the bindings are of. */
  readonly header: string;
  /** The folder of the bindings. */
  readonly in: string;
  readonly json: boolean;
}

export function where(names: readonly string[], { header, in: folder, json }: WhereOptions): string {
  const models = recordedTargets(folder, header).map((target): Model => {
    const path = join(folder, modelPath(target, header));
    return openModel(readFileSync(path, 'utf8'), path);
  });
  if (models.length === 0)
    throw new UsageError(`${folder} has no bindings of <${header}>; name their folder with --in`);
  const found = names.map((name) => {
    const availability = availabilityOf(name, models);
    if (availability) return availability;
    const architectures = models.map(({ target }) => target).join(', ');
    const hint = models.some(({ selection }) => selection) ? '; or it was not selected' : '';
    throw new UsageError(`<${header}> has no '${name}' on any of ${architectures}; names are spelled as in C${hint}`);
  });
  return json ? JSON.stringify(found, null, 2) : found.map(availabilityView).join('\n\n');
}
