/** Finds comments by position. */

import { lexFile } from '../c/lexer.js';
import type { Comment } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';

/** Returns the first comment after a position. */
export function commentAfter(file: SourceFile, offset: number): Comment | undefined {
  const { comments } = lexFile(file);
  return comments[firstFrom(comments, offset, startOf)];
}

/** Returns the comments between two positions. */
export function commentsBetween(file: SourceFile, start: number, end: number): readonly Comment[] {
  const { comments } = lexFile(file);
  return comments.slice(firstFrom(comments, start, startOf), firstFrom(comments, end, startOf));
}

/** Returns the text of a comment without the comment marks. */
export function textOf(file: SourceFile, { start, end }: Comment): string {
  const text = file.text.slice(start, end).replace(/^\/[/*]+|\*+\/$/g, '');
  return text.replace(/\n[ \t]*\*?/g, ' ').trim();
}

/** Returns the index of the first item at or after an offset. */
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
