/**
 * A type without a size, or an expression without a constant value. In a declaration, this is an error of the header.
 * In a macro, it is the reason of an omission.
 */

import type { Token } from './tokens.js';

export class Unresolvable extends Error {
  override readonly name: string = 'Unresolvable';
  readonly at: Token;
  /** The undefined name. A tag includes its keyword. Null if the cause is not an undefined name. */
  readonly undefinedName: string | null;

  constructor(at: Token, reason: string, undefinedName: string | null = null) {
    // The error is always caught, and some hundred are made for each header. Collecting the stack would take longer
    // than the evaluation.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = stackTraceLimit;
    this.at = at;
    this.undefinedName = undefinedName;
  }
}

/** An expression that the compiler can evaluate and the generator cannot. Such a declaration is an omission. */
export class Unsupported extends Unresolvable {
  override readonly name = 'Unsupported';
}

/** The end of the reason of an omission: the compiler can know the value of an operation without an operand. */
export const notComputed = 'the generator does not compute this operation without the value';

/** A valid expression whose value the compiler does not know, such as the value of a variable. */
export class NotConstant extends Unresolvable {
  override readonly name = 'NotConstant';
}
