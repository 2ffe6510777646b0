/** Finds declarations that a target lacks because their condition does not hold there. Each one is an omission. */

import type { Skipped } from '../c/preprocessor/directives.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';
import type { Omission } from '../model/model.js';
import type { Target } from '../targets/target.js';

/**
 * Returns the skipped declarations that exist nowhere else. Most skipped groups contain an alternative form of a taken
 * group.
 */
export function skippedDeclarations(
  { skipped, macros }: Preprocessed,
  { tags }: Declarations,
  covered: ReadonlySet<SourceFile>,
  target: Target,
): Omission[] {
  const isMacro = ({ kind }: Skipped): boolean => kind === 'macro' || kind === 'ioctl';
  const lacking = skipped.filter(
    (each) => covered.has(each.at.file) && !(isMacro(each) ? macros : tags).has(each.name),
  );
  const entries = lacking.map((each): [string, Omission] => {
    const name = isMacro(each) ? each.name : `${each.kind} ${each.name}`;
    const reason = `declared under '${each.group()}', which does not hold for ${target.name}`;
    const kind = each.kind === 'macro' || each.kind === 'ioctl' ? each.kind : 'type';
    return [name, { kind, name, reason, location: locationOf(each.at), skipped: true }];
  });
  return [...new Map(entries).values()];
}
