/** Comments by where they stand. */

import { lexFile } from '../preprocess/lexer.js';
import type { Comment } from '../preprocess/tokens.js';
import type { SourceFile } from '../source/files.js';

/** The first comment behind a place. */
export function commentBehind(file: SourceFile, offset: number): Comment | undefined {
  const { comments } = lexFile(file);
  return comments[firstBehind(comments, offset)];
}

/** The comments between two places. */
export function commentsBetween(file: SourceFile, start: number, end: number): readonly Comment[] {
  const { comments } = lexFile(file);
  return comments.slice(firstBehind(comments, start), firstBehind(comments, end));
}

/** What a comment says, without what makes it one. */
export function textOf(file: SourceFile, { start, end }: Comment): string {
  const text = file.text.slice(start, end).replace(/^\/[/*]+|\*+\/$/g, '');
  return text.replace(/\n[ \t]*\*?/g, ' ').trim();
}

/** How many comments stand before a place. */
function firstBehind(comments: readonly Comment[], offset: number): number {
  let low = 0;
  let high = comments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((comments[middle] as Comment).start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
