/** What the shared parts of the runtime need of arm64. */

import type { Architecture } from '../context.js';
import { Facts } from '../rules/facts.js';
import { RuleBook } from '../rules/find.js';
import type { Bindings } from './bindings.js';
import { rulesOfArm64 } from './rules.js';

const rules = new RuleBook(rulesOfArm64, Facts);

/** Returns the architecture with these bindings. */
export function architectureOf(bindings: Bindings): Architecture<Bindings> {
  return { bindings, rules };
}
