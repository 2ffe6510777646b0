/** All rules of x86-64, in the order in which they are tried. */

import type { Rule } from '../../rules/rule.js';
import { sharedRules } from '../../rules/shared.js';
import { capabilityRules } from './capabilities.js';
import { creationRulesOfX86 } from './creation.js';
import { interruptRules } from './interrupts.js';
import { memoryRulesOfX86 } from './memory.js';
import { msrRules } from './msrs.js';
import { registerRulesOfX86 } from './registers.js';
import { settingRules } from './settings.js';
import { vcpuRules } from './vcpu.js';

/** The rules of KVM on x86-64. docs/errors.md lists them. */
export const rules: readonly Rule[] = [
  ...sharedRules,
  ...creationRulesOfX86,
  ...memoryRulesOfX86,
  ...interruptRules,
  ...settingRules,
  ...capabilityRules,
  ...vcpuRules,
  ...registerRulesOfX86,
  ...msrRules,
];
