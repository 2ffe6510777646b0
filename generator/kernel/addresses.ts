/**
 * Members whose value is an address of the process that the kernel follows, and members whose value could be taken for one
 * and is not. C does not express this: the type of most such members is an integer.
 *
 * For the structs of `linux/kvm.h`, every pointer, every integer whose name could mean an address and every integer of 64
 * bits has a row here or in `not-addresses.ts`. A test compares the rows with the models of all targets.
 */

import type { AddressRow } from './address-row.js';
import { driverAddressRows } from './driver-addresses.js';
import { commandAddressRows } from './ioctl-commands.js';
import { rowsByKey } from './rows-by-key.js';

/** A member that is an address if another member of the record has one of certain values. */
export interface SelectedAddressRow {
  readonly headers: readonly string[];
  readonly record: string;
  /** The member that is an address. */
  readonly member: string;
  /** The member whose value selects. */
  readonly selectedBy: string;
  /** The constant for the value. */
  readonly constant: string;
  readonly source: string;
}

const kvm = ['linux/kvm.h', 'asm/kvm.h'];
const api = 'Documentation/virt/kvm/api.rst';
const vhost = ['linux/vhost_types.h'];
const vfio = ['linux/vfio.h'];
/** The most descriptors of a virtqueue. VHOST_SET_VRING_NUM states the number, which this struct does not have. */
const mostDescriptors = 0x8000;
const rings = `vhost_vring_set_addr in drivers/vhost/vhost.c; a queue has at most ${mostDescriptors} descriptors`;

const ownRows: readonly AddressRow[] = [
  {
    headers: kvm,
    record: 'kvm_userspace_memory_region',
    member: 'userspace_addr',
    countedBy: 'memory_size',
    elementSize: 1,
    source: `${api}, "KVM_SET_USER_MEMORY_REGION": memory_size bytes are the memory of the guest`,
  },
  {
    headers: kvm,
    record: 'kvm_userspace_memory_region2',
    member: 'userspace_addr',
    countedBy: 'memory_size',
    elementSize: 1,
    source: `${api}, "KVM_SET_USER_MEMORY_REGION2": memory_size bytes are the memory of the guest`,
  },
  {
    headers: kvm,
    record: 'kvm_dirty_log',
    member: 'dirty_bitmap',
    source: `${api}, "KVM_GET_DIRTY_LOG (vm ioctl)": the kernel writes one bit for each page of the slot`,
  },
  {
    headers: kvm,
    record: 'kvm_clear_dirty_log',
    member: 'dirty_bitmap',
    source: `${api}, "KVM_CLEAR_DIRTY_LOG (vm ioctl)": the kernel reads one bit for each page`,
  },
  {
    headers: kvm,
    record: 'kvm_dirty_tlb',
    member: 'bitmap',
    source: `${api}, "KVM_DIRTY_TLB": the kernel reads one bit for each entry of the shared TLB`,
  },
  {
    headers: kvm,
    record: 'kvm_one_reg',
    member: 'addr',
    source: `${api}, "KVM_SET_ONE_REG": the value is at this address, and the id states its size`,
  },
  {
    headers: kvm,
    record: 'kvm_device_attr',
    member: 'addr',
    source: `${api}, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR": the value is at this address, and its size depends on the attribute`,
  },
  {
    headers: kvm,
    record: 'kvm_enc_region',
    member: 'addr',
    countedBy: 'size',
    elementSize: 1,
    source: `${api}, "KVM_MEMORY_ENCRYPT_REG_REGION": size bytes are the region`,
  },
  {
    headers: kvm,
    record: 'kvm_arm_copy_mte_tags',
    member: 'addr',
    source: `${api}, "KVM_ARM_MTE_COPY_TAGS": the kernel copies one byte for each 16 bytes of length`,
  },
  {
    headers: kvm,
    record: 'reg_mask_range',
    member: 'addr',
    source: `${api}, "KVM_ARM_GET_REG_WRITABLE_MASKS": the kernel writes the masks of a whole range of registers`,
  },
  {
    headers: kvm,
    record: 'kvm_msr_filter_range',
    member: 'bitmap',
    source: `${api}, "KVM_X86_SET_MSR_FILTER": the kernel reads one bit for each of nmsrs MSRs`,
  },
  {
    headers: kvm,
    record: 'kvm_sev_cmd',
    member: 'data',
    source: 'sev_mem_enc_ioctl in arch/x86/kvm/svm/sev.c: each command has a struct of its own at this address',
  },
  {
    headers: kvm,
    record: 'kvm_tdx_cmd',
    member: 'data',
    source: 'tdx_vm_ioctl in arch/x86/kvm/vmx/tdx.c: most commands have a struct of their own at this address',
  },
  {
    headers: kvm,
    record: 'kvm_xen_hvm_config',
    member: 'blob_addr_32',
    countedBy: 'blob_size_32',
    elementSize: 4096,
    source: 'kvm_xen_write_hypercall_page in arch/x86/kvm/xen.c: blob_size_32 pages of 4096 bytes',
  },
  {
    headers: kvm,
    record: 'kvm_xen_hvm_config',
    member: 'blob_addr_64',
    countedBy: 'blob_size_64',
    elementSize: 4096,
    source: 'kvm_xen_write_hypercall_page in arch/x86/kvm/xen.c: blob_size_64 pages of 4096 bytes',
  },
  {
    headers: kvm,
    record: 'kvm_xen_hvm_attr',
    member: 'u.shared_info.hva',
    elementSize: 4096,
    source:
      'kvm_xen_shared_info_init in arch/x86/kvm/xen.c: the shared info page, which the kernel uses after the ioctl too',
  },
  {
    headers: kvm,
    record: 'kvm_xen_vcpu_attr',
    member: 'u.hva',
    elementSize: 64,
    source:
      'kvm_xen_vcpu_set_attr in arch/x86/kvm/xen.c: the struct vcpu_info of the guest, which the kernel uses after the ioctl too',
  },
  {
    headers: kvm,
    record: 'kvm_guest_debug_arch',
    member: 'hw_bp',
    source: 'kvm_s390_import_bp_data in arch/s390/kvm/guestdbg.c: it reads nr_hw_bp breakpoints',
  },
  {
    headers: kvm,
    record: 'kvm_s390_ucas_mapping',
    member: 'user_addr',
    countedBy: 'length',
    elementSize: 1,
    source: `${api}, "KVM_S390_UCAS_MAP": length bytes are the memory of the vcpu`,
  },
  {
    headers: kvm,
    record: 'kvm_s390_mem_op',
    member: 'buf',
    countedBy: 'size',
    elementSize: 1,
    source: `${api}, "KVM_S390_MEM_OP": size bytes are read or written`,
  },
  {
    headers: kvm,
    record: 'kvm_s390_mem_op',
    member: 'old_addr',
    countedBy: 'size',
    elementSize: 1,
    source: `${api}, "KVM_S390_MEM_OP": size bytes for the comparison of the cmpxchg operation, which the kernel reads and writes`,
  },
  {
    headers: kvm,
    record: 'kvm_s390_skeys',
    member: 'skeydata_addr',
    countedBy: 'count',
    elementSize: 1,
    source: `${api}, "KVM_S390_GET_SKEYS": count bytes, one for each key`,
  },
  {
    headers: kvm,
    record: 'kvm_s390_irq_state',
    member: 'buf',
    countedBy: 'len',
    elementSize: 1,
    source: `${api}, "KVM_S390_GET_IRQ_STATE": len bytes of pending interrupts`,
  },
  {
    headers: kvm,
    record: 'kvm_s390_cmma_log',
    member: 'values',
    countedBy: 'count',
    elementSize: 1,
    source: `${api}, "KVM_S390_GET_CMMA_BITS": count bytes, one for each page`,
  },
  {
    headers: kvm,
    record: 'kvm_pv_cmd',
    member: 'data',
    source: `${api}, "KVM_S390_PV_COMMAND": each command has a struct of its own at this address`,
  },
  {
    headers: vhost,
    record: 'vhost_memory_region',
    member: 'userspace_addr',
    countedBy: 'memory_size',
    elementSize: 1,
    source: 'vhost_set_memory in drivers/vhost/vhost.c: memory_size bytes at userspace_addr',
  },
  {
    headers: vhost,
    record: 'vhost_vring_addr',
    member: 'desc_user_addr',
    elementSize: 16 * mostDescriptors,
    source: rings,
  },
  {
    headers: vhost,
    record: 'vhost_vring_addr',
    member: 'used_user_addr',
    elementSize: 6 + 8 * mostDescriptors,
    source: rings,
  },
  {
    headers: vhost,
    record: 'vhost_vring_addr',
    member: 'avail_user_addr',
    elementSize: 6 + 2 * mostDescriptors,
    source: rings,
  },
  {
    headers: vfio,
    record: 'vfio_iommu_type1_dma_map',
    member: 'vaddr',
    countedBy: 'size',
    elementSize: 1,
    source: 'vfio_dma_do_map in drivers/vfio/vfio_iommu_type1.c: size bytes at vaddr',
  },
  {
    headers: vfio,
    record: 'vfio_iommu_spapr_register_memory',
    member: 'vaddr',
    countedBy: 'size',
    elementSize: 1,
    source: 'tce_iommu_register_pages in drivers/vfio/vfio_iommu_spapr_tce.c: size bytes at vaddr',
  },
];

export const addressRows: readonly AddressRow[] = [...ownRows, ...commandAddressRows, ...driverAddressRows];

export const selectedAddressRows: readonly SelectedAddressRow[] = [
  {
    headers: kvm,
    record: 'kvm_enable_cap',
    member: 'args',
    selectedBy: 'cap',
    constant: 'KVM_CAP_SW_TLB',
    source: `${api}, "KVM_CAP_SW_TLB": args[0] is the address of a struct kvm_config_tlb, which has addresses too`,
  },
  {
    headers: kvm,
    record: 'kvm_enable_cap',
    member: 'args',
    selectedBy: 'cap',
    constant: 'KVM_CAP_HYPERV_ENLIGHTENED_VMCS',
    source:
      'kvm_vcpu_ioctl_enable_cap in arch/x86/kvm/x86.c: args[0] is the address to which it writes the version of the VMCS',
  },
];

/** Maps a record to the rows of its members. */
export const addressesIn: ReadonlyMap<string, readonly AddressRow[]> = rowsByKey(addressRows, ({ record }) => [record]);

/** Maps a record to the rows of its members that are addresses for certain values of another member. */
export const selectedAddressesIn: ReadonlyMap<string, readonly SelectedAddressRow[]> = rowsByKey(
  selectedAddressRows,
  ({ record }) => [record],
);
