/** What comes of reading a mutant, and whether that may be. */

/** Beyond this a process takes too much, in MiB. */
export const mostMemory = 1024;

/** A header in which something is wrong is read in much less; a process that takes longer is ended. */
export const longestReadingMs = 60_000;

export type Outcome =
  | { readonly is: 'model' }
  /** An error as a user may get it. */
  | { readonly is: 'error'; readonly message: string }
  /** What must not be. */
  | { readonly is: 'failure'; readonly message: string };

/** The answer of a process: of the reading, and the most memory that the process has had so far, in MiB. */
export interface Answer {
  readonly outcome: Outcome;
  readonly memory: number;
}
