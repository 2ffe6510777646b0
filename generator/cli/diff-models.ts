/** The models of both sides of a comparison. */

import { MissingHeaderError } from '../errors.js';
import type { Model } from '../model/model.js';
import { selectWithin } from '../model/selection.js';
import type { Comparison, DiffOptions, Sides } from './diff.js';
import type { Side } from './diff-side.js';

/** Returns a side that reads each model once. */
export function readOnce(side: Side): Side {
  const known = new Map<string, ReturnType<Side['model']>>();
  return {
    ...side,
    model(header, target) {
      const key = `${target} ${header}`;
      const model = known.get(key) ?? side.model(header, target);
      known.set(key, model);
      return model;
    },
  };
}

/** Returns the models that were compared. A header that a side does not have gives no model. */
export function comparedModels(
  { old, now }: Sides,
  { headers, targets }: Pick<Comparison, 'headers' | 'targets'>,
  { selection }: Pick<DiffOptions, 'selection'>,
): { readonly before: readonly Model[]; readonly after: readonly Model[] } {
  const modelsOf = (side: Side): Model[] => {
    const models = targets.flatMap((target) => headers.map((header) => side.model(header, target)));
    return models.flatMap((model) => (model instanceof MissingHeaderError ? [] : selectWithin([model], selection)));
  };
  return { before: modelsOf(old), after: modelsOf(now) };
}
