/**
 * Maps a member to the prefix of the constants for its values. A value is one constant or a combination of flags. C
 * does not express this for an integer. Only printing uses these facts. They do not affect layouts or types.
 */

import { rowsByKey } from './rows-by-key.js';

export interface NamedValues {
  /** The header that defines the record, spelled as in an `#include`. */
  readonly header: string;
  /**
   * The path of the member: the record's tag, then its members. Members of unnamed records are included:
   * `kvm_run.io.direction`.
   */
  readonly member: string;
  readonly prefix: string;
  /** Present if the values are combinations of flags. */
  readonly flags?: true;
}

const generic = 'linux/kvm.h';
const ofArchitecture = 'asm/kvm.h';

/**
 * The source of each row is the header itself: it defines the constants next to the member, or a comment at the
 * constants names the member.
 */
export const namedValues: readonly NamedValues[] = [
  { header: generic, member: 'kvm_run.exit_reason', prefix: 'KVM_EXIT_' },
  { header: generic, member: 'kvm_run.flags', prefix: 'KVM_RUN_X86_', flags: true },
  { header: generic, member: 'kvm_run.io.direction', prefix: 'KVM_EXIT_IO_' },
  { header: generic, member: 'kvm_run.s390_reset_flags', prefix: 'KVM_S390_RESET_', flags: true },
  { header: generic, member: 'kvm_run.internal.suberror', prefix: 'KVM_INTERNAL_ERROR_' },
  { header: generic, member: 'kvm_run.emulation_failure.suberror', prefix: 'KVM_INTERNAL_ERROR_' },
  {
    header: generic,
    member: 'kvm_run.emulation_failure.flags',
    prefix: 'KVM_INTERNAL_ERROR_EMULATION_FLAG_',
    flags: true,
  },
  { header: generic, member: 'kvm_run.system_event.type', prefix: 'KVM_SYSTEM_EVENT_' },
  { header: generic, member: 'kvm_run.msr.reason', prefix: 'KVM_MSR_EXIT_REASON_', flags: true },
  { header: generic, member: 'kvm_run.notify.flags', prefix: 'KVM_NOTIFY_', flags: true },
  { header: generic, member: 'kvm_run.memory_fault.flags', prefix: 'KVM_MEMORY_EXIT_FLAG_', flags: true },
  { header: generic, member: 'kvm_run.arm_sea.flags', prefix: 'KVM_EXIT_ARM_SEA_FLAG_', flags: true },
  { header: generic, member: 'kvm_run.kvm_valid_regs', prefix: 'KVM_SYNC_X86_', flags: true },
  { header: generic, member: 'kvm_run.kvm_dirty_regs', prefix: 'KVM_SYNC_X86_', flags: true },
  { header: generic, member: 'kvm_hyperv_exit.type', prefix: 'KVM_EXIT_HYPERV_' },
  { header: generic, member: 'kvm_xen_exit.type', prefix: 'KVM_EXIT_XEN_' },
  { header: generic, member: 'kvm_userspace_memory_region.flags', prefix: 'KVM_MEM_', flags: true },
  { header: generic, member: 'kvm_userspace_memory_region2.flags', prefix: 'KVM_MEM_', flags: true },
  { header: generic, member: 'kvm_mp_state.mp_state', prefix: 'KVM_MP_STATE_' },
  { header: generic, member: 'kvm_guest_debug.control', prefix: 'KVM_GUESTDBG_', flags: true },
  { header: generic, member: 'kvm_enable_cap.cap', prefix: 'KVM_CAP_' },
  { header: generic, member: 'kvm_irq_routing_entry.type', prefix: 'KVM_IRQ_ROUTING_' },
  { header: generic, member: 'kvm_ioeventfd.flags', prefix: 'KVM_IOEVENTFD_FLAG_', flags: true },
  { header: generic, member: 'kvm_irqfd.flags', prefix: 'KVM_IRQFD_FLAG_', flags: true },
  { header: generic, member: 'kvm_clock_data.flags', prefix: 'KVM_CLOCK_', flags: true },
  { header: generic, member: 'kvm_dirty_gfn.flags', prefix: 'KVM_DIRTY_GFN_F_', flags: true },
  { header: ofArchitecture, member: 'kvm_vcpu_events.flags', prefix: 'KVM_VCPUEVENT_', flags: true },
  { header: ofArchitecture, member: 'kvm_cpuid_entry2.flags', prefix: 'KVM_CPUID_FLAG_', flags: true },
];

/** Maps a record to the rows of its members. */
export const namedValuesIn: ReadonlyMap<string, readonly NamedValues[]> = rowsByKey(namedValues, ({ member }) => [
  member.slice(0, member.indexOf('.')),
]);
