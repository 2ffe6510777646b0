/** What the shared parts of the runtime need of x86-64. */

import type { Architecture } from '../context.js';
import type { Bindings } from './bindings.js';
import { rulesOfX86 } from './rules/book.js';

/** Returns the architecture with these bindings. */
export function architectureOf(bindings: Bindings): Architecture<Bindings> {
  return { bindings, rules: rulesOfX86 };
}
