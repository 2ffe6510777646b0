/** The public methods of kvm-ioctls 0.24 on arm64 and on riscv64, and the members of the runtime that do the same. */

import { type MethodRow, methodRows } from './methods.js';

export type OtherArchitecture = 'arm64' | 'riscv64';

/** The methods that kvm-ioctls has on x86-64, on arm64 and on riscv64. */
const onAll = `
  Kvm::new Kvm::new_with_path Kvm::open_with_cloexec Kvm::open_with_cloexec_at Kvm::get_api_version Kvm::check_extension_raw
  Kvm::check_extension_int Kvm::check_extension Kvm::get_vcpu_mmap_size Kvm::get_nr_vcpus Kvm::get_nr_memslots
  Kvm::get_max_vcpus Kvm::get_max_vcpu_id Kvm::create_vm Kvm::create_vm_with_type Kvm::create_vmfd_from_rawfd Kvm::as_raw_fd
  Kvm::from_raw_fd VmFd::set_user_memory_region VmFd::set_user_memory_region2 VmFd::signal_msi VmFd::set_gsi_routing
  VmFd::register_ioevent VmFd::unregister_ioevent VmFd::get_dirty_log VmFd::register_irqfd VmFd::register_irqfd_with_resample
  VmFd::unregister_irqfd VmFd::set_irq_line VmFd::create_vcpu VmFd::create_vcpu_from_rawfd VmFd::create_device VmFd::run_size
  VmFd::check_extension_int VmFd::check_extension_raw VmFd::check_extension VmFd::create_guest_memfd
  VmFd::register_coalesced_mmio VmFd::unregister_coalesced_mmio VmFd::as_raw_fd VcpuFd::get_mp_state VcpuFd::set_mp_state
  VcpuFd::run VcpuFd::get_kvm_run VcpuFd::set_kvm_immediate_exit VcpuFd::map_coalesced_mmio_ring VcpuFd::coalesced_mmio_read
  VcpuFd::as_raw_fd DeviceFd::has_device_attr DeviceFd::set_device_attr DeviceFd::get_device_attr DeviceFd::as_raw_fd
  DeviceFd::from_raw_fd
`;

/** The methods that kvm-ioctls has on x86-64 and on arm64, but not on riscv64. */
const onArm64Too = `
  VmFd::create_irq_chip VmFd::set_memory_attributes VcpuFd::get_vcpu_events VcpuFd::set_vcpu_events VcpuFd::set_guest_debug
`;

const onArm64AndRiscv64: readonly MethodRow[] = [
  { theirs: 'VcpuFd::get_reg_list', ours: ['Vcpu.getRegList'], ioctl: 'KVM_GET_REG_LIST' },
  { theirs: 'VcpuFd::get_one_reg', ours: ['Vcpu.getOneReg'], ioctl: 'KVM_GET_ONE_REG' },
  { theirs: 'VcpuFd::set_one_reg', ours: ['Vcpu.setOneReg'], ioctl: 'KVM_SET_ONE_REG' },
  // The size of a register is in its id.
  { theirs: 'reg_size', ours: ['registerNamed'] },
];

const onArm64: readonly MethodRow[] = [
  { theirs: 'Kvm::get_host_ipa_limit', ours: ['Kvm.checkExtension'] },
  { theirs: 'Kvm::create_vm_with_ipa_size', ours: ['Kvm.createVm'] },
  { theirs: 'Kvm::get_guest_debug_hw_bps', ours: ['Kvm.checkExtension'] },
  { theirs: 'Kvm::get_guest_debug_hw_wps', ours: ['Kvm.checkExtension'] },
  { theirs: 'VmFd::get_preferred_target', ours: ['Vm.getPreferredTarget'], ioctl: 'KVM_ARM_PREFERRED_TARGET' },
  { theirs: 'VmFd::has_device_attr', ours: ['Vm.hasDeviceAttr'] },
  { theirs: 'VmFd::set_device_attr', ours: ['Vm.setDeviceAttr'] },
  { theirs: 'VcpuFd::has_device_attr', ours: ['Vcpu.hasDeviceAttr'] },
  { theirs: 'VcpuFd::set_device_attr', ours: ['Vcpu.setDeviceAttr'] },
  { theirs: 'VcpuFd::vcpu_init', ours: ['Vcpu.vcpuInit'], ioctl: 'KVM_ARM_VCPU_INIT' },
  { theirs: 'VcpuFd::vcpu_finalize', ours: ['Vcpu.vcpuFinalize'], ioctl: 'KVM_ARM_VCPU_FINALIZE' },
];

/** The rows of x86-64 with these names, in their order. */
function rowsOf(names: string): MethodRow[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => {
      const row = methodRows.find(({ theirs }) => theirs === name);
      if (row === undefined) throw new Error(`${name}: not in tools/docs/parity/methods.ts`);
      return row;
    });
}

/** The rows of each architecture. */
export const otherMethodRows: Readonly<Record<OtherArchitecture, readonly MethodRow[]>> = {
  arm64: [...rowsOf(onAll), ...rowsOf(onArm64Too), ...onArm64AndRiscv64, ...onArm64],
  riscv64: [...rowsOf(onAll), ...onArm64AndRiscv64],
};

const shared = ['tools/hypervisors/shared-checks.ts'];

/** The files with the checks that run on the KVM of each architecture. */
export const checkFiles: Readonly<Record<OtherArchitecture, readonly string[]>> = {
  arm64: [
    ...shared,
    ...['checks', 'controllers', 'psci'].map((name) => `tools/hypervisors/arm64-${name}.ts`),
    'tools/hypervisors/probe.ts',
  ],
  riscv64: [...shared, 'tools/hypervisors/riscv64-checks.ts', 'tools/hypervisors/probe-riscv64.ts'],
};
