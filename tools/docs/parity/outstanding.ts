/** The rows of the tables whose method or test is still to be written. */

export const outstanding: readonly string[] = [
  'VmFd::set_memory_attributes',
  'selftest guest_memfd_test test_guest_memfd_guest',
  'selftest pre_fault_memory_test',
  'selftest x86/private_mem_conversions_test',
  'selftest x86/xen_shinfo_test',
];

/** The members of the runtime that are still to be written. */
export const outstandingMembers: readonly string[] = ['Vm.setMemoryAttributes'];
