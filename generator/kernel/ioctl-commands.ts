/**
 * The commands of ioctls that take a number of a command and the address of a struct of this command. No header states which
 * struct belongs to which command, nor which of its members are addresses.
 */

import type { Direction, FdKind } from '../model/model.js';
import type { AddressRow } from './address-row.js';

/** A member of the struct of a command that is an address of the process. */
interface CommandAddress extends Omit<AddressRow, 'headers' | 'record' | 'source'> {
  readonly elementSize: number;
  /** The direction of the bytes at the address, seen from user space. */
  readonly direction: Direction;
  /** Present if the address must be one of memory of the guest, which the command encrypts, decrypts or reads in place. */
  readonly isGuestMemory?: true;
}

export interface CommandRow {
  /** The headers that define the command, spelled as in an `#include`. Newer kernels have moved some. */
  readonly headers: readonly string[];
  readonly ioctl: string;
  /** The constant whose value is the number of the command. */
  readonly command: string;
  readonly fd: FdKind;
  /** The tag of the struct that the ioctl takes. It has the number in `id`, and the address in `data`. */
  readonly carrier: string;
  /** The member of the carrier with the error of the firmware. */
  readonly error: string;
  /** The tag of the struct at the address. Absent if `data` is a value or is not used. */
  readonly argument?: string;
  /** Present if `data` is a value and not an address. */
  readonly passes?: 'value';
  /** The direction of the bytes of the struct, seen from user space. `none` without a struct. */
  readonly direction: Direction;
  /** The members of the struct that are addresses. */
  readonly addresses?: readonly CommandAddress[];
  /** The source of this row: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

const headers = ['linux/kvm.h', 'asm/kvm.h'];
const ioctl = 'KVM_MEMORY_ENCRYPT_OP';
const sev = { headers, ioctl, fd: 'vm', carrier: 'kvm_sev_cmd', error: 'error' } as const;
const tdx = { headers, ioctl, carrier: 'kvm_tdx_cmd', error: 'hw_error' } as const;
const amd = 'Documentation/virt/kvm/x86/amd-memory-encryption.rst';
const intel = 'Documentation/virt/kvm/x86/intel-tdx.rst';
const code = 'in arch/x86/kvm/svm/sev.c';

/** Bytes that the kernel reads. */
const input = { elementSize: 1, direction: 'write' } as const;
/** Bytes that the kernel writes. */
const output = { elementSize: 1, direction: 'read' } as const;
/** Memory of the guest that the firmware changes. */
const changed = { elementSize: 1, direction: 'readwrite', isGuestMemory: true } as const;

export const commandRows: readonly CommandRow[] = [
  { ...sev, command: 'KVM_SEV_INIT', direction: 'none', source: `${amd}, "KVM_SEV_INIT"` },
  { ...sev, command: 'KVM_SEV_ES_INIT', direction: 'none', source: `sev_guest_init ${code}` },
  {
    ...sev,
    command: 'KVM_SEV_INIT2',
    argument: 'kvm_sev_init',
    direction: 'write',
    source: `${amd}, "KVM_SEV_INIT2"; sev_guest_init2 ${code}`,
  },
  {
    ...sev,
    command: 'KVM_SEV_LAUNCH_START',
    argument: 'kvm_sev_launch_start',
    direction: 'readwrite',
    addresses: [
      { member: 'dh_uaddr', countedBy: 'dh_len', ...input },
      { member: 'session_uaddr', countedBy: 'session_len', ...input },
    ],
    source: `${amd}, "KVM_SEV_LAUNCH_START"`,
  },
  {
    ...sev,
    command: 'KVM_SEV_LAUNCH_UPDATE_DATA',
    argument: 'kvm_sev_launch_update_data',
    direction: 'write',
    addresses: [{ member: 'uaddr', countedBy: 'len', ...changed }],
    source: `${amd}, "KVM_SEV_LAUNCH_UPDATE_DATA": the memory is encrypted in place`,
  },
  { ...sev, command: 'KVM_SEV_LAUNCH_UPDATE_VMSA', direction: 'none', source: `sev_launch_update_vmsa ${code}` },
  {
    ...sev,
    command: 'KVM_SEV_LAUNCH_SECRET',
    argument: 'kvm_sev_launch_secret',
    direction: 'write',
    addresses: [
      { member: 'hdr_uaddr', countedBy: 'hdr_len', ...input },
      { member: 'guest_uaddr', countedBy: 'guest_len', ...changed },
      { member: 'trans_uaddr', countedBy: 'trans_len', ...input },
    ],
    source: `${amd}, "KVM_SEV_LAUNCH_SECRET"; sev_launch_secret ${code}`,
  },
  {
    ...sev,
    command: 'KVM_SEV_LAUNCH_MEASURE',
    argument: 'kvm_sev_launch_measure',
    direction: 'readwrite',
    addresses: [{ member: 'uaddr', countedBy: 'len', ...output }],
    source: `${amd}, "KVM_SEV_LAUNCH_MEASURE": it writes the measurement, and its length to len`,
  },
  { ...sev, command: 'KVM_SEV_LAUNCH_FINISH', direction: 'none', source: `${amd}, "KVM_SEV_LAUNCH_FINISH"` },
  {
    ...sev,
    command: 'KVM_SEV_SEND_START',
    argument: 'kvm_sev_send_start',
    direction: 'readwrite',
    addresses: [
      { member: 'pdh_cert_uaddr', countedBy: 'pdh_cert_len', ...input },
      { member: 'plat_certs_uaddr', countedBy: 'plat_certs_len', ...input },
      { member: 'amd_certs_uaddr', countedBy: 'amd_certs_len', ...input },
      { member: 'session_uaddr', countedBy: 'session_len', ...output },
    ],
    source: `${amd}, "KVM_SEV_SEND_START"; sev_send_start ${code} writes the session`,
  },
  {
    ...sev,
    command: 'KVM_SEV_SEND_UPDATE_DATA',
    argument: 'kvm_sev_send_update_data',
    direction: 'readwrite',
    addresses: [
      { member: 'hdr_uaddr', countedBy: 'hdr_len', ...output },
      { member: 'guest_uaddr', countedBy: 'guest_len', ...input, isGuestMemory: true },
      { member: 'trans_uaddr', countedBy: 'trans_len', ...output },
    ],
    source: `${amd}, "KVM_SEV_SEND_UPDATE_DATA"; sev_send_update_data ${code}`,
  },
  { ...sev, command: 'KVM_SEV_SEND_FINISH', direction: 'none', source: `${amd}, "KVM_SEV_SEND_FINISH"` },
  { ...sev, command: 'KVM_SEV_SEND_CANCEL', direction: 'none', source: `${amd}, "KVM_SEV_SEND_CANCEL"` },
  {
    ...sev,
    command: 'KVM_SEV_RECEIVE_START',
    argument: 'kvm_sev_receive_start',
    direction: 'readwrite',
    addresses: [
      { member: 'pdh_uaddr', countedBy: 'pdh_len', ...input },
      { member: 'session_uaddr', countedBy: 'session_len', ...input },
    ],
    source: `${amd}, "KVM_SEV_RECEIVE_START"`,
  },
  {
    ...sev,
    command: 'KVM_SEV_RECEIVE_UPDATE_DATA',
    argument: 'kvm_sev_receive_update_data',
    direction: 'write',
    addresses: [
      { member: 'hdr_uaddr', countedBy: 'hdr_len', ...input },
      { member: 'guest_uaddr', countedBy: 'guest_len', ...changed },
      { member: 'trans_uaddr', countedBy: 'trans_len', ...input },
    ],
    source: `${amd}, "KVM_SEV_RECEIVE_UPDATE_DATA"; sev_receive_update_data ${code}`,
  },
  { ...sev, command: 'KVM_SEV_RECEIVE_FINISH', direction: 'none', source: `${amd}, "KVM_SEV_RECEIVE_FINISH"` },
  {
    ...sev,
    command: 'KVM_SEV_GUEST_STATUS',
    argument: 'kvm_sev_guest_status',
    direction: 'read',
    source: `${amd}, "KVM_SEV_GUEST_STATUS"`,
  },
  {
    ...sev,
    command: 'KVM_SEV_DBG_DECRYPT',
    argument: 'kvm_sev_dbg',
    direction: 'write',
    addresses: [
      { member: 'src_uaddr', countedBy: 'len', ...input, isGuestMemory: true },
      { member: 'dst_uaddr', countedBy: 'len', ...output },
    ],
    source: `${amd}, "KVM_SEV_DBG_DECRYPT"; sev_dbg_crypt ${code}: one length for both`,
  },
  {
    ...sev,
    command: 'KVM_SEV_DBG_ENCRYPT',
    argument: 'kvm_sev_dbg',
    direction: 'write',
    addresses: [
      { member: 'src_uaddr', countedBy: 'len', ...input },
      { member: 'dst_uaddr', countedBy: 'len', ...changed },
    ],
    source: `${amd}, "KVM_SEV_DBG_ENCRYPT"; sev_dbg_crypt ${code}: one length for both`,
  },
  {
    ...sev,
    command: 'KVM_SEV_GET_ATTESTATION_REPORT',
    argument: 'kvm_sev_attestation_report',
    direction: 'readwrite',
    addresses: [{ member: 'uaddr', countedBy: 'len', ...output }],
    source: `${amd}, "KVM_SEV_GET_ATTESTATION_REPORT": it writes the report, and its length to len`,
  },
  {
    ...sev,
    command: 'KVM_SEV_SNP_LAUNCH_START',
    argument: 'kvm_sev_snp_launch_start',
    direction: 'write',
    source: `${amd}, "KVM_SEV_SNP_LAUNCH_START"; snp_launch_start ${code}`,
  },
  {
    ...sev,
    command: 'KVM_SEV_SNP_LAUNCH_UPDATE',
    argument: 'kvm_sev_snp_launch_update',
    direction: 'readwrite',
    // The kernel writes the page of CPUID leaves back if the firmware refuses it.
    addresses: [{ member: 'uaddr', countedBy: 'len', elementSize: 1, direction: 'readwrite' }],
    source: `${amd}, "KVM_SEV_SNP_LAUNCH_UPDATE"; snp_launch_update ${code} reads len bytes, and writes what is left to the struct`,
  },
  {
    ...sev,
    command: 'KVM_SEV_SNP_LAUNCH_FINISH',
    argument: 'kvm_sev_snp_launch_finish',
    direction: 'write',
    addresses: [
      { member: 'id_block_uaddr', elementSize: 96, direction: 'write' },
      { member: 'id_auth_uaddr', elementSize: 4096, direction: 'write' },
    ],
    source: `snp_launch_finish ${code}: KVM_SEV_SNP_ID_BLOCK_SIZE and KVM_SEV_SNP_ID_AUTH_SIZE bytes`,
  },
  {
    ...sev,
    command: 'KVM_SEV_SNP_ENABLE_REQ_CERTS',
    direction: 'none',
    source: `${amd}, "KVM_SEV_SNP_ENABLE_REQ_CERTS"`,
  },
  {
    ...tdx,
    command: 'KVM_TDX_CAPABILITIES',
    fd: 'vm',
    argument: 'kvm_tdx_capabilities',
    direction: 'readwrite',
    source: `${intel}, "KVM_TDX_CAPABILITIES"; tdx_get_capabilities in arch/x86/kvm/vmx/tdx.c reads cpuid.nent`,
  },
  {
    ...tdx,
    command: 'KVM_TDX_INIT_VM',
    fd: 'vm',
    argument: 'kvm_tdx_init_vm',
    direction: 'write',
    source: `${intel}, "KVM_TDX_INIT_VM"`,
  },
  {
    ...tdx,
    command: 'KVM_TDX_INIT_VCPU',
    fd: 'vcpu',
    passes: 'value',
    direction: 'none',
    source: `${intel}, "KVM_TDX_INIT_VCPU": data is the first value of the guest's RCX`,
  },
  {
    ...tdx,
    command: 'KVM_TDX_INIT_MEM_REGION',
    fd: 'vcpu',
    argument: 'kvm_tdx_init_mem_region',
    direction: 'readwrite',
    addresses: [{ member: 'source_addr', countedBy: 'nr_pages', elementSize: 4096, direction: 'write' }],
    source: `${intel}, "KVM_TDX_INIT_MEM_REGION"; tdx_vcpu_init_mem_region in arch/x86/kvm/vmx/tdx.c writes what is left`,
  },
  { ...tdx, command: 'KVM_TDX_FINALIZE_VM', fd: 'vm', direction: 'none', source: `${intel}, "KVM_TDX_FINALIZE_VM"` },
  {
    ...tdx,
    command: 'KVM_TDX_GET_CPUID',
    fd: 'vcpu',
    argument: 'kvm_cpuid2',
    direction: 'readwrite',
    source: `${intel}, "KVM_TDX_GET_CPUID"`,
  },
  { ...tdx, command: 'KVM_TDX_TERMINATE_VM', fd: 'vm', direction: 'none', source: `${intel}, "KVM_TDX_TERMINATE_VM"` },
];

/** The members that are addresses, for the table of all of them. Two commands can have the same struct. */
export const commandAddressRows: readonly AddressRow[] = Array.from(
  new Map(
    commandRows.flatMap(({ argument, addresses = [], source }) =>
      addresses.map(({ member, countedBy, elementSize }): [string, AddressRow] => {
        if (argument === undefined) throw new Error(`${source}: an address needs a struct`);
        const counted = countedBy === undefined ? {} : { countedBy };
        return [`${argument}.${member}`, { headers, record: argument, member, ...counted, elementSize, source }];
      }),
    ),
  ).values(),
);
