/**
 * Ioctls whose behaviour differs from their `_IO*` macro: how the third argument is passed, which type is passed or
 * pointed to, or in which direction the bytes go.
 *
 * A row has only the differences. It never repeats a fact of the header: no request number and no size. It says nothing
 * about memory that a member of the struct points to. Some directions are wider than today's kernels need but were
 * correct for older kernels. Such directions have no row. The rows are in the order of the headers.
 */

import type { Direction, Passing } from '../model/model.js';
import { ioctlGroups } from './arguments/index.js';
import { type PassedText, passedOf } from './arguments/rows.js';
import { rowsByKey } from './rows-by-key.js';

export interface IoctlOverride {
  /** The header that defines the macro, spelled as in an `#include`. */
  readonly header: string;
  readonly name: string;
  /**
   * The only architecture of this row, named as in `arch/…`. If it is absent, the row applies to every architecture.
   */
  readonly architecture?: string;
  /** How the argument is passed, if it differs from the macro: `nothing` for `_IO`, `pointer` for all others. */
  readonly passes?: Passing;
  /**
   * The C type that is really passed or pointed to. It is always present with `passes: 'value'`. The request number
   * keeps the size of the macro's type. If another header defines the type and cannot be read, the ioctl is not
   * exported, because the kernel would write more bytes than the macro states. If the target does not have the type,
   * the macro's type is used.
   */
  readonly argument?: string;
  /** The real direction of the bytes, seen from user space. Never present with `passes: 'value'`. */
  readonly direction?: Direction;
  /**
   * False if the type contains pointers that the kernel does not follow. True if the kernel follows addresses that the
   * type does not show.
   */
  readonly followsPointers?: boolean;
  /** The member of the struct that holds the number of bytes that the kernel can access. */
  readonly sizedBy?: string;
  /** Present if the kernel follows addresses in bytes after the struct, so that the struct must not have a tail. */
  readonly tail?: false;
  /** The source of this row: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

export const ioctlOverrides: readonly IoctlOverride[] = [
  {
    header: 'linux/kvm.h',
    name: 'KVM_CREATE_VM',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.2: the machine type; kvm_dev_ioctl in virt/kvm/kvm_main.c takes it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_CHECK_EXTENSION',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.4: the number of a capability; kvm_dev_ioctl and kvm_vm_ioctl in ' +
      'virt/kvm/kvm_main.c take it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_CREATE_VCPU',
    passes: 'value',
    argument: 'unsigned long',
    source: 'Documentation/virt/kvm/api.rst 4.7: the vcpu id; kvm_vm_ioctl in virt/kvm/kvm_main.c takes it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_NR_MMU_PAGES',
    passes: 'value',
    argument: 'unsigned long',
    source: 'kvm_vm_ioctl_set_nr_mmu_pages in arch/x86/kvm/x86.c: the argument itself is the number of pages',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_TSS_ADDR',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.36: a guest physical address; kvm_vm_ioctl_set_tss_addr in ' +
      'arch/x86/kvm/x86.c takes it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_S390_VCPU_FAULT',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.67: an absolute address of the vcpu; kvm_arch_vcpu_ioctl in ' +
      'arch/s390/kvm/kvm-s390.c takes it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_IRQCHIP',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.27: in; kvm_arch_vm_ioctl in arch/x86/kvm/x86.c reads the struct and never ' +
      'writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_PIT',
    direction: 'write',
    source: 'kvm_arch_vm_ioctl in arch/x86/kvm/x86.c: the struct is read and never written back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_ASSIGN_PCI_DEVICE',
    direction: 'write',
    source:
      'Documentation/virtual/kvm/api.txt 4.48, before its removal: in; kvm_vm_ioctl_assigned_device in ' +
      'virt/kvm/assigned-dev.c, later arch/x86/kvm/assigned-dev.c, reads the struct and never writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_REINJECT_CONTROL',
    passes: 'pointer',
    argument: 'struct kvm_reinject_control',
    direction: 'write',
    source: 'Documentation/virt/kvm/api.rst 4.99: in; kvm_arch_vm_ioctl in arch/x86/kvm/x86.c reads the struct',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_BOOT_CPU_ID',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.41: the vcpu id; kvm_arch_vm_ioctl in arch/x86/kvm/x86.c takes it by value',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_PPC_GET_PVINFO',
    direction: 'read',
    source:
      'Documentation/virt/kvm/api.rst 4.47: out; kvm_arch_vm_ioctl in arch/powerpc/kvm/powerpc.c writes the struct ' +
      'without reading it',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_SET_TSC_KHZ',
    passes: 'value',
    argument: 'unsigned long',
    source:
      'Documentation/virt/kvm/api.rst 4.55: a frequency in kHz; kvm_arch_vcpu_ioctl and kvm_arch_vm_ioctl in ' +
      'arch/x86/kvm/x86.c take it by value and keep the low 32 bits',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_PPC_RESIZE_HPT_PREPARE',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.102: in; kvm_arch_vm_ioctl_hv in arch/powerpc/kvm/book3s_hv.c reads the ' +
      'struct and never writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_PPC_RESIZE_HPT_COMMIT',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.103: in; kvm_arch_vm_ioctl_hv in arch/powerpc/kvm/book3s_hv.c reads the ' +
      'struct and never writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_PPC_GET_RMMU_INFO',
    direction: 'read',
    source:
      'Documentation/virt/kvm/api.rst 4.101: out; kvm_arch_vm_ioctl in arch/powerpc/kvm/powerpc.c writes the struct ' +
      'without reading it',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_ARM_MTE_COPY_TAGS',
    direction: 'write',
    source:
      'kvm_arch_vm_ioctl in arch/arm64/kvm/arm.c: the struct is read and never written back; the tags go through its ' +
      'addr member (Documentation/virt/kvm/api.rst 4.130)',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_ARM_GET_REG_WRITABLE_MASKS',
    direction: 'write',
    source:
      'kvm_arch_vm_ioctl in arch/arm64/kvm/arm.c: the struct is read and never written back, though ' +
      'Documentation/virt/kvm/api.rst 4.139 says in/out; the masks are copied through its addr member',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_PPC_GET_COMPAT_CAPS',
    passes: 'pointer',
    argument: 'struct kvm_ppc_compat_caps',
    direction: 'readwrite',
    source:
      'Documentation/virt/kvm/api.rst, KVM_PPC_GET_COMPAT_CAPS: out, but flags or a small size give EINVAL, and a ' +
      'large size gives E2BIG; kvm_arch_vm_ioctl in arch/powerpc/kvm/powerpc.c reads these first and then writes the ' +
      'struct',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_INTERRUPT',
    architecture: 'mips',
    argument: 'struct kvm_mips_interrupt',
    source:
      'kvm_arch_vcpu_unlocked_ioctl, formerly kvm_arch_vcpu_async_ioctl, in arch/mips/kvm/mips.c reads a struct ' +
      'kvm_mips_interrupt; the request number keeps the size of a struct kvm_interrupt',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_S390_STORE_STATUS',
    passes: 'value',
    argument: 'unsigned long',
    source: 'kvm_arch_vcpu_ioctl in arch/s390/kvm/kvm-s390.c: the argument itself is the guest address for the store',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_MEMORY_ENCRYPT_OP',
    argument: 'struct kvm_sev_cmd',
    source:
      'Documentation/virt/kvm/api.rst 4.110 calls it a platform-specific struct; sev_mem_enc_ioctl in ' +
      'arch/x86/kvm/svm/sev.c reads and writes back a struct kvm_sev_cmd, and tdx_vm_ioctl in arch/x86/kvm/vmx/tdx.c a ' +
      'struct kvm_tdx_cmd, which has the same size',
    // The struct at the address in the argument has addresses too.
    followsPointers: true,
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_MEMORY_ENCRYPT_REG_REGION',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.111: in; kvm_arch_vm_ioctl in arch/x86/kvm/x86.c reads the struct and never ' +
      'writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_MEMORY_ENCRYPT_UNREG_REGION',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.112: in; kvm_arch_vm_ioctl in arch/x86/kvm/x86.c reads the struct and never ' +
      'writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_CLEAR_DIRTY_LOG',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.117: in; kvm_vm_ioctl in virt/kvm/kvm_main.c reads the struct and never ' +
      'writes it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_CREATE_GUEST_MEMFD',
    direction: 'write',
    source:
      'Documentation/virt/kvm/api.rst 4.142: in; kvm_vm_ioctl in virt/kvm/kvm_main.c reads the struct and never writes ' +
      'it back',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_XEN_HVM_GET_ATTR',
    followsPointers: false,
    source: 'kvm_xen_hvm_get_attr in arch/x86/kvm/xen.c reads the type and writes the struct',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_XEN_VCPU_GET_ATTR',
    followsPointers: false,
    source: 'kvm_xen_vcpu_get_attr in arch/x86/kvm/xen.c reads the type and writes the struct',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_S390_UCAS_UNMAP',
    followsPointers: false,
    source: 'kvm_arch_vcpu_ioctl in arch/s390/kvm/kvm-s390.c uses vcpu_addr and length, and not user_addr',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_S390_PV_COMMAND',
    followsPointers: true,
    source:
      'kvm_s390_handle_pv in arch/s390/kvm/kvm-s390.c: some structs at the address in the argument have addresses too',
  },
  {
    header: 'linux/kvm.h',
    name: 'KVM_S390_PV_CPU_COMMAND',
    followsPointers: true,
    source: 'kvm_s390_handle_pv_vcpu_dump in arch/s390/kvm/kvm-s390.c: the struct at the address has an address too',
  },
  {
    header: 'sound/asound.h',
    name: 'SNDRV_CTL_IOCTL_ELEM_INFO',
    followsPointers: false,
    source: 'snd_ctl_elem_info_user in sound/core/control.c writes the struct, and follows no names_ptr in it',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETNOCSUM',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument is ignored',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETDEBUG',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is the mask of messages',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETIFF',
    argument: 'struct ifreq',
    direction: 'readwrite',
    followsPointers: false,
    source:
      'Documentation/networking/tuntap.rst 3.2; __tun_chr_ioctl in drivers/net/tun.c reads a struct ifreq and writes it ' +
      'back, and tun_set_iff uses its name and flags',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETPERSIST',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is whether the interface persists',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETOWNER',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is the user',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETLINK',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is the type of link',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETGROUP',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is the group',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETOFFLOAD',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument itself is the set of TUN_F flags',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETTXFILTER',
    argument: 'struct tun_filter',
    source: 'update_filter in drivers/net/tun.c reads a struct tun_filter and then count addresses',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNGETIFF',
    argument: 'struct ifreq',
    followsPointers: false,
    source: '__tun_chr_ioctl in drivers/net/tun.c writes a struct ifreq, and tun_get_iff sets its name and flags',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNDETACHFILTER',
    passes: 'value',
    argument: 'unsigned long',
    source: '__tun_chr_ioctl in drivers/net/tun.c: the argument is ignored',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETQUEUE',
    argument: 'struct ifreq',
    followsPointers: false,
    source: '__tun_chr_ioctl in drivers/net/tun.c reads a struct ifreq, and tun_set_queue uses its flags',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNGETFILTER',
    followsPointers: false,
    source: '__tun_chr_ioctl in drivers/net/tun.c writes the whole struct',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETSTEERINGEBPF',
    direction: 'write',
    source: 'tun_set_ebpf in drivers/net/tun.c reads the file descriptor of a program, and writes nothing',
  },
  {
    header: 'linux/if_tun.h',
    name: 'TUNSETFILTEREBPF',
    direction: 'write',
    source: 'tun_set_ebpf in drivers/net/tun.c reads the file descriptor of a program, and writes nothing',
  },
  {
    header: 'linux/random.h',
    name: 'RNDADDENTROPY',
    argument: 'struct rand_pool_info',
    source:
      'random_ioctl in drivers/char/random.c reads a struct rand_pool_info, and as many bytes after it as its buf_size ' +
      'says',
  },
];

const overridesOf = rowsByKey(ioctlOverrides, ({ name }) => [name]);
const groupsOf = rowsByKey(ioctlGroups, ({ headers }) => headers);

/** Returns the differences between an ioctl and its macro on an architecture. */
export function overrideOf(header: string, name: string, architecture: string): IoctlOverride | undefined {
  const row = overridesOf
    .get(name)
    ?.find((candidate) => candidate.header === header && (candidate.architecture ?? architecture) === architecture);
  return row ?? groupRow(header, name);
}

/** Returns the row that the tables in `arguments/` make. A table has rows for many headers, and a run reads few of them. */
function groupRow(header: string, name: string): IoctlOverride | undefined {
  const group = groupsOf.get(header)?.find(({ ioctls }) => Object.hasOwn(ioctls, name));
  if (!group) return undefined;
  const { headers, ioctls, ...facts } = group;
  return { header, name, ...facts, ...passedOf(ioctls[name] as PassedText) };
}
