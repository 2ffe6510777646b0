/**
 * Checks of the kernel's own tests of KVM (`tools/testing/selftests/kvm`) on x86 that concern the interface of KVM: those that a program
 * can see through the ioctls, the shared memory and the exits.
 */

export interface SelftestRow {
  /** The file without its ending, and the name of the check if the file has several: `x86/sync_regs_test set_invalid`. */
  readonly name: string;
  /** What the check shows. */
  readonly what: string;
  /** What KVM on the machines of this project lacks, so that the check cannot run there. */
  readonly lacks?: string;
}

const row = (name: string, what: string, lacks?: string): SelftestRow => ({
  name,
  what,
  ...(lacks === undefined ? {} : { lacks }),
});

export const selftestRows: readonly SelftestRow[] = [
  row('coalesced_io_test', 'the ring of coalesced writes is filled in order, and a full ring is an exit'),
  row('demand_paging_test', 'memory gets a page when the guest accesses it'),
  row('dirty_log_test clear-log', 'pages stay dirty until they are cleared'),
  row('dirty_log_test dirty-ring', 'the ring has each dirty page, and a full ring is an exit'),
  row('dirty_log_test log', 'the log has each dirty page'),
  row('guest_memfd_test test_create_guest_memfd_invalid_sizes', 'a part of a page is refused'),
  row('guest_memfd_test test_guest_memfd_flags', 'exactly the announced flags are accepted'),
  row('guest_memfd_test test_guest_memfd_guest', 'host and guest share a mapped guest_memfd'),
  row('hardware_disable_test', 'a process ends while its guests run'),
  row('irqfd_test', 'an eventfd is an irqfd once'),
  row('kvm_binary_stats_test', 'the statistics are described and readable'),
  row('kvm_create_max_vcpus', 'as many vCPUs as announced can be created'),
  row('memslot_modification_stress_test', 'slots come and go under a running guest'),
  row('pre_fault_memory_test', 'memory is populated before the guest runs', 'KVM_CAP_PRE_FAULT_MEMORY'),
  row('set_memory_region_test test_add_max_memory_regions', 'as many slots as announced can be added'),
  row('set_memory_region_test test_delete_memory_region', 'a removed slot is MMIO'),
  row('set_memory_region_test test_invalid_memory_region_flags', 'unknown flags are refused'),
  row('set_memory_region_test test_move_memory_region', 'a slot can be moved and moved back'),
  row('set_memory_region_test test_zero_memory_regions', 'a VM without memory is an internal error'),
  row('steal_time', 'the guest sees its steal time'),
  row('system_counter_offset_test', 'the guest sees the time stamp counter with the offset of its vCPU'),
  row('x86/apic_bus_clock_test', 'the frequency of the timer of the local APIC can be set'),
  row('x86/cpuid_test', 'the guest sees its CPUID, which is fixed after the first run'),
  row('x86/cr4_cpuid_sync_test', 'the CPUID follows CR4.OSXSAVE'),
  row('x86/debug_regs', 'breakpoints and single steps are exits'),
  row('x86/exit_on_emulation_failure_test', 'an instruction that cannot be emulated is an exit with its bytes'),
  row('x86/hyperv_cpuid', 'the leaves of Hyper-V can be read', 'KVM_CAP_HYPERV_CPUID'),
  row('x86/kvm_clock_test', 'the guest computes the time of KVM_GET_CLOCK'),
  row('x86/kvm_pv_test', 'paravirtual features follow the CPUID'),
  row('x86/max_vcpuid_cap_test', 'the ids of vCPUs can be limited'),
  row('x86/msrs_test', 'host and guest see the same MSRs'),
  row('x86/nested_set_state_test', 'the state of a nested guest can be set', 'KVM_CAP_NESTED_STATE'),
  row('x86/platform_info_test', 'the guest can be refused MSR_PLATFORM_INFO'),
  row('x86/pmu_event_filter_test', 'the filter of events is checked'),
  row('x86/private_mem_conversions_test', 'memory becomes private and shared', 'KVM_CAP_MEMORY_ATTRIBUTES'),
  row('x86/recalc_apic_map_test', 'local APICs can be turned off and on'),
  row('x86/set_boot_cpu_id', 'the boot vCPU can be chosen'),
  row('x86/set_sregs_test', 'invalid special registers are refused'),
  row('x86/smm_test', 'a vCPU enters system management mode', 'KVM_CAP_X86_SMM'),
  row('x86/state_test', 'the state of a vCPU can be saved and restored'),
  row('x86/sync_regs_test read_invalid', 'unknown valid registers are refused'),
  row('x86/sync_regs_test req_and_verify_all_valid', 'valid registers are stored'),
  row('x86/sync_regs_test set_and_verify_various', 'dirty registers are applied'),
  row('x86/sync_regs_test set_invalid', 'unknown dirty registers are refused'),
  row('x86/triple_fault_event_test', 'a triple fault is an event of a vCPU'),
  row('x86/ucna_injection_test', 'an uncorrected error is stored in its bank'),
  row('x86/userspace_io_test', 'the count of repeated input can change'),
  row('x86/userspace_msr_exit_test msr_filter_allow', 'the VMM answers accesses to MSRs'),
  row('x86/userspace_msr_exit_test msr_filter_deny', 'each access to a filtered or unknown MSR is an exit'),
  row('x86/userspace_msr_exit_test user_exit_msr_flags', 'unknown reasons are refused'),
  row('x86/xapic_ipi_test', 'vCPUs send interrupts to each other'),
  row('x86/xapic_state_test', 'the interrupt command register is part of the state'),
  row('x86/xcr0_cpuid_test', 'XCR0 has exactly the bits of the CPUID'),
  row('x86/xen_shinfo_test', 'Xen guests have their shared information', 'KVM_CAP_XEN_HVM'),
];
