/** The rows of the tables whose method or test is still to be written. */

export const outstanding: readonly string[] = [
  'Kvm::open_with_cloexec',
  'Kvm::open_with_cloexec_at',
  'Kvm::create_vmfd_from_rawfd',
  'Kvm::from_raw_fd',
  'VmFd::create_vcpu_from_rawfd',
  'VcpuFd::set_kvm_immediate_exit',
  'VmFd::set_memory_attributes',
  'DeviceFd::from_raw_fd',
  'kvm-ioctls system::test_open_with_cloexec',
  'kvm-ioctls system::test_open_with_cloexec_at',
  'kvm-ioctls system::test_create_vm',
  'kvm-ioctls system::test_create_vm_with_type',
  'kvm-ioctls system::test_cpuid_clone',
  'kvm-ioctls vcpu::test_set_kvm_immediate_exit',
  'kvm-ioctls device::test_create_device',
  'selftest guest_memfd_test test_guest_memfd_guest',
  'selftest pre_fault_memory_test',
  'selftest x86/private_mem_conversions_test',
  'selftest x86/xen_shinfo_test',
];

/** The members of the runtime that are still to be written. */
export const outstandingMembers: readonly string[] = [
  'Vm.fromFd',
  'Kvm.fromFd',
  'Vcpu.fromFd',
  'Vm.setMemoryAttributes',
  'VmDevice.fromFd',
];
