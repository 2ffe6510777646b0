/**
 * Which member holds the number of elements of a flexible array: C does not say it.
 *
 * A row exists only where a sibling member counts elements of that array. It never stands for a size in bytes of the
 * whole struct, for a number found elsewhere (another struct, a capability, a page size) or for ring indices, and never
 * for an array with a dimension of its own. The rows are in the order of the headers.
 */

export interface CountedBy {
  /** The header that defines the record, as spelled in an `#include`. */
  readonly header: string;
  /** The tag of the record. */
  readonly record: string;
  /** The flexible array. */
  readonly member: string;
  /** The sibling member with the number of elements. */
  readonly count: string;
  /** Who says so: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

export const flexibleArrayCounts: readonly CountedBy[] = [
  {
    header: 'linux/kvm.h',
    record: 'kvm_signal_mask',
    member: 'sigset',
    count: 'len',
    source: 'kvm_vcpu_ioctl in virt/kvm/kvm_main.c: len is the size of the set in bytes, and an element is one byte',
  },
  {
    header: 'linux/kvm.h',
    record: 'kvm_irq_routing',
    member: 'entries',
    count: 'nr',
    source: 'kvm_vm_ioctl in virt/kvm/kvm_main.c, KVM_SET_GSI_ROUTING: as many entries as nr says are read',
  },
  {
    header: 'linux/kvm.h',
    record: 'kvm_reg_list',
    member: 'reg',
    count: 'n',
    source: 'Documentation/virt/kvm/api.rst 4.84: room for n ids on the way in, their number on the way out',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_msrs',
    member: 'entries',
    count: 'nmsrs',
    source: 'Documentation/virt/kvm/api.rst 4.18 and 4.19: nmsrs is the size of the array of entries',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_msr_list',
    member: 'indices',
    count: 'nmsrs',
    source: 'Documentation/virt/kvm/api.rst 4.3: room for nmsrs indices on the way in, their number on the way out',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_cpuid',
    member: 'entries',
    count: 'nent',
    source: 'kvm_vcpu_ioctl_set_cpuid in arch/x86/kvm/cpuid.c: as many entries as nent says are read',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_cpuid2',
    member: 'entries',
    count: 'nent',
    source: 'Documentation/virt/kvm/api.rst 4.46: room for nent entries on the way in, their number on the way out',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_pmu_event_filter',
    member: 'events',
    count: 'nevents',
    source: 'kvm_vm_ioctl_set_pmu_event_filter in arch/x86/kvm/pmu.c: as many events as nevents says are read',
  },
  {
    header: 'linux/if_tun.h',
    record: 'tun_filter',
    member: 'addr',
    count: 'count',
    source: 'update_filter in drivers/net/tun.c: as many addresses as count says are read after the struct',
  },
];
