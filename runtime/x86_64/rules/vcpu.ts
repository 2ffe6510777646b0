/** The rules of a vCPU besides those of its registers: KVM_RUN, pending events, CPUID, MSRs and machine checks. */

import type { KvmVcpuEvents } from '../../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import { possibleRule, type Row, rule } from './rule.js';

const EINVAL = 'EINVAL';
const mostCpuidEntries = 256;
const mostMsrs = 255;
const addressSizes = [0, 48, 57];
const lastException = 31;
const nmiVector = 2;

const running: readonly Rule[] = [
  ...(['kvm_valid_regs', 'kvm_dirty_regs'] as const).map((member) =>
    rule('KVM_RUN', EINVAL, {
      rule: `${member} can have the bits that KVM_CHECK_EXTENSION returns for KVM_CAP_SYNC_REGS`,
      remedy: 'use vcpu.syncRegs, which sets the bits',
      broken(run, facts) {
        const known = facts.capability('KVM_CAP_SYNC_REGS');
        const unknown = unknownBits(run[member], known);
        return when(unknown !== 0n, `${member} ${hex(run[member])}; KVM_CAP_SYNC_REGS is ${hex(known)}`);
      },
    }),
  ),
  // The kernel's limit of pages follows the size of the memory, unless KVM_SET_NR_MMU_PAGES has set it.
  rule('KVM_RUN', 'ENOSPC', {
    rule: 'the guest needs memory, and the kernel needs pages for the page tables of the guest',
    remedy: 'call vm.addMemory before the run',
    broken: (_, { slots }) => when(slots === 0, 'the VM has no memory'),
  }),
  possibleRule('KVM_RUN', 'ENOSPC', {
    rule: 'the kernel needs pages for the page tables of the guest',
    remedy: 'add memory, or pass a larger number to vm.setNrMmuPages',
    broken: () => 'the kernel has no page left',
  }),
];

const { KVM_VCPUEVENT_VALID_PAYLOAD, KVM_VCPUEVENT_VALID_TRIPLE_FAULT } = kvm;
const knownEvents = [
  kvm.KVM_VCPUEVENT_VALID_NMI_PENDING,
  kvm.KVM_VCPUEVENT_VALID_SIPI_VECTOR,
  kvm.KVM_VCPUEVENT_VALID_SHADOW,
  kvm.KVM_VCPUEVENT_VALID_SMM,
  KVM_VCPUEVENT_VALID_PAYLOAD,
  KVM_VCPUEVENT_VALID_TRIPLE_FAULT,
];

/** Whether the kernel uses the vector of the exception. Without the payload flag a pending exception is not an exception. */
function hasException({ flags, exception }: KvmVcpuEvents): boolean {
  const isPending = (flags & KVM_VCPUEVENT_VALID_PAYLOAD) !== 0 && exception.pending !== 0;
  return exception.injected !== 0 || isPending;
}

const eventRows: readonly Row<KvmVcpuEvents>[] = [
  {
    rule: 'the flags can be KVM_VCPUEVENT_VALID_…',
    remedy: 'leave out the other flags',
    broken({ flags }) {
      const unknown = unknownBits(flags, ...knownEvents);
      return when(unknown !== 0n, `flags ${hex(flags)}, of which ${hex(unknown)} are unknown`);
    },
  },
  {
    rule: 'the vector of an exception is a number from 0 to 31 except 2, which is the NMI',
    remedy: 'use nmi.pending for an NMI, and interrupt.injected for an interrupt',
    broken: (events) =>
      when(
        hasException(events) && (events.exception.nr > lastException || events.exception.nr === nmiVector),
        `exception ${events.exception.nr}`,
      ),
  },
];

const events: readonly Rule[] = [
  ...eventRows.map((row) => rule('KVM_SET_VCPU_EVENTS', EINVAL, row)),
  ...(
    [
      [KVM_VCPUEVENT_VALID_PAYLOAD, 'KVM_VCPUEVENT_VALID_PAYLOAD', 'KVM_CAP_EXCEPTION_PAYLOAD'],
      [KVM_VCPUEVENT_VALID_TRIPLE_FAULT, 'KVM_VCPUEVENT_VALID_TRIPLE_FAULT', 'KVM_CAP_X86_TRIPLE_FAULT_EVENT'],
    ] as const
  ).map(([flag, name, capability]) =>
    possibleRule('KVM_SET_VCPU_EVENTS', EINVAL, {
      rule: `${name} needs ${capability}, enabled on the VM`,
      remedy: `call vm.enableCap('${capability}', 1), or leave out the flag`,
      broken: ({ flags }) => when((flags & flag) !== 0, `flags ${hex(flags)}`),
    }),
  ),
  rule('KVM_SET_VCPU_EVENTS', EINVAL, {
    rule: 'the state of system management mode needs KVM_CAP_X86_SMM',
    remedy: 'leave out KVM_VCPUEVENT_VALID_SMM, or use a kernel that has the capability',
    broken({ flags, smi }, facts) {
      const isSet = smi.smm !== 0 || smi.pending !== 0 || smi.smm_inside_nmi !== 0 || smi.latched_init !== 0;
      const isUsed = (flags & kvm.KVM_VCPUEVENT_VALID_SMM) !== 0 && isSet;
      return when(isUsed && facts.capability('KVM_CAP_X86_SMM') === 0, `flags ${hex(flags)}, smi.smm ${smi.smm}`);
    },
  }),
  rule('KVM_SET_GUEST_DEBUG', 'EBUSY', {
    rule: 'an exception can be injected if no other exception waits for the guest',
    remedy: 'run the vCPU first',
    broken: (_, { hasException: waits }) => when(waits, 'an exception waits already'),
  }),
  rule('KVM_SET_MP_STATE', EINVAL, {
    rule: 'on x86 the state can be RUNNABLE, UNINITIALIZED, INIT_RECEIVED, HALTED, SIPI_RECEIVED or AP_RESET_HOLD',
    remedy: 'use one of these',
    broken({ mp_state: state }) {
      const { KVM_MP_STATE_SIPI_RECEIVED, KVM_MP_STATE_AP_RESET_HOLD } = kvm;
      return when(state > KVM_MP_STATE_SIPI_RECEIVED && state !== KVM_MP_STATE_AP_RESET_HOLD, `state ${state}`);
    },
  }),
  possibleRule('KVM_SET_VAPIC_ADDR', EINVAL, {
    rule: 'the address must be in a memory slot',
    remedy: 'call vm.addMemory first, or use another address',
    broken: ({ vapic_addr: address }, { hasLapic }) => when(hasLapic, `address ${hex(address)}`),
  }),
  rule('KVM_KVMCLOCK_CTRL', EINVAL, {
    rule: 'the guest must have turned its kvmclock on',
    remedy: 'ignore the error: a guest without kvmclock does not need the call',
    broken: () => 'the guest has not turned its kvmclock on',
  }),
];

/** The entry of CPUID with the sizes of addresses. */
function addressSizeOf(cpuid: kvm.KvmCpuid2): number {
  const entry = [...cpuid.entries].find((each) => each.function === 0x8000_0008);
  return ((entry?.eax ?? 0) >> 8) & 0xff;
}

const cpuid: readonly Rule[] = [
  rule('KVM_SET_CPUID2', 'E2BIG', {
    rule: 'a vCPU has at most 256 CPUID entries',
    remedy: 'leave out leaves that are 0',
    broken: ({ nent }) => when(nent > mostCpuidEntries, `${nent} entries`),
  }),
  rule('KVM_SET_CPUID2', EINVAL, {
    rule: 'linear addresses have 48 or 57 bits (bits 8 to 15 of eax of leaf 0x80000008), or the leaf is 0',
    remedy: 'use the leaf of kvm.getSupportedCpuid',
    broken: (leaves) => when(!addressSizes.includes(addressSizeOf(leaves)), `${addressSizeOf(leaves)} bits`),
  }),
  rule('KVM_SET_CPUID2', EINVAL, {
    rule: 'the CPUID of a vCPU cannot change after its first KVM_RUN',
    remedy: 'call vcpu.setCpuid2 before vcpu.run',
    broken: (leaves, { hasRun }) =>
      when(hasRun && addressSizes.includes(addressSizeOf(leaves)), 'the vCPU has run, and the entries differ'),
  }),
];

const lists: readonly Rule[] = [
  ...(['KVM_GET_SUPPORTED_CPUID', 'KVM_GET_EMULATED_CPUID', 'KVM_GET_CPUID2'] as const).map((ioctl) =>
    rule(ioctl, 'E2BIG', {
      rule: 'the argument must have room for all entries',
      remedy: `allocate more, such as 256; the method without an argument does this`,
      broken: ({ nent }) => `the buffer has too few elements: it has room for ${nent}`,
    }),
  ),
  ...(['KVM_GET_MSR_INDEX_LIST', 'KVM_GET_MSR_FEATURE_INDEX_LIST'] as const).map((ioctl) =>
    rule(ioctl, 'E2BIG', {
      rule: 'the argument must have room for all indices',
      remedy: 'allocate more; the kernel has written the number to nmsrs',
      broken: ({ nmsrs }) => `the buffer has too few elements; the kernel has ${nmsrs} MSRs`,
    }),
  ),
  ...(['KVM_GET_MSRS', 'KVM_SET_MSRS'] as const).map((ioctl) =>
    rule(ioctl, 'E2BIG', {
      rule: 'one call can have at most 255 MSRs',
      remedy: 'make several calls, as getMsrs and setMsrs do',
      broken: ({ nmsrs }) => when(nmsrs > mostMsrs, `${nmsrs} MSRs`),
    }),
  ),
  ...(['KVM_GET_ONE_REG', 'KVM_SET_ONE_REG'] as const).map((ioctl) =>
    possibleRule(ioctl, EINVAL, {
      rule: 'the id must be that of a register of the vCPU: architecture, size, kind and number',
      remedy: 'use KVM_REG_X86 with the size 64, and the index of an MSR of the vCPU',
      broken: ({ id }) => `register ${hex(id)}`,
    }),
  ),
];

/** The bits of the capabilities that say how many banks there are. */
const bankBits = 0xffn;
const statusValid = 1n << 63n;

const machineChecks: readonly Rule[] = [
  rule('KVM_X86_SETUP_MCE', EINVAL, {
    rule: 'bits 0 to 7 are the number of banks, from 1 to the value of KVM_CAP_MCE',
    remedy: 'use a number of banks in this range',
    broken({ value }, facts) {
      const most = facts.capability('KVM_CAP_MCE');
      const banks = Number(value & bankBits);
      return when(banks === 0 || banks > most, `${banks} banks; KVM_CAP_MCE is ${most}`);
    },
  }),
  possibleRule('KVM_X86_SETUP_MCE', EINVAL, {
    rule: 'the other bits must be in the mask of kvm.getMceCapSupported',
    remedy: 'leave out the other bits',
    broken: ({ value }) => when((value & ~bankBits) !== 0n, `capabilities ${hex(value)}`),
  }),
  rule('KVM_X86_SET_MCE', EINVAL, {
    rule: 'the status of a machine check must be valid (bit 63)',
    remedy: 'set bit 63 of status',
    broken: ({ status }) => when((status & statusValid) === 0n, `status ${hex(status)}`),
  }),
  possibleRule('KVM_X86_SET_MCE', EINVAL, {
    rule: 'the bank must be less than the number of banks in vcpu.setupMce',
    remedy: 'call vcpu.setupMce first, or use a smaller bank',
    broken: ({ bank }) => `bank ${bank}`,
  }),
];

/** The rules of a vCPU. */
export const vcpuRules: readonly Rule[] = [...running, ...events, ...cpuid, ...lists, ...machineChecks];
