/** The models of both sides of a comparison. */

import { MissingHeaderError } from '../errors.js';
import type { Model } from '../model/model.js';
import { selectWithin } from '../model/selection.js';
import type { Comparison, DiffOptions } from './diff.js';
import { openSide } from './diff-sides.js';

/** Returns the models that were compared. A header that a side does not have gives no model. */
export async function comparedModels(
  before: string,
  after: string,
  { headers, targets }: Pick<Comparison, 'headers' | 'targets'>,
  options: Pick<DiffOptions, 'include' | 'define' | 'statements' | 'base' | 'selection'>,
): Promise<{ readonly before: readonly Model[]; readonly after: readonly Model[] }> {
  const modelsOf = async (spelled: string): Promise<Model[]> => {
    const side = await openSide(spelled, options);
    const models = targets.flatMap((target) => headers.map((header) => side.model(header, target)));
    return models.flatMap((model) =>
      model instanceof MissingHeaderError ? [] : selectWithin([model], options.selection),
    );
  };
  return { before: await modelsOf(before), after: await modelsOf(after) };
}
