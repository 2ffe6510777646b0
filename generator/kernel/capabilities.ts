/**
 * Maps each ioctl to the capability that announces it. No header states this in a form that a program can read. An
 * ioctl of every kernel has no row. An ioctl with several kinds of file descriptor can have a different capability for
 * each kind.
 */

import type { FdKind } from '../model/model.js';
import { rowsByKey } from './rows-by-key.js';

export interface CapabilityRow {
  /** The header that defines the macros, spelled as in an `#include`. */
  readonly header: string;
  readonly capability: string;
  /**
   * The only kind of file descriptor of this row. If it is absent, the row applies to every kind that accepts the
   * ioctl.
   */
  readonly fd?: FdKind;
  /**
   * The only architecture of this row, named as in `arch/…`. If it is absent, the row applies to every architecture
   * with the ioctl.
   */
  readonly architecture?: string;
  /** The source of this row: a section of a kernel document, a header, or a source file and function. */
  readonly source: string;
  readonly ioctls: readonly string[];
}

const header = 'linux/kvm.h';
const apiDocument = 'Documentation/virt/kvm/api.rst, the field Capability of the ioctl';
const headerComment = 'linux/kvm.h, in the comment before the ioctl';
const capabilityCheck =
  'kvm_vm_ioctl_check_extension in arch/x86/kvm/x86.c: the same version added the ioctl and the capability';
const everyS390Kernel =
  'kvm_vm_ioctl_check_extension in arch/s390/kvm/kvm-s390.c: every s390 kernel has it, and kernels of other architectures do not have it';
const statsHeader = 'linux/kvm.h: api.rst has a different spelling that no header defines';

export const capabilityRows: readonly CapabilityRow[] = [
  { header, capability: 'KVM_CAP_EXT_CPUID', source: capabilityCheck, ioctls: ['KVM_SET_CPUID2', 'KVM_GET_CPUID2'] },
  { header, capability: 'KVM_CAP_EXT_CPUID', source: apiDocument, ioctls: ['KVM_GET_SUPPORTED_CPUID'] },
  { header, capability: 'KVM_CAP_SREGS2', source: apiDocument, ioctls: ['KVM_GET_SREGS2', 'KVM_SET_SREGS2'] },
  { header, capability: 'KVM_CAP_XSAVE', source: apiDocument, ioctls: ['KVM_GET_XSAVE', 'KVM_SET_XSAVE'] },
  { header, capability: 'KVM_CAP_XSAVE2', source: apiDocument, ioctls: ['KVM_GET_XSAVE2'] },
  { header, capability: 'KVM_CAP_XCRS', source: apiDocument, ioctls: ['KVM_GET_XCRS', 'KVM_SET_XCRS'] },
  {
    header,
    capability: 'KVM_CAP_IRQCHIP',
    source: apiDocument,
    ioctls: ['KVM_GET_LAPIC', 'KVM_SET_LAPIC', 'KVM_GET_IRQCHIP', 'KVM_SET_IRQCHIP', 'KVM_IRQ_LINE'],
  },
  {
    header,
    capability: 'KVM_CAP_VCPU_EVENTS',
    source: apiDocument,
    ioctls: ['KVM_GET_VCPU_EVENTS', 'KVM_SET_VCPU_EVENTS'],
  },
  { header, capability: 'KVM_CAP_MP_STATE', source: apiDocument, ioctls: ['KVM_GET_MP_STATE', 'KVM_SET_MP_STATE'] },
  { header, capability: 'KVM_CAP_DEBUGREGS', source: apiDocument, ioctls: ['KVM_GET_DEBUGREGS', 'KVM_SET_DEBUGREGS'] },
  { header, capability: 'KVM_CAP_SET_GUEST_DEBUG', source: apiDocument, ioctls: ['KVM_SET_GUEST_DEBUG'] },
  { header, capability: 'KVM_CAP_USER_NMI', source: apiDocument, ioctls: ['KVM_NMI'] },
  { header, capability: 'KVM_CAP_X86_SMM', source: apiDocument, ioctls: ['KVM_SMI'] },
  { header, capability: 'KVM_CAP_KVMCLOCK_CTRL', source: apiDocument, ioctls: ['KVM_KVMCLOCK_CTRL'] },
  {
    header,
    capability: 'KVM_CAP_VAPIC',
    source: headerComment,
    ioctls: ['KVM_TPR_ACCESS_REPORTING', 'KVM_SET_VAPIC_ADDR'],
  },
  {
    header,
    capability: 'KVM_CAP_NESTED_STATE',
    source: apiDocument,
    ioctls: ['KVM_GET_NESTED_STATE', 'KVM_SET_NESTED_STATE'],
  },
  {
    header,
    capability: 'KVM_CAP_MCE',
    source: apiDocument,
    ioctls: ['KVM_X86_SETUP_MCE', 'KVM_X86_SET_MCE', 'KVM_X86_GET_MCE_CAP_SUPPORTED'],
  },
  { header, capability: 'KVM_CAP_ONE_REG', source: apiDocument, ioctls: ['KVM_GET_ONE_REG', 'KVM_SET_ONE_REG'] },
  { header, capability: 'KVM_CAP_EXT_EMUL_CPUID', source: apiDocument, ioctls: ['KVM_GET_EMULATED_CPUID'] },
  { header, capability: 'KVM_CAP_GET_MSR_FEATURES', source: apiDocument, ioctls: ['KVM_GET_MSR_FEATURE_INDEX_LIST'] },
  { header, capability: 'KVM_CAP_USER_MEMORY', source: apiDocument, ioctls: ['KVM_SET_USER_MEMORY_REGION'] },
  { header, capability: 'KVM_CAP_USER_MEMORY2', source: apiDocument, ioctls: ['KVM_SET_USER_MEMORY_REGION2'] },
  { header, capability: 'KVM_CAP_GUEST_MEMFD', source: apiDocument, ioctls: ['KVM_CREATE_GUEST_MEMFD'] },
  { header, capability: 'KVM_CAP_MEMORY_ATTRIBUTES', source: apiDocument, ioctls: ['KVM_SET_MEMORY_ATTRIBUTES'] },
  { header, capability: 'KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', source: apiDocument, ioctls: ['KVM_CLEAR_DIRTY_LOG'] },
  { header, capability: 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL', source: apiDocument, ioctls: ['KVM_RESET_DIRTY_RINGS'] },
  {
    header,
    capability: 'KVM_CAP_COALESCED_MMIO',
    source: apiDocument,
    ioctls: ['KVM_REGISTER_COALESCED_MMIO', 'KVM_UNREGISTER_COALESCED_MMIO'],
  },
  { header, capability: 'KVM_CAP_IOEVENTFD', source: apiDocument, ioctls: ['KVM_IOEVENTFD'] },
  { header, capability: 'KVM_CAP_IRQFD', source: apiDocument, ioctls: ['KVM_IRQFD'] },
  { header, capability: 'KVM_CAP_IRQ_INJECT_STATUS', source: capabilityCheck, ioctls: ['KVM_IRQ_LINE_STATUS'] },
  { header, capability: 'KVM_CAP_IRQ_ROUTING', source: apiDocument, ioctls: ['KVM_SET_GSI_ROUTING'] },
  { header, capability: 'KVM_CAP_SIGNAL_MSI', source: apiDocument, ioctls: ['KVM_SIGNAL_MSI'] },
  {
    header,
    capability: 'KVM_CAP_PIT',
    source: capabilityCheck,
    ioctls: ['KVM_CREATE_PIT', 'KVM_GET_PIT', 'KVM_SET_PIT'],
  },
  { header, capability: 'KVM_CAP_PIT2', source: apiDocument, ioctls: ['KVM_CREATE_PIT2'] },
  { header, capability: 'KVM_CAP_PIT_STATE2', source: apiDocument, ioctls: ['KVM_GET_PIT2', 'KVM_SET_PIT2'] },
  { header, capability: 'KVM_CAP_REINJECT_CONTROL', source: apiDocument, ioctls: ['KVM_REINJECT_CONTROL'] },
  { header, capability: 'KVM_CAP_SET_BOOT_CPU_ID', source: apiDocument, ioctls: ['KVM_SET_BOOT_CPU_ID'] },
  { header, capability: 'KVM_CAP_SET_TSS_ADDR', source: apiDocument, ioctls: ['KVM_SET_TSS_ADDR'] },
  { header, capability: 'KVM_CAP_SET_IDENTITY_MAP_ADDR', source: apiDocument, ioctls: ['KVM_SET_IDENTITY_MAP_ADDR'] },
  { header, capability: 'KVM_CAP_ADJUST_CLOCK', source: apiDocument, ioctls: ['KVM_GET_CLOCK', 'KVM_SET_CLOCK'] },
  { header, capability: 'KVM_CAP_MMU_SHADOW_CACHE_CONTROL', source: capabilityCheck, ioctls: ['KVM_SET_NR_MMU_PAGES'] },
  { header, capability: 'KVM_CAP_X86_MSR_FILTER', source: apiDocument, ioctls: ['KVM_X86_SET_MSR_FILTER'] },
  { header, capability: 'KVM_CAP_PMU_EVENT_FILTER', source: apiDocument, ioctls: ['KVM_SET_PMU_EVENT_FILTER'] },
  { header, capability: 'KVM_CAP_DEVICE_CTRL', source: apiDocument, ioctls: ['KVM_CREATE_DEVICE'] },
  { header, capability: 'KVM_CAP_HYPERV_EVENTFD', source: apiDocument, ioctls: ['KVM_HYPERV_EVENTFD'] },
  {
    header,
    capability: 'KVM_CAP_XEN_HVM',
    source: apiDocument,
    ioctls: [
      'KVM_XEN_HVM_CONFIG',
      'KVM_XEN_HVM_GET_ATTR',
      'KVM_XEN_HVM_SET_ATTR',
      'KVM_XEN_HVM_EVTCHN_SEND',
      'KVM_XEN_VCPU_GET_ATTR',
      'KVM_XEN_VCPU_SET_ATTR',
    ],
  },
  { header, capability: 'KVM_CAP_PRE_FAULT_MEMORY', source: apiDocument, ioctls: ['KVM_PRE_FAULT_MEMORY'] },
  { header, capability: 'KVM_CAP_ARM_SET_DEVICE_ADDR', source: apiDocument, ioctls: ['KVM_ARM_SET_DEVICE_ADDR'] },
  { header, capability: 'KVM_CAP_ARM_SVE', source: headerComment, ioctls: ['KVM_ARM_VCPU_FINALIZE'] },
  { header, capability: 'KVM_CAP_SW_TLB', source: apiDocument, ioctls: ['KVM_DIRTY_TLB'] },
  { header, capability: 'KVM_CAP_PPC_ALLOC_HTAB', source: apiDocument, ioctls: ['KVM_PPC_ALLOCATE_HTAB'] },
  { header, capability: 'KVM_CAP_PPC_COMPAT_CAPS', source: apiDocument, ioctls: ['KVM_PPC_GET_COMPAT_CAPS'] },
  {
    header,
    capability: 'KVM_CAP_S390_VCPU_RESETS',
    source: apiDocument,
    ioctls: ['KVM_S390_NORMAL_RESET', 'KVM_S390_CLEAR_RESET'],
  },
  { header, capability: 'KVM_CAP_S390_KEYOP', source: apiDocument, ioctls: ['KVM_S390_KEYOP'] },
  {
    header,
    capability: 'KVM_CAP_S390_UCONTROL',
    source: apiDocument,
    ioctls: ['KVM_S390_VCPU_FAULT', 'KVM_S390_UCAS_MAP', 'KVM_S390_UCAS_UNMAP'],
  },
  { header, capability: 'KVM_CAP_IRQCHIP', architecture: 'x86', source: apiDocument, ioctls: ['KVM_CREATE_IRQCHIP'] },
  { header, capability: 'KVM_CAP_IRQCHIP', architecture: 'arm64', source: apiDocument, ioctls: ['KVM_CREATE_IRQCHIP'] },
  {
    header,
    capability: 'KVM_CAP_S390_IRQCHIP',
    architecture: 's390',
    source: apiDocument,
    ioctls: ['KVM_CREATE_IRQCHIP'],
  },
  { header, capability: 'KVM_CAP_TSC_CONTROL', fd: 'vcpu', source: apiDocument, ioctls: ['KVM_SET_TSC_KHZ'] },
  { header, capability: 'KVM_CAP_GET_TSC_KHZ', fd: 'vcpu', source: apiDocument, ioctls: ['KVM_GET_TSC_KHZ'] },
  {
    header,
    capability: 'KVM_CAP_VM_TSC_CONTROL',
    fd: 'vm',
    source: apiDocument,
    ioctls: ['KVM_SET_TSC_KHZ', 'KVM_GET_TSC_KHZ'],
  },
  { header, capability: 'KVM_CAP_ENABLE_CAP', fd: 'vcpu', source: apiDocument, ioctls: ['KVM_ENABLE_CAP'] },
  { header, capability: 'KVM_CAP_ENABLE_CAP_VM', fd: 'vm', source: apiDocument, ioctls: ['KVM_ENABLE_CAP'] },
  { header, capability: 'KVM_CAP_ONE_REG', architecture: 'x86', source: apiDocument, ioctls: ['KVM_GET_REG_LIST'] },
  {
    header,
    capability: 'KVM_CAP_SYS_HYPERV_CPUID',
    fd: 'system',
    source: apiDocument,
    ioctls: ['KVM_GET_SUPPORTED_HV_CPUID'],
  },
  {
    header,
    capability: 'KVM_CAP_HYPERV_CPUID',
    fd: 'vcpu',
    source: apiDocument,
    ioctls: ['KVM_GET_SUPPORTED_HV_CPUID'],
  },
  { header, capability: 'KVM_CAP_BINARY_STATS_FD', source: statsHeader, ioctls: ['KVM_GET_STATS_FD'] },
  {
    header,
    capability: 'KVM_CAP_DEVICE_CTRL',
    fd: 'device',
    source: apiDocument,
    ioctls: ['KVM_GET_DEVICE_ATTR', 'KVM_HAS_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR'],
  },
  // Kernels of arm64 and LoongArch have attributes of VMs, and do not announce them.
  ...['x86', 's390'].map((architecture) => ({
    header,
    capability: 'KVM_CAP_VM_ATTRIBUTES',
    fd: 'vm' as const,
    architecture,
    source: apiDocument,
    ioctls: ['KVM_GET_DEVICE_ATTR', 'KVM_HAS_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR'],
  })),
  {
    header,
    capability: 'KVM_CAP_VCPU_ATTRIBUTES',
    fd: 'vcpu',
    source: apiDocument,
    ioctls: ['KVM_GET_DEVICE_ATTR', 'KVM_HAS_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR'],
  },
  {
    header,
    capability: 'KVM_CAP_SYS_ATTRIBUTES',
    fd: 'system',
    source: apiDocument,
    ioctls: ['KVM_GET_DEVICE_ATTR', 'KVM_HAS_DEVICE_ATTR'],
  },
  { header, capability: 'KVM_CAP_GET_MSR_FEATURES', fd: 'system', source: apiDocument, ioctls: ['KVM_GET_MSRS'] },
  { header, capability: 'KVM_CAP_CHECK_EXTENSION_VM', fd: 'vm', source: apiDocument, ioctls: ['KVM_CHECK_EXTENSION'] },
  { header, capability: 'KVM_CAP_S390_MEM_OP', fd: 'vcpu', source: apiDocument, ioctls: ['KVM_S390_MEM_OP'] },
  { header, capability: 'KVM_CAP_S390_MEM_OP_EXTENSION', fd: 'vm', source: apiDocument, ioctls: ['KVM_S390_MEM_OP'] },
  { header, capability: 'KVM_CAP_ARM_MTE', source: apiDocument, ioctls: ['KVM_ARM_MTE_COPY_TAGS'] },
  { header, capability: 'KVM_CAP_COUNTER_OFFSET', source: apiDocument, ioctls: ['KVM_ARM_SET_COUNTER_OFFSET'] },
  {
    header,
    capability: 'KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES',
    source: apiDocument,
    ioctls: ['KVM_ARM_GET_REG_WRITABLE_MASKS'],
  },
  { header, capability: 'KVM_CAP_PPC_GET_PVINFO', source: apiDocument, ioctls: ['KVM_PPC_GET_PVINFO'] },
  { header, capability: 'KVM_CAP_PPC_GET_SMMU_INFO', source: apiDocument, ioctls: ['KVM_PPC_GET_SMMU_INFO'] },
  { header, capability: 'KVM_CAP_SPAPR_TCE', source: apiDocument, ioctls: ['KVM_CREATE_SPAPR_TCE'] },
  { header, capability: 'KVM_CAP_SPAPR_TCE_64', source: apiDocument, ioctls: ['KVM_CREATE_SPAPR_TCE_64'] },
  { header, capability: 'KVM_CAP_PPC_HTAB_FD', source: apiDocument, ioctls: ['KVM_PPC_GET_HTAB_FD'] },
  { header, capability: 'KVM_CAP_PPC_RTAS', source: apiDocument, ioctls: ['KVM_PPC_RTAS_DEFINE_TOKEN'] },
  {
    header,
    capability: 'KVM_CAP_SPAPR_RESIZE_HPT',
    source: apiDocument,
    ioctls: ['KVM_PPC_RESIZE_HPT_PREPARE', 'KVM_PPC_RESIZE_HPT_COMMIT'],
  },
  {
    header,
    capability: 'KVM_CAP_PPC_MMU_RADIX',
    source: apiDocument,
    ioctls: ['KVM_PPC_CONFIGURE_V3_MMU', 'KVM_PPC_GET_RMMU_INFO'],
  },
  { header, capability: 'KVM_CAP_PPC_GET_CPU_CHAR', source: apiDocument, ioctls: ['KVM_PPC_GET_CPU_CHAR'] },
  {
    header,
    capability: 'KVM_CAP_S390_SKEYS',
    source: apiDocument,
    ioctls: ['KVM_S390_GET_SKEYS', 'KVM_S390_SET_SKEYS'],
  },
  { header, capability: 'KVM_CAP_S390_INJECT_IRQ', source: apiDocument, ioctls: ['KVM_S390_IRQ'] },
  {
    header,
    capability: 'KVM_CAP_S390_IRQ_STATE',
    source: apiDocument,
    ioctls: ['KVM_S390_SET_IRQ_STATE', 'KVM_S390_GET_IRQ_STATE'],
  },
  {
    header,
    capability: 'KVM_CAP_S390_CMMA_MIGRATION',
    source: apiDocument,
    ioctls: ['KVM_S390_GET_CMMA_BITS', 'KVM_S390_SET_CMMA_BITS'],
  },
  {
    header,
    capability: 'KVM_CAP_S390_PSW',
    source: everyS390Kernel,
    ioctls: ['KVM_S390_ENABLE_SIE', 'KVM_S390_INITIAL_RESET', 'KVM_S390_STORE_STATUS'],
  },
  { header, capability: 'KVM_CAP_S390_PROTECTED', source: apiDocument, ioctls: ['KVM_S390_PV_COMMAND'] },
  { header, capability: 'KVM_CAP_S390_PROTECTED_DUMP', source: apiDocument, ioctls: ['KVM_S390_PV_CPU_COMMAND'] },
  { header, capability: 'KVM_CAP_S390_ZPCI_OP', source: apiDocument, ioctls: ['KVM_S390_ZPCI_OP'] },
];

const rowsOf = rowsByKey(capabilityRows, ({ ioctls }) => ioctls);

/** The capabilities that announce an ioctl: one capability for all kinds of file descriptor, or one for each kind. */
export interface Announcements {
  readonly all?: string;
  readonly byFd: ReadonlyMap<FdKind, string>;
}

/** Returns the capabilities that announce an ioctl of a header on an architecture. */
export function announcementsOf(ioctl: string, inHeader: string, kernelArchitecture: string): Announcements {
  const rows = (rowsOf.get(ioctl) ?? []).filter(
    ({ header: defining, architecture = kernelArchitecture }) =>
      defining === inHeader && architecture === kernelArchitecture,
  );
  const all = rows.find(({ fd }) => fd === undefined)?.capability;
  const byFd = new Map(rows.flatMap(({ fd, capability }) => (fd === undefined ? [] : [[fd, capability] as const])));
  return { ...(all === undefined ? {} : { all }), byFd };
}
