/**
 * How much of a header is read before it is refused, so that no text, however wrong or hostile, exhausts the stack, the
 * memory or anybody's patience. Of all the headers of Linux 6.1 the largest takes 160,000 tokens, and what is nested
 * deepest 31 levels.
 */

import { LimitError } from './errors.js';

/** A place in a file, as a token has it. */
interface Place {
  readonly file: {
    readonly path: string;
    placeAt(offset: number): { readonly line: number; readonly column: number };
  };
  readonly offset: number;
}

/** Levels of what is nested: parentheses, records, declarators, arguments of macros, types made of other types. */
export const deepestNesting = 256;

/** Headers that are open at once. */
export const deepestInclude = 200;

/** Tokens of a header and of what it includes, as often as it is included, and of what its macros stand for. */
export const mostTokens = 2_000_000;

/** Members of the records of a header, those of unnamed records counted wherever their type is used. */
const mostMembers = 200_000;

export const tooDeep: string = `nested more than ${deepestNesting} levels deep; make it flatter`;

/** How deep a recursion over what a header says has gone. */
export class Depth<At> {
  readonly #errorAt: (at: At, problem: string) => Error;
  #depth = 0;

  constructor(errorAt: (at: At, problem: string) => Error) {
    this.#errorAt = errorAt;
  }

  /** Goes one level deeper, for what stands at `at`; whoever does must `leave` again, whatever happens. */
  enter(at: At): void {
    if (this.#depth >= deepestNesting) throw this.#errorAt(at, tooDeep);
    this.#depth++;
  }

  leave(): void {
    this.#depth--;
  }

  /** Goes one level deeper and back. For what is done ten thousands of times, `enter` and `leave` do without a closure. */
  within<T>(at: At, go: () => T): T {
    this.enter(at);
    try {
      return go();
    } finally {
      this.leave();
    }
  }
}

/** What is left of something that there is only so much of. */
export class Budget {
  readonly #problem: string;
  #left: number;

  constructor(most: number, problem: string) {
    this.#left = most;
    this.#problem = problem;
  }

  /** @throws LimitError at `at` when there is not so much left. */
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
    `more than ${mostMembers} members; give the types that are used again and again a name`,
  );
}

export const tooManyTokens: string =
  `more than ${mostTokens} tokens, with what is included and what macros stand for; ` +
  'leave out what repeats itself, or read fewer headers at once';

export function tooMuchAt({ file, offset }: Place, problem: string): LimitError {
  const { line, column } = file.placeAt(offset);
  return new LimitError(file.path, line, column, problem);
}
