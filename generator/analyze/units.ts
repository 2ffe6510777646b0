/** Reads the unit of a member's value from a comment that contains only a unit. */

import type { Token } from '../c/tokens.js';
import { commentAfter, textOf } from './comment-places.js';

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

/** Returns the unit in the comment on the line of a member's semicolon. */
export function unitAfter({ file, offset }: Token): string | undefined {
  const comment = commentAfter(file, offset);
  if (!comment || file.text.slice(offset, comment.start).includes('\n')) return undefined;
  const word = stated.exec(textOf(file, comment))?.[1];
  return word === undefined ? undefined : units.get(word);
}
