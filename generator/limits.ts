/**
 * Limits on the size of a header. A wrong or hostile header is refused before it exhausts the stack, the memory or the
 * user's patience. The largest header of Linux 6.1 has 160,000 tokens, and the deepest nesting in Linux 6.1 is 31
 * levels.
 */

import { LimitError, LongExpansionError } from './errors.js';

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

/** The number of tokens that the expansion of each macro may have, whatever the others have. */
const fewTokens = 64;

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
  readonly #errorAt: (at: Place) => Error;
  #left: number;

  constructor(most: number, errorAt: (at: Place) => Error) {
    this.#left = most;
    this.#errorAt = errorAt;
  }

  /** Takes an amount from the budget. @throws an error at `at` if too little is left. */
  spend(amount: number, at: Place): void {
    this.#left -= amount;
    if (this.#left < 0) throw this.#errorAt(at);
  }

  get left(): number {
    return Math.max(this.#left, 0);
  }
}

export function tokenBudget(): Budget {
  return new Budget(mostTokens, (at) => tooMuchAt(at, tooManyTokens));
}

export function memberBudget(): Budget {
  const problem = `more than ${mostMembers} members; give a name to each record type that is used repeatedly`;
  return new Budget(mostMembers, (at) => tooMuchAt(at, problem));
}

/**
 * The tokens of the expansions that C does not need: a compiler expands a macro where it is used, and the generator expands
 * each macro for its value. All expansions together may have as many tokens as a header. After that each may have only a
 * few, so that the other macros of the header keep their values.
 */
export class ValueBudget {
  #left = mostTokens;

  /** Calls `expand` with the budget of one expansion. */
  within<T>(expand: (budget: Budget) => T): T {
    const most = Math.max(this.#left, fewTokens);
    const budget = new Budget(most, ({ file, offset }) => {
      const { line, column } = file.placeAt(offset);
      return new LongExpansionError(file.path, line, column, `its expansion has more than ${most} tokens`);
    });
    try {
      return expand(budget);
    } finally {
      this.#left -= most - budget.left;
    }
  }
}

export const tooManyTokens: string =
  `more than ${mostTokens} tokens, including included headers and macro expansions; ` +
  'remove repeated text, or read fewer headers at once';

export function tooMuchAt({ file, offset }: Place, problem: string): LimitError {
  const { line, column } = file.placeAt(offset);
  return new LimitError(file.path, line, column, problem);
}
