/**
 * Include guards. A header has one if all of its tokens are inside `#ifndef NAME` and the matching `#endif`. If `NAME` is
 * defined, the header has no effect. As in GCC, such a header is not read again.
 */

import type { SourceFile } from '../../headers/files.js';
import { lexFile } from '../lexer.js';
import type { Token } from '../tokens.js';

const guards = new WeakMap<SourceFile, string | null>();

/** Returns the name of a file's include guard, or null. */
export function includeGuardOf(file: SourceFile): string | null {
  let guard = guards.get(file);
  if (guard === undefined) {
    guard = guardOf(lexFile(file).tokens);
    guards.set(file, guard);
  }
  return guard;
}

function guardOf(tokens: readonly Token[]): string | null {
  const [, , name, after] = tokens;
  if (directiveAt(tokens, 0) !== 'ifndef' || name?.kind !== 'identifier' || name.first || !after?.first) return null;
  let depth = 0;
  for (let at = 0; at < tokens.length; at++) {
    const directive = directiveAt(tokens, at);
    if (directive === 'if' || directive === 'ifdef' || directive === 'ifndef') depth++;
    else if (directive === 'endif' && --depth === 0)
      return tokens.find((token, index) => index > at && token.first)?.kind === 'end' ? name.text : null;
    else if (depth === 1 && (directive === 'else' || directive?.startsWith('elif'))) return null;
  }
  return null;
}

/** Returns the name of the directive whose `#` is at an index, or undefined. */
function directiveAt(tokens: readonly Token[], index: number): string | undefined {
  const [hash, name] = [tokens[index], tokens[index + 1]];
  const isDirective = hash?.first && hash.kind === 'punctuator' && hash.text === '#' && !name?.first;
  return isDirective ? name?.text : undefined;
}
