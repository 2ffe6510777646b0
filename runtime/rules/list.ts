/** All rules, in the order in which they are tried. */

import { capabilityRules } from './capabilities.js';
import { creationRules } from './creation.js';
import { interruptRules } from './interrupts.js';
import { ioRules } from './io.js';
import { memoryRules } from './memory.js';
import { msrRules } from './msrs.js';
import { registerRulesOfX86 } from './registers.js';
import type { Rule } from './rule.js';
import { settingRules } from './settings.js';
import { vcpuRules } from './vcpu.js';

/** The rules of KVM. docs/errors.md lists them. */
export const rules: readonly Rule[] = [
  ...creationRules,
  ...memoryRules,
  ...interruptRules,
  ...ioRules,
  ...settingRules,
  ...capabilityRules,
  ...vcpuRules,
  ...registerRulesOfX86,
  ...msrRules,
];
