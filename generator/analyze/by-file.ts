/** Groups declarations by the header that they are in. */

import type { Token } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';

/** Returns the declarations of each header. */
export function byFile<Declared extends { readonly at: Token }>(
  declared: Iterable<Declared>,
): ReadonlyMap<SourceFile, readonly Declared[]> {
  const found = new Map<SourceFile, Declared[]>();
  for (const each of declared) {
    const { file } = each.at;
    const others = found.get(file);
    if (others) others.push(each);
    else found.set(file, [each]);
  }
  return found;
}
