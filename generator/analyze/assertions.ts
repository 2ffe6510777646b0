/** Checks the static assertions of a header. */

import { stringBytes } from '../c/evaluator/literals.js';
import type { Layout } from '../c/layout/layout.js';
import type { AssertionNode, Declarations } from '../c/syntax.js';
import { errorAt, locationOf, type Token } from '../c/tokens.js';
import { Unsupported } from '../c/unresolvable.js';
import type { SourceFile } from '../headers/files.js';
import type { Omission } from '../model/model.js';

/**
 * Evaluates all static assertions. Returns the assertions of covered headers that only a compiler can evaluate. @throws
 * SourceError for an assertion that is false.
 */
export function checkedAssertions(
  { assertions }: Declarations,
  covered: ReadonlySet<SourceFile>,
  layout: Layout,
): Omission[] {
  return assertions.flatMap((assertion) => {
    const reason = checkAssertion(assertion, layout);
    const { at } = assertion;
    if (reason === undefined || !covered.has(at.file)) return [];
    return [{ kind: 'assertion', name: at.text, reason, location: locationOf(at) }];
  });
}

/** Returns the reason why an assertion cannot be evaluated. */
function checkAssertion({ condition, message, at }: AssertionNode, layout: Layout): string | undefined {
  try {
    if (layout.evaluate(condition).value !== 0n) return undefined;
  } catch (error) {
    if (error instanceof Unsupported) return error.message;
    throw error;
  }
  throw errorAt(at, `static assertion failed for ${layout.target.name}${messageOf(message)}`);
}

/** A prefix of the message has no meaning. */
function messageOf(message: readonly Token[]): string {
  const bytes = message.flatMap(({ text }) => stringBytes(text.slice(text.indexOf('"'))));
  return message.length > 0 ? `: ${new TextDecoder().decode(Uint8Array.from(bytes))}` : '';
}
