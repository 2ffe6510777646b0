/** `kvm-uapi where`: shows which architectures have a name. It reads the models that were written with the bindings. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelPath, openModel } from '../emit/bindings.js';
import { UsageError } from '../errors.js';
import { nodeSha256 } from '../headers/disk.js';
import type { Model } from '../model/model.js';
import { datedNames } from '../model/since.js';
import { closestTo } from '../model/suggestions.js';
import { type Availability, availabilityOf, availabilityView, namesIn } from '../report/availability.js';
import { recordedTargets } from './generate.js';

export interface WhereOptions {
  /** The headers of the bindings. */
  readonly headers: readonly string[];
  /** The folder of the bindings. */
  readonly in: string;
  readonly json: boolean;
}

export function where(names: readonly string[], { headers, in: folder, json }: WhereOptions): string {
  const byHeader = headers.map((header) => modelsIn(folder, header)).filter((models) => models.length > 0);
  if (byHeader.length === 0) {
    const spelled = headers.map((header) => `<${header}>`).join(' or ');
    throw new UsageError(
      `${folder} has no bindings of ${spelled}; use --in to name the folder of the bindings, or run 'generate' first`,
    );
  }
  const found = names.map((name) => find(name, byHeader));
  return json ? JSON.stringify(found, null, 2) : found.map(availabilityView).join('\n\n');
}

function modelsIn(folder: string, header: string): Model[] {
  return recordedTargets(folder, header).map((target) => {
    const path = join(folder, modelPath(target, header));
    return openModel(readFileSync(path, 'utf8'), path, nodeSha256);
  });
}

/** Finds a name in the models of several headers. @throws UsageError with similar names. */
function find(name: string, byHeader: readonly (readonly Model[])[]): Availability {
  for (const models of byHeader) {
    const availability = availabilityOf(name, models);
    if (availability) return availability;
  }
  const models = byHeader.flat();
  const headers = [...new Set(models.map(({ header }) => `<${header}>`))].join(', ');
  const known = name.includes('.') ? models.flatMap(membersIn) : models.flatMap(namesIn);
  const close = closestTo(name, [...new Set(known)]);
  const hint =
    close.length > 0 ? `did you mean ${close.join(', ')}?` : 'check the spelling (names are spelled as in C)';
  const selected = models.some(({ selection }) => selection) ? '; or the name was not selected' : '';
  const architectures = [...new Set(models.map(({ target }) => target))].join(', ');
  throw new UsageError(`no '${name}' in the bindings of ${headers} for ${architectures}; ${hint}${selected}`);
}

/** Returns the members of a model as users write them: `kvm_run.io.port`. */
function membersIn(model: Model): string[] {
  const members = datedNames(model).filter((name) => name.includes('.'));
  return members.map((name) => name.replace(/^(?:struct|union) /, ''));
}
