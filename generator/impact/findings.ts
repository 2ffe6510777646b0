/** What `impact` finds in the files of a project. The data is plain: it is printed as JSON, and it is stored in the cache. */

import type { Edit } from './fixes.js';
import type { Form } from './uses.js';

/** A place in a file of the project. Lines and columns count from 1, and columns are UTF-16 code units. */
export interface Place {
  /** The path relative to the current folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A use of changed names. */
export interface Use extends Place {
  /** The text of the use: `padding1`. */
  readonly text: string;
  readonly form: Form;
  /** The numbers of the changes in the list of changes. */
  readonly changes: readonly number[];
  /** Whether a change is breaking, or the new bindings do not have the name. */
  readonly breaking: boolean;
  /**
   * The edit that gives the name its new name. Null if the edit of an import or export suffices. Absent if no edit is
   * known.
   */
  readonly fix?: Edit | null;
}

/** An error that TypeScript reports with the new bindings, and not with the old bindings. */
export interface NewError extends Place {
  /** The number of TypeScript's message: 2339. */
  readonly code: number;
  readonly message: string;
  /** The numbers of the changes that the code of the error uses or that the message names. Can be empty. */
  readonly changes: readonly number[];
}

/** What is found in one file. */
export interface Findings {
  readonly uses: readonly Use[];
  readonly errors: readonly NewError[];
}

/** What changes of headers do to a project. */
export interface Impact extends Findings {
  /** The number of files of the project that were checked. */
  readonly files: number;
  /** The folders of the bindings that the project uses. */
  readonly folders: readonly string[];
}
