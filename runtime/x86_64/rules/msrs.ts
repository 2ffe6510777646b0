/** The rules of the values of model-specific registers. KVM_SET_MSRS has no errno for them: it stops at the MSR that it refuses. */

import type { KvmMsrEntry } from '../../../generated/x86_64/linux/kvm.js';
import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import type { Row } from './rule.js';

/** The MSRs whose value is a linear address. The kernel makes those of SYSENTER canonical itself. */
const addresses = new Set([0xc000_0082, 0xc000_0083, 0xc000_0100, 0xc000_0101, 0xc000_0102]);
const apicBase = { index: 0x1b, reserved: 0x2ffn } as const;
const efer = { index: 0xc000_0080, bits: 0x0020_fd01n } as const;
const tscAux = 0xc000_0103;
/** The most bits of a linear address. */
const linearBits = 57;

const certainRows: readonly Row<KvmMsrEntry>[] = [
  {
    rule: 'LSTAR, CSTAR, FS.base, GS.base and KernelGSbase have canonical addresses, whose high bits are all equal',
    remedy: 'use a linear address that the processor has',
    broken({ index, data }) {
      const isCanonical = BigInt.asUintN(64, BigInt.asIntN(linearBits, data)) === data;
      return when(addresses.has(index) && !isCanonical, `${hex(data)} is not canonical`);
    },
  },
  {
    rule: 'bits 32 to 63 of TSC_AUX are reserved',
    remedy: 'clear them',
    broken: ({ index, data }) => when(index === tscAux && data >> 32n !== 0n, `${hex(data)}`),
  },
  {
    rule: 'EFER has the bits 0, 8, 10 to 15 and 21 only',
    remedy: 'clear the other bits',
    broken({ index, data }) {
      const unknown = unknownBits(data, efer.bits);
      return when(index === efer.index && unknown !== 0n, `${hex(data)}, of which ${hex(unknown)} are reserved`);
    },
  },
  {
    rule: 'bits 0 to 7 and 9 of the APIC base are reserved, and it must be a physical address of the vCPU',
    remedy: 'use 0xfee00000 with bit 11 (enabled), and bit 8 for the boot vCPU',
    broken({ index, data }, facts) {
      if (index !== apicBase.index) return undefined;
      return when((data & apicBase.reserved) !== 0n || data >> BigInt(facts.physicalBits) !== 0n, hex(data));
    },
  },
];

const possibleRows: readonly Row<KvmMsrEntry>[] = [
  {
    rule: 'the processor of the vCPU must accept the value, and the MSR must not be read-only; KVM_SET_CPUID2 decides',
    remedy: 'use a value that the CPUID of the vCPU permits',
    broken: ({ index, data }, facts) =>
      when(facts.hasMsr(index), `the vCPU has this MSR, but not with the value ${hex(data)}`),
  },
  {
    rule: 'the vCPU must have the MSR; KVM_SET_CPUID2 decides',
    remedy: 'kvm.getMsrIndexList returns the MSRs of the kernel',
    broken: ({ index }, facts) => when(!facts.hasMsr(index), 'the vCPU does not have this MSR, or it cannot be read'),
  },
];

function msrRule(row: Row<KvmMsrEntry>, isCertain: boolean): Rule {
  return { ...row, ioctl: 'KVM_SET_MSRS', code: 'ERR_KVM_MSR_REFUSED', isCertain };
}

/** The rules of the values of MSRs. The argument is the entry of one MSR. */
export const msrRules: readonly Rule[] = [
  ...certainRows.map((row) => msrRule(row, true)),
  ...possibleRows.map((row) => msrRule(row, false)),
];
