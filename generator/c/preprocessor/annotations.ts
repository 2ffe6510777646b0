/**
 * Macros by which headers say a fact to the kernel's compiler and nothing to that of user space: `__counted_by(count)`
 * after a flexible array. Where a header defines one as nothing, it stands for the attribute that the kernel gives it.
 */

import { lexText } from '../lexer.js';
import type { Macro } from './macros.js';

const counting = new Set(['__counted_by', '__counted_by_le', '__counted_by_be']);

/** The macro as the kernel means it. */
export function withAnnotation(macro: Macro): Macro {
  const [member, ...more] = macro.parameters ?? [];
  if (!counting.has(macro.name) || macro.body.length > 0 || member === undefined || more.length > 0) return macro;
  return { ...macro, body: lexText(macro.at.file, `__attribute__((__counted_by__(${member})))`) };
}
