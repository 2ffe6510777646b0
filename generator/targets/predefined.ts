/**
 * The predefined macros of a target: all macros that its compiler prints with `-dM -E -x c /dev/null`. Most of them
 * follow from the target's data or are equal on all targets. `predefined` of a target has the others.
 */

import { floatMacros } from './common/float-macros.js';
import { gnuMacros } from './common/gnu.js';
import { integerMacros } from './common/integer-macros.js';
import type { Target } from './target.js';

/** Returns the macros, one on each line, without the word `#define`. A later line replaces an earlier line. */
export function predefinedMacros(target: Target): string {
  return [gnuMacros, ...integerMacros(target), ...floatMacros(target), target.predefined].join('\n');
}
