/** Comments by where they stand. */

import { lexFile } from '../c/lexer.js';
import type { Comment } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';

/** The first comment after a place. */
export function commentAfter(file: SourceFile, offset: number): Comment | undefined {
  const { comments } = lexFile(file);
  return comments[firstFrom(comments, offset, startOf)];
}

/** The comments between two places. */
export function commentsBetween(file: SourceFile, start: number, end: number): readonly Comment[] {
  const { comments } = lexFile(file);
  return comments.slice(firstFrom(comments, start, startOf), firstFrom(comments, end, startOf));
}

/** What a comment says, without what makes it one. */
export function textOf(file: SourceFile, { start, end }: Comment): string {
  const text = file.text.slice(start, end).replace(/^\/[/*]+|\*+\/$/g, '');
  return text.replace(/\n[ \t]*\*?/g, ' ').trim();
}

/** Index of the first item at or after an offset. */
export function firstFrom<T>(items: readonly T[], offset: number, offsetOf: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsetOf(items[middle] as T) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startOf({ start }: Comment): number {
  return start;
}
