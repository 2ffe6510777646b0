/**
 * Members of the structs of `linux/kvm.h` whose value could be taken for an address of the process, and is not: addresses
 * of the guest, registers, numbers and flags. `addresses.ts` has the members that are addresses.
 */

export interface NotAddressRow {
  /** The tag of the record. */
  readonly record: string;
  /**
   * The members. A member of an unnamed record has the names of the records before it: `u.e.tb`. `*` stands for the
   * integers of 64 bits whose names cannot mean an address.
   */
  readonly members: readonly string[];
  /** The source of this row: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

const api = 'Documentation/virt/kvm/api.rst';
const all = ['*'];

export const notAddressRows: readonly NotAddressRow[] = [
  // Addresses of the guest, and sizes.
  {
    record: 'kvm_userspace_memory_region',
    members: ['guest_phys_addr', 'memory_size'],
    source: `${api}, "KVM_SET_USER_MEMORY_REGION": an address of the guest and a size`,
  },
  {
    record: 'kvm_userspace_memory_region2',
    members: ['guest_phys_addr', 'memory_size', 'guest_memfd_offset'],
    source: `${api}, "KVM_SET_USER_MEMORY_REGION2": an address of the guest, a size and an offset in a file`,
  },
  {
    record: 'kvm_coalesced_mmio_zone',
    members: ['addr'],
    source: `${api}, "KVM_(UN)REGISTER_COALESCED_MMIO": an address of the guest or a port`,
  },
  {
    record: 'kvm_ioeventfd',
    members: ['addr', 'datamatch'],
    source: `${api}, "KVM_IOEVENTFD": an address of the guest or a port, and a value`,
  },
  {
    record: 'kvm_irq_routing_msi',
    members: ['address_lo', 'address_hi', 'data'],
    source: `${api}, "KVM_SET_GSI_ROUTING": the address and the data of a message of the guest`,
  },
  {
    record: 'kvm_irq_routing_s390_adapter',
    members: ['ind_addr', 'summary_addr', 'ind_offset'],
    source: 'kvm_set_routing_entry in arch/s390/kvm/interrupt.c translates these addresses of the guest',
  },
  {
    record: 'kvm_msi',
    members: ['address_lo', 'address_hi', 'data'],
    source: `${api}, "KVM_SIGNAL_MSI": the address and the data of a message of the guest`,
  },
  {
    record: 'kvm_arm_device_addr',
    members: ['id', 'addr'],
    source: `${api}, "KVM_ARM_SET_DEVICE_ADDR (deprecated)": an address of the guest`,
  },
  {
    record: 'kvm_arm_copy_mte_tags',
    members: ['guest_ipa', 'length', 'flags'],
    source: `${api}, "KVM_ARM_MTE_COPY_TAGS": an address of the guest, a size and flags`,
  },
  {
    record: 'kvm_translation',
    members: ['linear_address', 'physical_address', 'usermode'],
    source: `${api}, "KVM_TRANSLATE": addresses of the guest`,
  },
  {
    record: 'kvm_vapic_addr',
    members: ['vapic_addr'],
    source: 'kvm_lapic_set_vapic_addr in arch/x86/kvm/lapic.c: an address of the guest',
  },
  { record: 'kvm_enc_region', members: ['size'], source: `${api}, "KVM_MEMORY_ENCRYPT_REG_REGION": a size` },
  {
    record: 'kvm_memory_attributes',
    members: ['address', 'size', 'attributes', 'flags'],
    source: `${api}, "KVM_SET_MEMORY_ATTRIBUTES": an address of the guest`,
  },
  {
    record: 'kvm_pre_fault_memory',
    members: ['gpa', 'size', 'flags'],
    source: `${api}, "KVM_PRE_FAULT_MEMORY": an address of the guest`,
  },
  { record: 'kvm_create_guest_memfd', members: all, source: `${api}, "KVM_CREATE_GUEST_MEMFD": a size and flags` },
  { record: 'kvm_s390_keyop', members: ['guest_addr'], source: `${api}, "KVM_S390_KEYOP": an address of the guest` },
  {
    record: 'kvm_s390_ucas_mapping',
    members: ['vcpu_addr', 'length'],
    source: `${api}, "KVM_S390_UCAS_MAP": an address of the guest and a size`,
  },
  {
    record: 'kvm_s390_psw',
    members: ['mask', 'addr'],
    source: 'kvm_arch_vcpu_ioctl_set_initial_psw in arch/s390/kvm/kvm-s390.c: a register with an address of the guest',
  },
  {
    record: 'kvm_hw_breakpoint',
    members: ['addr', 'phys_addr', 'len'],
    source: '__import_wp_info in arch/s390/kvm/guestdbg.c: addresses of the guest and a size',
  },
  {
    record: 'kvm_s390_mem_op',
    members: ['gaddr', 'flags'],
    source: `${api}, "KVM_S390_MEM_OP": an address of the guest and flags`,
  },
  {
    record: 'kvm_s390_skeys',
    members: ['start_gfn', 'count'],
    source: `${api}, "KVM_S390_GET_SKEYS": a number of a page of the guest, and a number of keys`,
  },
  {
    record: 'kvm_s390_cmma_log',
    members: all,
    source: `${api}, "KVM_S390_GET_CMMA_BITS": numbers of pages of the guest, and a mask`,
  },
  {
    record: 'kvm_s390_prefix_info',
    members: ['address'],
    source: '__inject_set_prefix in arch/s390/kvm/interrupt.c: an address of the guest',
  },
  {
    record: 'kvm_s390_mchk_info',
    members: ['failing_storage_address', '*'],
    source: '__write_machine_check in arch/s390/kvm/interrupt.c stores these values in the memory of the guest',
  },
  {
    record: 'kvm_s390_pgm_info',
    members: ['per_address', 'data_exc_code', '*'],
    source: '__deliver_prog in arch/s390/kvm/interrupt.c stores these values in the memory of the guest',
  },
  {
    record: 'kvm_s390_zpci_op',
    members: ['u.reg_aen.ibv', 'u.reg_aen.sb'],
    source: `${api}, "KVM_S390_ZPCI_OP": addresses of the guest`,
  },
  {
    record: 'kvm_ppc_mmuv3_cfg',
    members: ['process_table', '*'],
    source: `${api}, "KVM_PPC_CONFIGURE_V3_MMU": the process table of the guest`,
  },
  {
    record: 'kvm_xen_hvm_attr',
    members: ['u.shared_info.gfn'],
    source: `${api}, "KVM_XEN_HVM_SET_ATTR": a number of a page of the guest`,
  },
  {
    record: 'kvm_xen_vcpu_attr',
    members: ['u.gpa', '*'],
    source: `${api}, "KVM_XEN_VCPU_SET_ATTR": an address of the guest, and times`,
  },

  // The structs of the commands of KVM_MEMORY_ENCRYPT_OP.
  {
    record: 'kvm_sev_init',
    members: all,
    source: 'Documentation/virt/kvm/x86/amd-memory-encryption.rst, "KVM_SEV_INIT2": flags of features',
  },
  {
    record: 'kvm_sev_snp_launch_start',
    members: all,
    source: 'Documentation/virt/kvm/x86/amd-memory-encryption.rst, "KVM_SEV_SNP_LAUNCH_START": the policy of the guest',
  },
  {
    record: 'kvm_sev_snp_launch_update',
    members: ['gfn_start', 'len'],
    source: 'snp_launch_update in arch/x86/kvm/svm/sev.c: a number of a page of the guest, and a size',
  },
  {
    record: 'kvm_sev_snp_launch_finish',
    members: ['host_data'],
    source: 'snp_launch_finish in arch/x86/kvm/svm/sev.c: bytes for the firmware',
  },
  {
    record: 'kvm_tdx_cmd',
    members: ['hw_error'],
    source: 'Documentation/virt/kvm/x86/intel-tdx.rst, "KVM_MEMORY_ENCRYPT_OP": a code of an error',
  },
  {
    record: 'kvm_tdx_capabilities',
    members: ['user_tdvmcallinfo_1_r11', 'user_tdvmcallinfo_1_r12', '*'],
    source: 'Documentation/virt/kvm/x86/intel-tdx.rst, "KVM_TDX_CAPABILITIES": sets of flags',
  },
  {
    record: 'kvm_tdx_init_vm',
    members: all,
    source: 'Documentation/virt/kvm/x86/intel-tdx.rst, "KVM_TDX_INIT_VM": flags and digests',
  },
  {
    record: 'kvm_tdx_init_mem_region',
    members: ['gpa', 'nr_pages'],
    source:
      'Documentation/virt/kvm/x86/intel-tdx.rst, "KVM_TDX_INIT_MEM_REGION": an address of the guest, and a number',
  },

  // Registers of the guest.
  { record: 'user_pt_regs', members: all, source: 'core_reg_addr in arch/arm64/kvm/guest.c: registers of the guest' },
  { record: 'kvm_regs', members: all, source: `${api}, "KVM_GET_REGS": registers of the guest` },
  {
    record: 'kvm_sregs',
    members: ['apic_base', 'interrupt_bitmap', '*'],
    source: `${api}, "KVM_GET_SREGS": registers of the guest`,
  },
  {
    record: 'kvm_sregs2',
    members: ['apic_base', 'pdptrs', '*'],
    source: `${api}, "KVM_GET_SREGS2": registers of the guest`,
  },
  { record: 'kvm_segment', members: ['base'], source: `${api}, "KVM_GET_SREGS": a register of the guest` },
  { record: 'kvm_dtable', members: ['base'], source: `${api}, "KVM_GET_SREGS": a register of the guest` },
  { record: 'kvm_fpu', members: all, source: `${api}, "KVM_GET_FPU": registers of the guest` },
  { record: 'kvm_fpureg', members: all, source: 'kvm_arch_vcpu_ioctl_get_fpu in arch/loongarch/kvm/vcpu.c' },
  { record: 'kvm_debugregs', members: all, source: `${api}, "KVM_GET_DEBUGREGS": registers of the guest` },
  { record: 'kvm_xcr', members: all, source: `${api}, "KVM_GET_XCRS": a register of the guest` },
  { record: 'kvm_msr_entry', members: ['data'], source: `${api}, "KVM_SET_MSRS": a register of the guest` },
  {
    record: 'kvm_guest_debug_arch',
    members: ['bp.addr', '*'],
    source: `${api}, "KVM_SET_GUEST_DEBUG": debug registers and addresses of the guest`,
  },
  { record: 'kvm_vcpu_events', members: all, source: `${api}, "KVM_GET_VCPU_EVENTS": registers of the guest` },
  { record: 'kvm_x86_mce', members: ['addr', '*'], source: `${api}, "KVM_X86_SET_MCE": registers of the guest` },
  {
    record: 'kvm_vmx_nested_state_hdr',
    members: all,
    source: `${api}, "KVM_GET_NESTED_STATE": addresses of the guest and a time`,
  },
  {
    record: 'kvm_svm_nested_state_hdr',
    members: ['gpat', '*'],
    source: `${api}, "KVM_GET_NESTED_STATE": an address of the guest and a register`,
  },
  {
    record: 'kvm_pic_state',
    members: ['irq_base'],
    source: `${api}, "KVM_GET_IRQCHIP": the first vector of the controller`,
  },
  {
    record: 'kvm_ioapic_state',
    members: ['base_address', '*'],
    source: `${api}, "KVM_GET_IRQCHIP": an address of the guest and registers of the controller`,
  },
  { record: 'kvm_pit_channel_state', members: all, source: `${api}, "KVM_GET_PIT2": a time` },
  { record: 'kvm_s390_interrupt', members: all, source: `${api}, "KVM_S390_INTERRUPT": parameters of an interrupt` },
  { record: 'kvm_s390_irq', members: all, source: `${api}, "KVM_S390_IRQ": the type of an interrupt` },
  { record: 'kvm_s390_ext_info', members: all, source: `${api}, "KVM_S390_IRQ": a parameter of an interrupt` },

  // Numbers, lists and flags.
  { record: 'kvm_clock_data', members: all, source: `${api}, "KVM_GET_CLOCK": times` },
  { record: 'kvm_arm_counter_offset', members: all, source: `${api}, "KVM_ARM_SET_COUNTER_OFFSET": an offset` },
  {
    record: 'kvm_pmu_event_filter',
    members: ['base_event', 'fixed_counter_bitmap', '*'],
    source: `${api}, "KVM_SET_PMU_EVENT_FILTER": numbers of events; kvm_arm_pmu_v3_set_attr in arch/arm64/kvm/pmu-emul.c`,
  },
  {
    record: 'kvm_device_attr',
    members: ['attr'],
    source: `${api}, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR": the number of an attribute`,
  },
  { record: 'kvm_one_reg', members: ['id'], source: `${api}, "KVM_SET_ONE_REG": the number of a register` },
  { record: 'kvm_reg_list', members: all, source: `${api}, "KVM_GET_REG_LIST": numbers of registers` },
  {
    record: 'kvm_clear_dirty_log',
    members: ['first_page'],
    source: `${api}, "KVM_CLEAR_DIRTY_LOG (vm ioctl)": a number of a page`,
  },
  {
    record: 'kvm_msr_filter_range',
    members: ['base'],
    source: `${api}, "KVM_X86_SET_MSR_FILTER": the index of an MSR`,
  },
  {
    record: 'kvm_ppc_smmu_info',
    members: ['data_keys', '*'],
    source: `${api}, "KVM_PPC_GET_SMMU_INFO": numbers and flags`,
  },
  { record: 'kvm_create_spapr_tce', members: all, source: `${api}, "KVM_CREATE_SPAPR_TCE": the number of a bus` },
  {
    record: 'kvm_create_spapr_tce_64',
    members: all,
    source: `${api}, "KVM_CREATE_SPAPR_TCE_64": the number of a bus, an offset and a size in pages`,
  },
  { record: 'kvm_allocate_rma', members: all, source: `${api}, "KVM_ALLOCATE_RMA": a size` },
  { record: 'kvm_get_htab_fd', members: all, source: `${api}, "KVM_PPC_GET_HTAB_FD": flags and an index` },
  { record: 'kvm_rtas_token_args', members: all, source: `${api}, "KVM_PPC_RTAS_DEFINE_TOKEN": a number` },
  { record: 'kvm_ppc_resize_hpt', members: all, source: `${api}, "KVM_PPC_RESIZE_HPT_PREPARE": flags` },
  { record: 'kvm_ppc_cpu_char', members: all, source: `${api}, "KVM_PPC_GET_CPU_CHAR": sets of flags` },
  { record: 'kvm_ppc_compat_caps', members: all, source: `${api}, "KVM_PPC_GET_COMPAT_CAPS": a size and flags` },
];
