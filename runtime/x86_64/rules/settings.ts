/** The rules of the settings of a VM: addresses, clocks, filters and limits. */

import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import { possibleRule, rule } from './rule.js';

const { KVM_PMU_EVENT_ALLOW, KVM_PMU_EVENT_DENY, KVM_PMU_EVENT_FLAG_MASKED_EVENTS } = kvm;

/** The last address of three pages below 4 GiB. */
const lastTssAddress = 0xffff_d000n;
const fewestMmuPages = 64n;
const mostEvents = 300;

const addresses: readonly Rule[] = [
  rule('KVM_SET_TSS_ADDR', 'EINVAL', {
    rule: 'the three pages must be below 4 GiB, so the address is at most 0xffffd000',
    remedy: 'use 0xfffbd000, as other VMMs do',
    broken: (address) => when(address > lastTssAddress, `address ${hex(address)}`),
  }),
  rule('KVM_SET_IDENTITY_MAP_ADDR', 'EINVAL', {
    rule: 'the address must be set before the first vCPU',
    remedy: 'call vm.setIdentityMapAddr before vm.createVcpu',
    broken: ({ value }, { hasVcpu }) => when(hasVcpu, `address ${hex(value)}: the VM has a vCPU already`),
  }),
];

const clocks: readonly Rule[] = [
  rule('KVM_SET_CLOCK', 'EINVAL', {
    // api.rst allows KVM_CLOCK_REALTIME only. The kernel ignores the other two.
    rule: 'the flags can be KVM_CLOCK_REALTIME, KVM_CLOCK_TSC_STABLE and KVM_CLOCK_HOST_TSC',
    remedy: 'leave out the other flags',
    broken({ flags }) {
      const { KVM_CLOCK_REALTIME, KVM_CLOCK_TSC_STABLE, KVM_CLOCK_HOST_TSC } = kvm;
      const unknown = unknownBits(flags, KVM_CLOCK_REALTIME, KVM_CLOCK_TSC_STABLE, KVM_CLOCK_HOST_TSC);
      return when(unknown !== 0n, `flags ${hex(flags)}, of which ${hex(unknown)} are unknown`);
    },
  }),
  rule('KVM_SET_TSC_KHZ', 'EINVAL', {
    rule: 'the frequency of a VM must be set before the first vCPU',
    remedy: 'call vm.setTscKhz before vm.createVcpu, or vcpu.setTscKhz',
    withoutCapability: true,
    broken: (khz, facts) =>
      when(facts.kind === 'vm' && facts.hasVmTscKhz && facts.hasVcpu, `${khz} kHz: the VM has a vCPU already`),
  }),
];

const filters: readonly Rule[] = [
  rule('KVM_X86_SET_MSR_FILTER', 'EINVAL', {
    rule: 'a filter that denies all other MSRs must have a range',
    remedy: "use others: 'allow', or add a range with the MSRs that the guest may access",
    broken({ flags, ranges }) {
      const denies = (flags & kvm.KVM_MSR_FILTER_DEFAULT_DENY) !== 0;
      return when(denies && [...ranges].every(({ nmsrs }) => nmsrs === 0), "others: 'deny' without a range");
    },
  }),
  rule('KVM_SET_PMU_EVENT_FILTER', 'EINVAL', {
    rule: 'the action must be KVM_PMU_EVENT_ALLOW or KVM_PMU_EVENT_DENY',
    remedy: 'use one of these',
    broken: ({ action }) => when(action !== KVM_PMU_EVENT_ALLOW && action !== KVM_PMU_EVENT_DENY, `action ${action}`),
  }),
  rule('KVM_SET_PMU_EVENT_FILTER', 'EINVAL', {
    rule: 'the flags can be KVM_PMU_EVENT_FLAG_MASKED_EVENTS',
    remedy: 'leave out the other flags',
    broken: ({ flags }) => when(unknownBits(flags, KVM_PMU_EVENT_FLAG_MASKED_EVENTS) !== 0n, `flags ${hex(flags)}`),
  }),
  possibleRule('KVM_SET_PMU_EVENT_FILTER', 'EINVAL', {
    rule: 'with KVM_PMU_EVENT_FLAG_MASKED_EVENTS an event has no bits outside of its select, match, mask and exclude fields',
    remedy: 'make the events with KVM_PMU_ENCODE_MASKED_ENTRY',
    broken: ({ flags, nevents }) =>
      when((BigInt(flags) & KVM_PMU_EVENT_FLAG_MASKED_EVENTS) !== 0n, `one of ${nevents} masked events`),
  }),
  rule('KVM_SET_PMU_EVENT_FILTER', 'E2BIG', {
    rule: 'a filter has at most 300 events',
    remedy: 'use masked events, which match several events each',
    broken: ({ nevents }) => when(nevents > mostEvents, `${nevents} events`),
  }),
];

const limits: readonly Rule[] = [
  rule('KVM_SET_NR_MMU_PAGES', 'EINVAL', {
    rule: 'the kernel needs at least 64 pages',
    remedy: 'use a larger number',
    broken: (pages) => when(pages < fewestMmuPages, `${pages} pages`),
  }),
];

/** The rules of the settings of a VM. */
export const settingRules: readonly Rule[] = [...addresses, ...clocks, ...filters, ...limits];
