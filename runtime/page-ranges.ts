/** Ranges of whole pages of a memory or of a file. */

import { KvmArgumentError } from './errors.js';
import { requireInteger } from './numbers.js';

/** A range of a caller, in bytes. Without a length it reaches to the end. */
export interface PagesOrRest {
  readonly offset: number;
  readonly length?: number | undefined;
}

/** A range of whole pages, in bytes. */
export interface Pages {
  readonly offset: number;
  readonly length: number;
}

/** The memory or the file that has the pages. */
export interface PageOwner {
  /** In bytes. */
  readonly size: number;
  readonly pageSize: number;
}

/** A guest memfd can have more bytes than a number can count. */
const mostOf = ({ size }: PageOwner): number => Math.min(size, Number.MAX_SAFE_INTEGER);

/**
 * Returns the range of a caller as numbers.
 *
 * @throws KvmArgumentError unless the bytes are whole pages of the owner, and at least one.
 */
export function requirePages(operation: string, owner: PageOwner, given: Pages): Pages {
  const { size, pageSize } = owner;
  const offset = requireInteger(operation, 'offset', given.offset, mostOf(owner));
  const length = requireInteger(operation, 'length', given.length, mostOf(owner));
  if (length > 0 && offset % pageSize === 0 && length % pageSize === 0 && length <= size - offset) {
    return { offset, length };
  }
  const rule = `both must be multiples of the page size ${pageSize}, the length more than 0, and all bytes inside the ${size} bytes`;
  throw new KvmArgumentError(operation, `offset ${offset} and length ${length}; ${rule}`);
}

/** Like `requirePages`. Without a length the range reaches to the end, so the offset is checked before it is subtracted. */
export function requirePagesOrRest(operation: string, owner: PageOwner, given: PagesOrRest): Pages {
  const offset = requireInteger(operation, 'offset', given.offset, mostOf(owner));
  return requirePages(operation, owner, {
    offset,
    length: given.length === undefined ? owner.size - offset : given.length,
  });
}
