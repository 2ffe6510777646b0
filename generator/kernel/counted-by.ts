/**
 * Maps a flexible array to the member that holds its number of elements. C does not express this fact.
 *
 * A row exists only if a member of the same struct counts the elements of that array. A row never describes a size of
 * the whole struct in bytes, a number from elsewhere (another struct, a capability, a page size) or ring indices. A row
 * never describes an array with its own dimension. The rows are in the order of the headers.
 */

export interface CountedBy {
  /** The header that defines the record, spelled as in an `#include`. */
  readonly header: string;
  /** The tag of the record. */
  readonly record: string;
  /** The flexible array. */
  readonly member: string;
  /** The member of the same struct that holds the number of elements. */
  readonly count: string;
  /** The source of this row: a section of a kernel document, or a source file and function. */
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
    source: 'kvm_vm_ioctl in virt/kvm/kvm_main.c, KVM_SET_GSI_ROUTING: it reads nr entries',
  },
  {
    header: 'linux/kvm.h',
    record: 'kvm_reg_list',
    member: 'reg',
    count: 'n',
    source: 'Documentation/virt/kvm/api.rst 4.84: n is the capacity on input and the number of ids on output',
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
    source: 'Documentation/virt/kvm/api.rst 4.3: nmsrs is the capacity on input and the number of indices on output',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_cpuid',
    member: 'entries',
    count: 'nent',
    source: 'kvm_vcpu_ioctl_set_cpuid in arch/x86/kvm/cpuid.c: it reads nent entries',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_cpuid2',
    member: 'entries',
    count: 'nent',
    source: 'Documentation/virt/kvm/api.rst 4.46: nent is the capacity on input and the number of entries on output',
  },
  {
    header: 'asm/kvm.h',
    record: 'kvm_pmu_event_filter',
    member: 'events',
    count: 'nevents',
    source: 'kvm_vm_ioctl_set_pmu_event_filter in arch/x86/kvm/pmu.c: it reads nevents events',
  },
  {
    header: 'linux/vfio.h',
    record: 'vfio_pci_hot_reset_info',
    member: 'devices',
    count: 'count',
    source: 'vfio_pci_ioctl_get_pci_hot_reset_info in drivers/vfio/pci/vfio_pci_core.c: count devices',
  },
  {
    header: 'linux/vfio.h',
    record: 'vfio_pci_hot_reset',
    member: 'group_fds',
    count: 'count',
    source: 'vfio_pci_ioctl_pci_hot_reset in drivers/vfio/pci/vfio_pci_core.c: it reads count file descriptors',
  },
  {
    header: 'linux/vhost_types.h',
    record: 'vhost_memory',
    member: 'regions',
    count: 'nregions',
    source: 'vhost_set_memory in drivers/vhost/vhost.c: it reads nregions regions',
  },
  {
    header: 'linux/vhost_types.h',
    record: 'vhost_vdpa_config',
    member: 'buf',
    count: 'len',
    source: 'vhost_vdpa_get_config in drivers/vhost/vdpa.c: it writes len bytes',
  },
  {
    header: 'linux/if_tun.h',
    record: 'tun_filter',
    member: 'addr',
    count: 'count',
    source: 'update_filter in drivers/net/tun.c: it reads count addresses after the struct',
  },
];
