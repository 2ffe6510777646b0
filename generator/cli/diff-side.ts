/** What a side of a comparison is, in every form. `diff-sides.ts` opens the forms. */

import { MissingHeaderError } from '../errors.js';
import { originText } from '../model/locations.js';
import type { Model } from '../model/model.js';
import type { HeaderOptions } from './header-options.js';

export interface Side {
  /** The argument of the user. */
  readonly spelled: string;
  /** The targets that the side has. */
  readonly targets: readonly string[];
  /** Whether the side consists of models, so that it has no other headers and targets than `headers` and `targets`. */
  readonly isModels: boolean;
  /** Returns the names of all headers of a target. */
  headers(target: string): string[];
  /**
   * Returns the model of a header, or the error that says that the side does not have the header.
   *
   * @throws GeneratorError for every other problem.
   */
  model(header: string, target: string): Model | MissingHeaderError;
  /** Returns the hash of a header. Undefined if the side does not have it, or has no headers. */
  hashOf(header: string, target: string): string | undefined;
}

/** What the configuration or the options say about the headers of both sides. */
export type Reading = Pick<HeaderOptions, 'include' | 'define' | 'statements' | 'base' | 'cache'>;

/** Returns the error if the header itself is missing. */
export function modelOrMissing(header: string, read: () => Model): Model | MissingHeaderError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MissingHeaderError && error.missing === header) return error;
    throw error;
  }
}

/** Returns the error that says that a side of models does not have a header. */
export function missing(header: string, place: string): MissingHeaderError {
  return new MissingHeaderError(place, 1, 1, `has no model of <${header}>; name another header with --header`, header);
}

/** Returns what a model was read from: `linux-libc-dev 6.1.187-1 (amd64), Linux 6.1.187`. */
export function identityOf({ origins, kernel }: Model): string {
  return [...origins.map(originText), ...(kernel === null ? [] : [`Linux ${kernel}`])].join(', ');
}
