/** The rules that hold on all architectures, because the code of the kernel that checks them is the same. */

import { creationRules } from './creation.js';
import { ioRules } from './io.js';
import { memoryRules } from './memory.js';
import type { Rule } from './rule.js';

/** The rules of all architectures. */
export const sharedRules: readonly Rule[] = [...creationRules, ...memoryRules, ...ioRules];
