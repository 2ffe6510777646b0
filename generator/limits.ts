/**
 * Limits on the size of a header. A wrong or hostile header is refused before it exhausts the stack, the memory or the
 * user's patience. The largest header of Linux 6.1 has 160,000 tokens, and the deepest nesting in Linux 6.1 is 31
 * levels.
 */

import { LimitError } from './errors.js';

/** The position of a token in a file. */
interface Place {
  readonly file: {
    readonly path: string;
    placeAt(offset: number): { readonly line: number; readonly column: number };
  };
  readonly offset: number;
}

/** The maximum number of nested levels of parentheses, records, declarators, macro arguments and types. */
export const deepestNesting = 256;

/** The maximum number of headers that are open at the same time. */
export const deepestInclude = 200;

/**
 * The maximum number of tokens of a header, its includes and its macro expansions. A file counts each time it is
 * included.
 */
export const mostTokens = 2_000_000;

/**
 * The maximum number of members of a header's records. The members of an unnamed record count at each use of its type.
 */
const mostMembers = 200_000;

export const tooDeep: string = `nested more than ${deepestNesting} levels deep; reduce the nesting`;

/** Counts the depth of a recursion over the text of a header. */
export class Depth<At> {
  readonly #errorAt: (at: At, problem: string) => Error;
  #depth = 0;

  constructor(errorAt: (at: At, problem: string) => Error) {
    this.#errorAt = errorAt;
  }

  /** Goes one level deeper, for the token at `at`. Every caller must call `leave` afterwards, even after an error. */
  enter(at: At): void {
    if (this.#depth >= deepestNesting) throw this.#errorAt(at, tooDeep);
    this.#depth++;
  }

  leave(): void {
    this.#depth--;
  }

  /**
   * Goes one level deeper, calls `go` and returns. Code that runs tens of thousands of times calls `enter` and `leave`
   * directly to avoid a closure.
   */
  within<T>(at: At, go: () => T): T {
    this.enter(at);
    try {
      return go();
    } finally {
      this.leave();
    }
  }
}

/** Counts down a limited amount. */
export class Budget {
  readonly #problem: string;
  #left: number;

  constructor(most: number, problem: string) {
    this.#left = most;
    this.#problem = problem;
  }

  /** Takes an amount from the budget. @throws LimitError at `at` if too little is left. */
  spend(amount: number, at: Place): void {
    this.#left -= amount;
    if (this.#left < 0) throw tooMuchAt(at, this.#problem);
  }
}

export function tokenBudget(): Budget {
  return new Budget(mostTokens, tooManyTokens);
}

export function memberBudget(): Budget {
  return new Budget(
    mostMembers,
    `more than ${mostMembers} members; give a name to each record type that is used repeatedly`,
  );
}

export const tooManyTokens: string =
  `more than ${mostTokens} tokens, including included headers and macro expansions; ` +
  'remove repeated text, or read fewer headers at once';

export function tooMuchAt({ file, offset }: Place, problem: string): LimitError {
  const { line, column } = file.placeAt(offset);
  return new LimitError(file.path, line, column, problem);
}
