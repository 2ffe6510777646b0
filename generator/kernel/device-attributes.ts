/**
 * Maps the attributes of KVM_SET_DEVICE_ATTR and KVM_GET_DEVICE_ATTR to the type of their value. The kernel accesses the
 * value at the address in `struct kvm_device_attr`, which does not state its length.
 *
 * A row holds for the attributes that it names, or for all attributes of its group. An attribute of the group that has a row
 * of its own is described by that row. If the length of an attribute's value depends on more than this, it has no row.
 */

import type { FdKind } from '../model/model.js';

/** The type of a value: an integer, a struct of the headers, no value, or as many bytes as the number of the attribute. */
export type AttributeValue =
  | 'none'
  | 'u8'
  | 'u32'
  | 'u64'
  | 'int'
  | 'unsigned long'
  | `struct ${string}`
  | 'bytes of attr';

export interface DeviceAttributeRow {
  /** The file descriptor that has the attributes. */
  readonly fd: FdKind;
  /** The constants of the types of the device. Absent unless `fd` is `device`. */
  readonly devices?: readonly string[];
  /** The constant of the group, or the number of a group that has no constant. */
  readonly group: string | number;
  /** The constants of the attributes. Absent if the row holds for all attributes of the group. */
  readonly attrs?: readonly string[];
  readonly value: AttributeValue;
  /** The source of this row: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

const devices = 'Documentation/virt/kvm/devices';
const vcpuDocument = `${devices}/vcpu.rst`;
const vmDocument = `${devices}/vm.rst`;
const flicDocument = `${devices}/s390_flic.rst`;
const mpicDocument = `${devices}/mpic.rst`;
const xiveDocument = `${devices}/xive.rst`;

const vgic2 = ['KVM_DEV_TYPE_ARM_VGIC_V2'];
const vgic3 = ['KVM_DEV_TYPE_ARM_VGIC_V3'];
const vgics = [...vgic2, ...vgic3];
const its = ['KVM_DEV_TYPE_ARM_VGIC_ITS'];
const flic = ['KVM_DEV_TYPE_FLIC'];
const aia = ['KVM_DEV_TYPE_RISCV_AIA'];
const mpic = ['KVM_DEV_TYPE_FSL_MPIC_20', 'KVM_DEV_TYPE_FSL_MPIC_42'];
const xics = ['KVM_DEV_TYPE_XICS'];
const xive = ['KVM_DEV_TYPE_XIVE'];

const x86Rows: readonly DeviceAttributeRow[] = [
  {
    fd: 'system',
    group: 0,
    attrs: ['KVM_X86_XCOMP_GUEST_SUPP'],
    value: 'u64',
    source: 'kvm_x86_dev_get_attr in arch/x86/kvm/x86.c',
  },
  {
    fd: 'system',
    group: 'KVM_X86_GRP_SEV',
    value: 'u64',
    source: 'kvm_x86_dev_get_attr in arch/x86/kvm/x86.c; sev_dev_get_attr in arch/x86/kvm/svm/sev.c',
  },
  {
    fd: 'vcpu',
    group: 'KVM_VCPU_TSC_CTRL',
    attrs: ['KVM_VCPU_TSC_OFFSET'],
    value: 'u64',
    source: `${vcpuDocument}, "ATTRIBUTE: KVM_VCPU_TSC_OFFSET"`,
  },
];

const vfioRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'device',
    devices: ['KVM_DEV_TYPE_VFIO'],
    group: 'KVM_DEV_VFIO_FILE',
    attrs: ['KVM_DEV_VFIO_FILE_ADD', 'KVM_DEV_VFIO_FILE_DEL'],
    value: 'int',
    source: `${devices}/vfio.rst: a file descriptor, int32_t; kvm_vfio_set_file in virt/kvm/vfio.c`,
  },
  {
    fd: 'device',
    devices: ['KVM_DEV_TYPE_VFIO'],
    group: 'KVM_DEV_VFIO_GROUP',
    attrs: ['KVM_DEV_VFIO_GROUP_ADD', 'KVM_DEV_VFIO_GROUP_DEL'],
    value: 'int',
    source: `${devices}/vfio.rst: the older names of the same attributes`,
  },
  {
    fd: 'device',
    devices: ['KVM_DEV_TYPE_VFIO'],
    group: 'KVM_DEV_VFIO_GROUP',
    attrs: ['KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE'],
    value: 'struct kvm_vfio_spapr_tce',
    source: `${devices}/vfio.rst; kvm_vfio_file_set_spapr_tce in virt/kvm/vfio.c`,
  },
];

const armRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'vm',
    group: 'KVM_ARM_VM_SMCCC_CTRL',
    attrs: ['KVM_ARM_VM_SMCCC_FILTER'],
    value: 'struct kvm_smccc_filter',
    source: `${vmDocument}, "ATTRIBUTE: KVM_ARM_VM_SMCCC_FILTER (w/o)"`,
  },
  {
    fd: 'vcpu',
    group: 'KVM_ARM_VCPU_PMU_V3_CTRL',
    attrs: ['KVM_ARM_VCPU_PMU_V3_IRQ', 'KVM_ARM_VCPU_PMU_V3_SET_PMU', 'KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS'],
    value: 'int',
    source: `${vcpuDocument}, "GROUP: KVM_ARM_VCPU_PMU_V3_CTRL"; kvm_arm_pmu_v3_set_attr in arch/arm64/kvm/pmu-emul.c`,
  },
  {
    fd: 'vcpu',
    group: 'KVM_ARM_VCPU_PMU_V3_CTRL',
    attrs: ['KVM_ARM_VCPU_PMU_V3_INIT'],
    value: 'none',
    source: `${vcpuDocument}, "ATTRIBUTE: KVM_ARM_VCPU_PMU_V3_INIT"`,
  },
  {
    fd: 'vcpu',
    group: 'KVM_ARM_VCPU_PMU_V3_CTRL',
    attrs: ['KVM_ARM_VCPU_PMU_V3_FILTER'],
    value: 'struct kvm_pmu_event_filter',
    source: `${vcpuDocument}, "ATTRIBUTE: KVM_ARM_VCPU_PMU_V3_FILTER"`,
  },
  {
    fd: 'vcpu',
    group: 'KVM_ARM_VCPU_TIMER_CTRL',
    value: 'int',
    source: `${vcpuDocument}, "GROUP: KVM_ARM_VCPU_TIMER_CTRL"`,
  },
  {
    fd: 'vcpu',
    group: 'KVM_ARM_VCPU_PVTIME_CTRL',
    attrs: ['KVM_ARM_VCPU_PVTIME_IPA'],
    value: 'u64',
    source: `${vcpuDocument}, "ATTRIBUTE: KVM_ARM_VCPU_PVTIME_IPA"`,
  },
  {
    fd: 'device',
    devices: [...vgics, ...its],
    group: 'KVM_DEV_ARM_VGIC_GRP_ADDR',
    value: 'u64',
    source:
      'kvm_vgic_addr in arch/arm64/kvm/vgic/vgic-kvm-device.c; vgic_its_set_attr in arch/arm64/kvm/vgic/vgic-its.c',
  },
  {
    fd: 'device',
    devices: [...vgics, ...its],
    group: 'KVM_DEV_ARM_VGIC_GRP_CTRL',
    value: 'none',
    source:
      'vgic_set_common_attr in arch/arm64/kvm/vgic/vgic-kvm-device.c; vgic_its_ctrl in arch/arm64/kvm/vgic/vgic-its.c',
  },
  {
    fd: 'device',
    devices: vgics,
    group: 'KVM_DEV_ARM_VGIC_GRP_DIST_REGS',
    value: 'u32',
    source: `${devices}/arm-vgic.rst and arm-vgic-v3.rst, "KVM_DEV_ARM_VGIC_GRP_DIST_REGS"`,
  },
  {
    fd: 'device',
    devices: vgic2,
    group: 'KVM_DEV_ARM_VGIC_GRP_CPU_REGS',
    value: 'u32',
    source: `${devices}/arm-vgic.rst, "KVM_DEV_ARM_VGIC_GRP_CPU_REGS"`,
  },
  {
    fd: 'device',
    devices: vgics,
    group: 'KVM_DEV_ARM_VGIC_GRP_NR_IRQS',
    value: 'u32',
    source: 'vgic_set_common_attr in arch/arm64/kvm/vgic/vgic-kvm-device.c',
  },
  {
    fd: 'device',
    devices: vgic3,
    group: 'KVM_DEV_ARM_VGIC_GRP_REDIST_REGS',
    value: 'u32',
    source: `${devices}/arm-vgic-v3.rst, "KVM_DEV_ARM_VGIC_GRP_DIST_REGS, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS"`,
  },
  {
    fd: 'device',
    devices: vgic3,
    group: 'KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS',
    value: 'u64',
    source: `${devices}/arm-vgic-v3.rst, "KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS"`,
  },
  {
    fd: 'device',
    devices: vgic3,
    group: 'KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO',
    value: 'u32',
    source: 'vgic_v3_attr_regs_access in arch/arm64/kvm/vgic/vgic-kvm-device.c',
  },
  {
    fd: 'device',
    devices: its,
    group: 'KVM_DEV_ARM_VGIC_GRP_ITS_REGS',
    value: 'u64',
    source: `${devices}/arm-vgic-its.rst, "KVM_DEV_ARM_VGIC_GRP_ITS_REGS"`,
  },
];

const s390VmRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'vm',
    group: 'KVM_S390_VM_MEM_CTRL',
    attrs: ['KVM_S390_VM_MEM_ENABLE_CMMA', 'KVM_S390_VM_MEM_CLR_CMMA'],
    value: 'none',
    source: `${vmDocument}, "GROUP: KVM_S390_VM_MEM_CTRL"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_MEM_CTRL',
    attrs: ['KVM_S390_VM_MEM_LIMIT_SIZE'],
    value: 'u64',
    source: `${vmDocument}, "ATTRIBUTE KVM_S390_VM_MEM_LIMIT_SIZE"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_TOD',
    attrs: ['KVM_S390_VM_TOD_LOW'],
    value: 'u64',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_TOD_LOW"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_TOD',
    attrs: ['KVM_S390_VM_TOD_HIGH'],
    value: 'u8',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_TOD_HIGH"; kvm_s390_set_tod_high in arch/s390/kvm/kvm-s390.c`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_TOD',
    attrs: ['KVM_S390_VM_TOD_EXT'],
    value: 'struct kvm_s390_vm_tod_clock',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_TOD_EXT"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CRYPTO',
    value: 'none',
    source: `${vmDocument}, "GROUP: KVM_S390_VM_CRYPTO"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CPU_MODEL',
    attrs: ['KVM_S390_VM_CPU_PROCESSOR'],
    value: 'struct kvm_s390_vm_cpu_processor',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_CPU_PROCESSOR"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CPU_MODEL',
    attrs: ['KVM_S390_VM_CPU_MACHINE'],
    value: 'struct kvm_s390_vm_cpu_machine',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_CPU_MACHINE"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CPU_MODEL',
    attrs: ['KVM_S390_VM_CPU_PROCESSOR_FEAT', 'KVM_S390_VM_CPU_MACHINE_FEAT'],
    value: 'struct kvm_s390_vm_cpu_feat',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_CPU_MACHINE_FEAT"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CPU_MODEL',
    attrs: ['KVM_S390_VM_CPU_PROCESSOR_SUBFUNC', 'KVM_S390_VM_CPU_MACHINE_SUBFUNC'],
    value: 'struct kvm_s390_vm_cpu_subfunc',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_CPU_PROCESSOR_SUBFUNC"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_CPU_MODEL',
    attrs: ['KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST', 'KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST'],
    value: 'struct kvm_s390_vm_cpu_uv_feat',
    source: 'kvm_s390_set_uv_feat and kvm_s390_get_machine_uv_feat in arch/s390/kvm/kvm-s390.c',
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_MIGRATION',
    attrs: ['KVM_S390_VM_MIGRATION_STOP', 'KVM_S390_VM_MIGRATION_START'],
    value: 'none',
    source: `${vmDocument}, "GROUP: KVM_S390_VM_MIGRATION"`,
  },
  {
    fd: 'vm',
    group: 'KVM_S390_VM_MIGRATION',
    attrs: ['KVM_S390_VM_MIGRATION_STATUS'],
    value: 'u64',
    source: `${vmDocument}, "ATTRIBUTE: KVM_S390_VM_MIGRATION_STATUS"`,
  },
];

const flicRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_GET_ALL_IRQS',
    value: 'bytes of attr',
    source: `${flicDocument}: attr is the length of the buffer; get_all_floating_irqs in arch/s390/kvm/interrupt.c`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_ENQUEUE',
    value: 'bytes of attr',
    source: `${flicDocument}: attr is the length of the buffer; enqueue_floating_irq in arch/s390/kvm/interrupt.c`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_ADAPTER_REGISTER',
    value: 'struct kvm_s390_io_adapter',
    source: `${flicDocument}, KVM_DEV_FLIC_ADAPTER_REGISTER`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_ADAPTER_MODIFY',
    value: 'struct kvm_s390_io_adapter_req',
    source: `${flicDocument}, KVM_DEV_FLIC_ADAPTER_MODIFY`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_CLEAR_IO_IRQ',
    value: 'u32',
    source: `${flicDocument}, KVM_DEV_FLIC_CLEAR_IO_IRQ: a subchannel id`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_AISM',
    value: 'struct kvm_s390_ais_req',
    source: `${flicDocument}, KVM_DEV_FLIC_AISM`,
  },
  {
    fd: 'device',
    devices: flic,
    group: 'KVM_DEV_FLIC_AISM_ALL',
    value: 'struct kvm_s390_ais_all',
    source: `${flicDocument}, KVM_DEV_FLIC_AISM_ALL`,
  },
  ...[
    'KVM_DEV_FLIC_CLEAR_IRQS',
    'KVM_DEV_FLIC_APF_ENABLE',
    'KVM_DEV_FLIC_APF_DISABLE_WAIT',
    'KVM_DEV_FLIC_AIRQ_INJECT',
  ].map(
    (group): DeviceAttributeRow => ({
      fd: 'device',
      devices: flic,
      group,
      value: 'none',
      source: `${flicDocument}, ${group}; flic_set_attr in arch/s390/kvm/interrupt.c`,
    }),
  ),
];

const riscvRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'device',
    devices: aia,
    group: 'KVM_DEV_RISCV_AIA_GRP_CONFIG',
    value: 'u32',
    source: 'aia_set_attr in arch/riscv/kvm/aia_device.c',
  },
  {
    fd: 'device',
    devices: aia,
    group: 'KVM_DEV_RISCV_AIA_GRP_ADDR',
    value: 'u64',
    source: 'aia_set_attr in arch/riscv/kvm/aia_device.c',
  },
  {
    fd: 'device',
    devices: aia,
    group: 'KVM_DEV_RISCV_AIA_GRP_CTRL',
    attrs: ['KVM_DEV_RISCV_AIA_CTRL_INIT'],
    value: 'none',
    source: 'aia_set_attr in arch/riscv/kvm/aia_device.c',
  },
  {
    fd: 'device',
    devices: aia,
    group: 'KVM_DEV_RISCV_AIA_GRP_APLIC',
    value: 'u32',
    source: 'aia_set_attr in arch/riscv/kvm/aia_device.c',
  },
  {
    fd: 'device',
    devices: aia,
    group: 'KVM_DEV_RISCV_AIA_GRP_IMSIC',
    value: 'unsigned long',
    source: 'aia_set_attr in arch/riscv/kvm/aia_device.c',
  },
];

const loongarchRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'vm',
    group: 'KVM_LOONGARCH_VM_FEAT_CTRL',
    value: 'none',
    source: 'kvm_vm_has_attr in arch/loongarch/kvm/vm.c: the attributes can only be asked for',
  },
  {
    fd: 'vcpu',
    group: 'KVM_LOONGARCH_VCPU_CPUCFG',
    value: 'u64',
    source: 'kvm_loongarch_cpucfg_get_attr and kvm_loongarch_cpucfg_set_attr in arch/loongarch/kvm/vcpu.c',
  },
  {
    fd: 'vcpu',
    group: 'KVM_LOONGARCH_VCPU_PVTIME_CTRL',
    attrs: ['KVM_LOONGARCH_VCPU_PVTIME_GPA'],
    value: 'u64',
    source: `${vcpuDocument}, "ATTRIBUTE: KVM_LOONGARCH_VCPU_PVTIME_GPA"`,
  },
  {
    fd: 'device',
    devices: ['KVM_DEV_TYPE_LOONGARCH_EIOINTC'],
    group: 'KVM_DEV_LOONGARCH_EXTIOI_GRP_CTRL',
    attrs: ['KVM_DEV_LOONGARCH_EXTIOI_CTRL_INIT_NUM_CPU', 'KVM_DEV_LOONGARCH_EXTIOI_CTRL_INIT_FEATURE'],
    value: 'u32',
    source: 'kvm_eiointc_ctrl_access in arch/loongarch/kvm/intc/eiointc.c',
  },
  {
    fd: 'device',
    devices: ['KVM_DEV_TYPE_LOONGARCH_PCHPIC'],
    group: 'KVM_DEV_LOONGARCH_PCH_PIC_GRP_CTRL',
    attrs: ['KVM_DEV_LOONGARCH_PCH_PIC_CTRL_INIT'],
    value: 'u64',
    source: 'kvm_pch_pic_set_attr in arch/loongarch/kvm/intc/pch_pic.c',
  },
];

const powerRows: readonly DeviceAttributeRow[] = [
  {
    fd: 'device',
    devices: mpic,
    group: 'KVM_DEV_MPIC_GRP_MISC',
    attrs: ['KVM_DEV_MPIC_BASE_ADDR'],
    value: 'u64',
    source: `${mpicDocument}, KVM_DEV_MPIC_BASE_ADDR (rw, 64-bit)`,
  },
  {
    fd: 'device',
    devices: mpic,
    group: 'KVM_DEV_MPIC_GRP_REGISTER',
    value: 'u32',
    source: `${mpicDocument}, KVM_DEV_MPIC_GRP_REGISTER (rw, 32-bit)`,
  },
  {
    fd: 'device',
    devices: mpic,
    group: 'KVM_DEV_MPIC_GRP_IRQ_ACTIVE',
    value: 'u32',
    source: `${mpicDocument}, KVM_DEV_MPIC_GRP_IRQ_ACTIVE (rw, 32-bit)`,
  },
  {
    fd: 'device',
    devices: xics,
    group: 'KVM_DEV_XICS_GRP_SOURCES',
    value: 'u64',
    source: `${devices}/xics.rst: the state of a source, 64 bits`,
  },
  {
    fd: 'device',
    devices: xics,
    group: 'KVM_DEV_XICS_GRP_CTRL',
    attrs: ['KVM_DEV_XICS_NR_SERVERS'],
    value: 'u32',
    source: 'xics_set_attr in arch/powerpc/kvm/book3s_xics.c',
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_CTRL',
    attrs: ['KVM_DEV_XIVE_RESET', 'KVM_DEV_XIVE_EQ_SYNC'],
    value: 'none',
    source: `${xiveDocument}, KVM_DEV_XIVE_GRP_CTRL`,
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_CTRL',
    attrs: ['KVM_DEV_XIVE_NR_SERVERS'],
    value: 'u32',
    source: `${xiveDocument}, KVM_DEV_XIVE_NR_SERVERS; kvmppc_xive_set_nr_servers in arch/powerpc/kvm/book3s_xive.c`,
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_SOURCE',
    value: 'u64',
    source: `${xiveDocument}, KVM_DEV_XIVE_GRP_SOURCE`,
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_SOURCE_CONFIG',
    value: 'u64',
    source: `${xiveDocument}, KVM_DEV_XIVE_GRP_SOURCE_CONFIG`,
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_EQ_CONFIG',
    value: 'struct kvm_ppc_xive_eq',
    source: `${xiveDocument}, KVM_DEV_XIVE_GRP_EQ_CONFIG`,
  },
  {
    fd: 'device',
    devices: xive,
    group: 'KVM_DEV_XIVE_GRP_SOURCE_SYNC',
    value: 'none',
    source: `${xiveDocument}, KVM_DEV_XIVE_GRP_SOURCE_SYNC`,
  },
];

export const deviceAttributeRows: readonly DeviceAttributeRow[] = [
  ...x86Rows,
  ...vfioRows,
  ...armRows,
  ...s390VmRows,
  ...flicRows,
  ...riscvRows,
  ...loongarchRows,
  ...powerRows,
];
