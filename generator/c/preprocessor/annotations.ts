/**
 * Macros that state a fact for the kernel's compiler and nothing for a compiler in user space: `__counted_by(count)`
 * after a flexible array. If a header defines such a macro as nothing, it is replaced by the attribute that the kernel
 * uses.
 */

import { lexText } from '../lexer.js';
import type { Macro } from './macros.js';

const counting = new Set(['__counted_by', '__counted_by_le', '__counted_by_be']);

/** Returns the macro with the kernel's definition. */
export function withAnnotation(macro: Macro): Macro {
  const [member, ...more] = macro.parameters ?? [];
  if (!counting.has(macro.name) || macro.body.length > 0 || member === undefined || more.length > 0) return macro;
  return { ...macro, body: lexText(macro.at.file, `__attribute__((__counted_by__(${member})))`) };
}
