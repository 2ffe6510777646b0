/** A type without a size or an expression without a constant value. In a declaration it is an error of the header; in
 * a macro it is the reason of an omission. */

import type { Token } from '../tokens.js';

export class Unresolvable extends Error {
  override readonly name = 'Unresolvable';
  readonly at: Token;
  /** The name that nothing defines, a tag with its keyword; null where that is not what is wrong. */
  readonly undefinedName: string | null;

  constructor(at: Token, reason: string, undefinedName: string | null = null) {
    // It is always caught, and some hundred are made for a header: the stack would take longer than all that leads here.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = stackTraceLimit;
    this.at = at;
    this.undefinedName = undefinedName;
  }
}
