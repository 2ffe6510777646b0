/** The unit of a member's value, where the header states it in a comment that says nothing else. */

import { lexFile } from '../preprocess/lexer.js';
import type { Comment, Token } from '../preprocess/tokens.js';

const units = new Map([
  ['byte', 'bytes'],
  ['bytes', 'bytes'],
  ['bits', 'bits'],
  ['page', 'pages'],
  ['pages', 'pages'],
  ['ns', 'nanoseconds'],
  ['nanoseconds', 'nanoseconds'],
  ['us', 'microseconds'],
  ['microseconds', 'microseconds'],
  ['ms', 'milliseconds'],
  ['milliseconds', 'milliseconds'],
  ['seconds', 'seconds'],
  ['Hz', 'Hz'],
  ['kHz', 'kHz'],
  ['KHz', 'kHz'],
  ['MHz', 'MHz'],
]);
const stated = /^(?:(?:size |length )?in )?([A-Za-z]+)\.?$/;

/** The unit stated by the comment on the line of a member's semicolon. */
export function unitBehind(end: Token): string | undefined {
  const { file, offset } = end;
  const comment = firstBehind(lexFile(file).comments, offset);
  if (!comment || file.text.slice(offset, comment.start).includes('\n')) return undefined;
  const text = file.text.slice(comment.start, comment.end).replace(/^\/[/*]+|\*+\/$/g, '');
  const word = stated.exec(text.trim())?.[1];
  return word === undefined ? undefined : units.get(word);
}

function firstBehind(comments: readonly Comment[], offset: number): Comment | undefined {
  let low = 0;
  let high = comments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((comments[middle] as Comment).start < offset) low = middle + 1;
    else high = middle;
  }
  return comments[low];
}
