/** Finds the value of an enumerator as the header writes it. The syntax tree only has the expression after expansion. */

import { lexFile } from '../c/lexer.js';
import type { EnumeratorNode } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { firstFrom } from './comment-places.js';

/**
 * Returns the tokens after the `=` of an enumerator, up to the comma or brace. Returns no tokens if the enumerator has no
 * value, if a macro produces the enumerator, or if a conditional is inside the declaration of the enumerator.
 */
export function writtenValue({ name, value, at }: EnumeratorNode): readonly Token[] {
  if (!value) return [];
  const { tokens } = lexFile(at.file);
  const from = firstFrom(tokens, at.offset, ({ offset }) => offset);
  if (tokens[from]?.text !== name) return [];
  const written: Token[] = [];
  let depth = 0;
  let isInDirective = false;
  for (const token of tokens.slice(from + 1, from + 1 + mostTokens)) {
    if (token.first) isInDirective = token.text === '#';
    if (isInDirective) {
      if (conditionals.has(token.text)) return [];
      continue;
    }
    if (depth === 0 && (token.text === ',' || token.text === '}'))
      return written[0]?.text === '=' ? written.slice(1) : [];
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
    written.push(token);
  }
  return [];
}

/** The value of an ioctl has fewer tokens. */
const mostTokens = 200;

const conditionals: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef', 'elif', 'else', 'endif']);
