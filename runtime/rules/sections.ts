/** The sections of the kernel's Documentation/virt/kvm/api.rst, by title. */

import type { IoctlName, Rule } from './rule.js';

/** The sections whose title is not the name of the ioctl. Undefined for an ioctl that has no section. */
const titles: { readonly [Name in IoctlName]?: string | undefined } = {
  KVM_GET_MSR_INDEX_LIST: 'KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST',
  KVM_GET_MSR_FEATURE_INDEX_LIST: 'KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST',
  KVM_GET_DIRTY_LOG: 'KVM_GET_DIRTY_LOG (vm ioctl)',
  KVM_CLEAR_DIRTY_LOG: 'KVM_CLEAR_DIRTY_LOG (vm ioctl)',
  KVM_RESET_DIRTY_RINGS: 'KVM_CAP_DIRTY_LOG_RING/KVM_CAP_DIRTY_LOG_RING_ACQ_REL',
  KVM_REGISTER_COALESCED_MMIO: 'KVM_(UN)REGISTER_COALESCED_MMIO',
  KVM_UNREGISTER_COALESCED_MMIO: 'KVM_(UN)REGISTER_COALESCED_MMIO',
  KVM_GET_DEVICE_ATTR: 'KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR',
  KVM_SET_DEVICE_ATTR: 'KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR',
  KVM_SET_CPUID2: 'KVM_SET_CPUID',
  KVM_SET_NR_MMU_PAGES: undefined,
  KVM_IRQ_LINE_STATUS: undefined,
  KVM_CREATE_PIT: undefined,
  KVM_GET_PIT: undefined,
  KVM_SET_PIT: undefined,
  KVM_GET_CPUID2: undefined,
  KVM_SET_VAPIC_ADDR: undefined,
};

/** The title of the section about a rule, or undefined if there is none. */
export function sectionOf({ ioctl, see }: Pick<Rule, 'ioctl' | 'see'>): string | undefined {
  return see ?? (ioctl in titles ? titles[ioctl] : ioctl);
}
