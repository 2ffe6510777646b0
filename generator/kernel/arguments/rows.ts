/**
 * The form of the tables in this folder: what ioctls of old headers pass. The value of such a macro is a plain number, or a
 * use of `_IO` or of a type that the kernel does not use. The header states the argument in a comment or not at all.
 */

import type { Direction, Passing } from '../../model/model.js';

/** The ioctls that one function of the kernel, or one file, handles. */
export interface IoctlGroup {
  /** The headers that define the macros, spelled as in an `#include`. */
  readonly headers: readonly string[];
  /** The source of the rows: a source file of the kernel, possibly with a function, or a kernel document. */
  readonly source: string;
  /**
   * False if the types contain pointers that the kernel does not follow. True if the kernel follows addresses that the
   * types do not show: in bytes after the struct, or in an integer.
   */
  readonly followsPointers?: boolean;
  /** Present if a member of the struct holds the number of bytes that the kernel can access: the struct and its tail. */
  readonly sizedBy?: string;
  /** Present if the kernel follows addresses in the tail, so that the struct must not have one. */
  readonly tail?: false;
  /**
   * Maps each ioctl to what it passes: `nothing`; `value`, an integer in the argument itself; or the direction of the
   * bytes, seen from user space, and the C type that the argument points to: `read int`, `write struct x`.
   */
  readonly ioctls: Readonly<Record<string, PassedText>>;
}

export type PassedText = 'nothing' | 'value' | `${Exclude<Direction, 'none'>} ${string}`;

/** What an ioctl passes. */
export interface Passed {
  readonly passes: Passing;
  readonly argument?: string;
  readonly direction?: Direction;
}

/** Converts the text of a row. */
export function passedOf(text: PassedText): Passed {
  if (text === 'nothing') return { passes: 'nothing' };
  if (text === 'value') return { passes: 'value', argument: 'unsigned long' };
  const space = text.indexOf(' ');
  return { passes: 'pointer', direction: text.slice(0, space) as Direction, argument: text.slice(space + 1) };
}
