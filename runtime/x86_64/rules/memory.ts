/** The rules of x86-64 for memory slots: the physical addresses that a processor has. */

import { hex, type Rule, when } from '../../rules/rule.js';
import { possibleRule, rule } from './rule.js';

/** No x86 processor has longer physical addresses. */
const physicalEnd = 2n ** 52n;
/** Every 64-bit x86 processor has physical addresses of 36 bits or more. */
const fewestPhysical = 2n ** 36n;

const requests = ['KVM_SET_USER_MEMORY_REGION', 'KVM_SET_USER_MEMORY_REGION2'] as const;

/** The rules of physical addresses. */
export const memoryRulesOfX86: readonly Rule[] = requests.flatMap((ioctl) => [
  rule(ioctl, 'EINVAL', {
    rule: 'the guest-physical addresses of a slot must be below 2^52',
    remedy: 'choose a lower guestAddress',
    broken({ guest_phys_addr: start, memory_size: size }) {
      return when(start + size > physicalEnd, `guest addresses ${hex(start)} to ${hex(start + size)}`);
    },
  }),
  possibleRule(ioctl, 'EINVAL', {
    rule: 'with nested page tables (EPT or NPT) the guest-physical addresses must be physical addresses of the processor',
    remedy: "choose a lower guestAddress; /proc/cpuinfo shows the number of bits in 'address sizes'",
    broken({ guest_phys_addr: start, memory_size: size }) {
      return when(start + size > fewestPhysical, `guest addresses ${hex(start)} to ${hex(start + size)}`);
    },
  }),
]);
