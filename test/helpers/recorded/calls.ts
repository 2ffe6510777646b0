/**
 * Ioctls with addresses, as calls that both a C program and the library make. The names of structs and members are those of
 * the header. The lengths and the directions are those of the kernel's documents, and not from the bindings.
 */

/** Data at an address in a struct. */
export interface Data {
  /** The member with the address, and the member that counts. The C program uses both as they are here. */
  readonly at: string;
  readonly count?: string;
  /** The number of bytes, and the bytes of one unit. */
  readonly length: number;
  readonly unit?: number;
  /** Whether the kernel writes the bytes. */
  readonly written?: true;
  /** Whether the library gets them as a part of a guest memory. */
  readonly guest?: true;
}

export interface Call {
  /** The ioctl, and the command if it has commands. */
  readonly ioctl: string;
  readonly command?: string;
  readonly on: 'vm' | 'vcpu';
  /** The method of the library, if it does not have the name of the ioctl. */
  readonly method?: string;
  /** The struct with the values, and the number of CPUID leaves after it. */
  readonly struct?: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly leaves?: number;
  readonly data?: readonly Data[];
  /** What the kernel would write to the struct. */
  readonly reply?: Readonly<Record<string, number>>;
  /** The errno, and the error of the firmware. */
  readonly fails?: readonly [errno: number, firmware: number];
  /** The value that is passed in place of a struct, and the flags of a command of TDX. */
  readonly value?: number;
  readonly flags?: number;
  /** Whether the method makes the struct itself, so that its bytes after the call are not seen. */
  readonly isInner?: true;
  /** The member that is the file descriptor of an eventfd. */
  readonly eventfd?: string;
}

const op = { ioctl: 'KVM_MEMORY_ENCRYPT_OP', on: 'vm' } as const;
const sev = (command: string, rest: Partial<Call> = {}): Call => ({ ...op, command: `KVM_SEV_${command}`, ...rest });
const tdx = (command: string, rest: Partial<Call> = {}): Call => ({ ...op, command: `KVM_TDX_${command}`, ...rest });
const blob = (name: string, length: number, rest: Partial<Data> = {}): Data => ({
  at: `${name}_uaddr`,
  count: `${name}_len`,
  length,
  ...rest,
});
const whole = (length: number, rest: Partial<Data> = {}): Data => ({ at: 'uaddr', count: 'len', length, ...rest });

/** One call of each command, in the order of the header. */
export const encryptCalls: readonly Call[] = [
  sev('INIT'),
  sev('ES_INIT'),
  sev('INIT2', { struct: 'kvm_sev_init', values: { vmsa_features: 0x123, flags: 1, ghcb_version: 2 } }),
  sev('LAUNCH_START', {
    struct: 'kvm_sev_launch_start',
    values: { handle: 3, policy: 5 },
    data: [blob('dh', 48), blob('session', 80)],
    reply: { handle: 0x77 },
  }),
  sev('LAUNCH_UPDATE_DATA', {
    struct: 'kvm_sev_launch_update_data',
    data: [whole(0x2000, { guest: true, written: true })],
  }),
  sev('LAUNCH_UPDATE_VMSA'),
  sev('LAUNCH_SECRET', {
    struct: 'kvm_sev_launch_secret',
    data: [blob('hdr', 52), blob('guest', 64, { guest: true, written: true }), blob('trans', 64)],
  }),
  sev('LAUNCH_MEASURE', {
    struct: 'kvm_sev_launch_measure',
    data: [whole(48, { written: true })],
    reply: { len: 40 },
  }),
  sev('LAUNCH_FINISH', { fails: [5, 0x16] }),
  sev('SEND_START', {
    struct: 'kvm_sev_send_start',
    values: { policy: 1 },
    data: [
      blob('pdh_cert', 100),
      blob('plat_certs', 200),
      blob('amd_certs', 300),
      blob('session', 128, { written: true }),
    ],
    reply: { policy: 9, session_len: 120 },
  }),
  sev('SEND_UPDATE_DATA', {
    struct: 'kvm_sev_send_update_data',
    data: [
      blob('hdr', 52, { written: true }),
      blob('guest', 4096, { guest: true }),
      blob('trans', 4096, { written: true }),
    ],
  }),
  sev('SEND_FINISH'),
  sev('SEND_CANCEL'),
  sev('RECEIVE_START', {
    struct: 'kvm_sev_receive_start',
    values: { handle: 1, policy: 2 },
    data: [blob('pdh', 33), blob('session', 77)],
    reply: { handle: 6 },
  }),
  sev('RECEIVE_UPDATE_DATA', {
    struct: 'kvm_sev_receive_update_data',
    data: [blob('hdr', 52), blob('guest', 4096, { guest: true, written: true }), blob('trans', 4096)],
  }),
  sev('RECEIVE_FINISH'),
  sev('GUEST_STATUS', { struct: 'kvm_sev_guest_status', reply: { handle: 1, policy: 2, state: 3 } }),
  sev('DBG_DECRYPT', {
    struct: 'kvm_sev_dbg',
    data: [
      { at: 'src_uaddr', count: 'len', length: 160, guest: true },
      { at: 'dst_uaddr', count: 'len', length: 160, written: true },
    ],
  }),
  sev('DBG_ENCRYPT', {
    struct: 'kvm_sev_dbg',
    data: [
      { at: 'src_uaddr', count: 'len', length: 160 },
      { at: 'dst_uaddr', count: 'len', length: 160, guest: true, written: true },
    ],
  }),
  sev('GET_ATTESTATION_REPORT', {
    struct: 'kvm_sev_attestation_report',
    values: { 'mnonce[0]': 1, 'mnonce[15]': 0xfe },
    data: [whole(512, { written: true })],
    reply: { len: 500 },
  }),
  sev('SNP_LAUNCH_START', {
    struct: 'kvm_sev_snp_launch_start',
    values: { policy: 0x30000, 'gosvw[1]': 7, flags: 0 },
  }),
  sev('SNP_LAUNCH_UPDATE', {
    struct: 'kvm_sev_snp_launch_update',
    values: { gfn_start: 0x100, type: 6 },
    data: [whole(0x3000, { written: true })],
    reply: { gfn_start: 0x103, len: 0 },
  }),
  sev('SNP_LAUNCH_FINISH', {
    struct: 'kvm_sev_snp_launch_finish',
    values: { id_block_en: 1, auth_key_en: 1, 'host_data[31]': 9 },
    data: [
      { at: 'id_block_uaddr', length: 96 },
      { at: 'id_auth_uaddr', length: 4096 },
    ],
  }),
  sev('SNP_ENABLE_REQ_CERTS'),
  tdx('CAPABILITIES', {
    struct: 'kvm_tdx_capabilities',
    leaves: 2,
    values: { 'cpuid.nent': 2 },
    reply: { supported_attrs: 0x11, 'cpuid.nent': 1, 'cpuid.entries[1].ecx': 0x99 },
  }),
  tdx('INIT_VM', {
    struct: 'kvm_tdx_init_vm',
    leaves: 1,
    values: { attributes: 0x1000, 'mrowner[5]': 4, 'cpuid.nent': 1, 'cpuid.entries[0].eax': 0x1234 },
  }),
  tdx('INIT_VCPU', { on: 'vcpu', value: 0x8000_0010 }),
  tdx('INIT_MEM_REGION', {
    on: 'vcpu',
    struct: 'kvm_tdx_init_mem_region',
    flags: 1,
    values: { gpa: 0xffff_0000 },
    data: [{ at: 'source_addr', count: 'nr_pages', length: 0x2000, unit: 4096 }],
    reply: { gpa: 0xffff_2000, nr_pages: 0 },
  }),
  tdx('FINALIZE_VM', { fails: [5, 0xc000_0b0a] }),
  tdx('GET_CPUID', {
    on: 'vcpu',
    struct: 'kvm_cpuid2',
    leaves: 3,
    values: { nent: 3 },
    reply: { nent: 2, 'entries[1].ebx': 0x55 },
  }),
];

/** Calls of the other ioctls with addresses of memory that the kernel keeps, and of Xen and Hyper-V. */
export const otherCalls: readonly Call[] = [
  {
    ioctl: 'KVM_MEMORY_ENCRYPT_REG_REGION',
    on: 'vm',
    method: 'registerEncryptedRegion',
    isInner: true,
    struct: 'kvm_enc_region',
    data: [{ at: 'addr', count: 'size', length: 0x3000, guest: true }],
  },
  {
    ioctl: 'KVM_XEN_HVM_CONFIG',
    on: 'vm',
    struct: 'kvm_xen_hvm_config',
    values: { flags: 0, msr: 0x4000_0000 },
    data: [
      { at: 'blob_addr_32', count: 'blob_size_32', length: 0x1000, unit: 4096 },
      { at: 'blob_addr_64', count: 'blob_size_64', length: 0x2000, unit: 4096, guest: true },
    ],
  },
  {
    ioctl: 'KVM_XEN_HVM_SET_ATTR',
    on: 'vm',
    struct: 'kvm_xen_hvm_attr',
    values: { type: 0, 'u.long_mode': 1 },
  },
  {
    ioctl: 'KVM_XEN_HVM_SET_ATTR',
    on: 'vm',
    struct: 'kvm_xen_hvm_attr',
    values: { type: 6 },
    data: [{ at: 'u.shared_info.hva', length: 0x1000, guest: true }],
  },
  {
    ioctl: 'KVM_XEN_HVM_GET_ATTR',
    on: 'vm',
    struct: 'kvm_xen_hvm_attr',
    values: { type: 4 },
    reply: { 'u.xen_version': 0x40011 },
  },
  {
    ioctl: 'KVM_XEN_VCPU_SET_ATTR',
    on: 'vcpu',
    struct: 'kvm_xen_vcpu_attr',
    values: { type: 9 },
    data: [{ at: 'u.hva', length: 64, guest: true }],
  },
  {
    ioctl: 'KVM_XEN_VCPU_SET_ATTR',
    on: 'vcpu',
    struct: 'kvm_xen_vcpu_attr',
    values: { type: 2, 'u.gpa': 0x5000 },
  },
  {
    ioctl: 'KVM_XEN_VCPU_GET_ATTR',
    on: 'vcpu',
    struct: 'kvm_xen_vcpu_attr',
    values: { type: 6 },
    reply: { 'u.vcpu_id': 4 },
  },
  {
    ioctl: 'KVM_XEN_HVM_EVTCHN_SEND',
    on: 'vm',
    isInner: true,
    struct: 'kvm_irq_routing_xen_evtchn',
    values: { port: 8, vcpu: 1, priority: 0xffff_ffff },
  },
  {
    ioctl: 'KVM_HYPERV_EVENTFD',
    on: 'vm',
    method: 'registerHypervEventfd',
    isInner: true,
    struct: 'kvm_hyperv_eventfd',
    values: { conn_id: 0xabcdef },
    eventfd: 'fd',
  },
  {
    ioctl: 'KVM_HYPERV_EVENTFD',
    on: 'vm',
    method: 'unregisterHypervEventfd',
    isInner: true,
    struct: 'kvm_hyperv_eventfd',
    values: { conn_id: 0xabcdef, fd: -1, flags: 1 },
  },
];

/** The file descriptor of `/dev/sev` in the calls. The recorder does not use it. */
export const sevFile = 9;
