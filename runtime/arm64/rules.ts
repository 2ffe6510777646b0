/** The rules of KVM on arm64 that other architectures do not have. */

import { KVM_VM_TYPE_ARM_IPA_SIZE_MASK } from '../../generated/arm64/linux/kvm.js';
import { type Rule, rule, when } from '../rules/rule.js';
import { sharedRules } from '../rules/shared.js';

const own: readonly Rule[] = [
  rule('KVM_CREATE_VM', 'EINVAL', {
    rule: 'the number of bits of guest-physical addresses must be from 32 to KVM_CAP_ARM_VM_IPA_SIZE, or 0 for 40',
    remedy: 'use KVM_VM_TYPE_ARM_IPA_SIZE(bits) with a number in this range',
    broken(type, facts) {
      const bits = Number(BigInt(type) & KVM_VM_TYPE_ARM_IPA_SIZE_MASK);
      const most = facts.capability('KVM_CAP_ARM_VM_IPA_SIZE');
      const isRight = bits === 0 || (bits >= 32 && bits <= most);
      return when(!isRight, `${bits} bits; KVM_CAP_ARM_VM_IPA_SIZE is ${most}`);
    },
  }),
];

/** All rules of arm64, in the order in which they are tried. */
export const rulesOfArm64: readonly Rule[] = [...sharedRules, ...own];
