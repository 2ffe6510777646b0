/** The result of reading a changed header, and whether the result is allowed. */

/** The limit of a process's memory, in MiB. */
export const mostMemory = 1024;

/** The limit of a reading's time. A wrong header is read much faster. A process that needs more time is ended. */
export const longestReadingMs = 60_000;

export type Outcome =
  | { readonly is: 'model' }
  /** An error that a user may get. */
  | { readonly is: 'error'; readonly message: string }
  /** A result that is not allowed. */
  | { readonly is: 'failure'; readonly message: string };

/** The answer of a process: the result of the reading, and the most memory that the process has used, in MiB. */
export interface Answer {
  readonly outcome: Outcome;
  readonly memory: number;
}
