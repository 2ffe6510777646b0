/** The rules of the registers of x86: control registers, XCR0, debug registers and the XSAVE area. */

import type { KvmSregs } from '../../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import type { Facts } from './facts.js';
import { possibleRule, type Row, rule } from './rule.js';

/** The registers that KVM_SET_SREGS and KVM_SET_SREGS2 have in common. */
type Registers = Pick<KvmSregs, 'cr0' | 'cr3' | 'cr4' | 'efer' | 'apic_base' | 'cs'>;

const cr0 = { PE: 1n << 0n, NW: 1n << 29n, CD: 1n << 30n, PG: 1n << 31n } as const;
const efer = { LME: 1n << 8n, LMA: 1n << 10n } as const;
const pae = 1n << 5n;
/** The bits of cr4 that every processor has which KVM supports. */
const cr4Always = 0x7ffn & ~(1n << 11n);
/** The bits of cr4 that need a feature of the processor. */
const cr4Features: readonly (readonly [bit: bigint, name: string])[] = [
  [11n, 'UMIP'],
  [12n, 'LA57'],
  [13n, 'VMXE'],
  [14n, 'SMXE'],
  [16n, 'FSGSBASE'],
  [17n, 'PCIDE'],
  [18n, 'OSXSAVE'],
  [19n, 'KL'],
  [20n, 'SMEP'],
  [21n, 'SMAP'],
  [22n, 'PKE'],
  [23n, 'CET'],
  [24n, 'PKS'],
  [25n, 'UINTR'],
  [27n, 'LASS'],
  [28n, 'LAM_SUP'],
  [32n, 'FRED'],
];
const cr4Optional = cr4Features.reduce((mask, [bit]) => mask | (1n << bit), 0n);
const apic = { reserved: 0x2ffn, x2apic: 1n << 10n, enable: 1n << 11n } as const;

function isLong({ cr0: zero, efer: extended }: Registers): boolean {
  return (zero & cr0.PG) !== 0n && (extended & efer.LME) !== 0n;
}

const pagingRows: readonly Row<Registers>[] = [
  {
    rule: 'bits 32 to 63 of cr0 are reserved',
    remedy: 'clear them',
    broken: (sregs) => when(sregs.cr0 >> 32n !== 0n, `cr0 ${hex(sregs.cr0)}`),
  },
  {
    rule: 'cr0.NW (bit 29) needs cr0.CD (bit 30)',
    remedy: 'clear NW, or set CD too',
    broken: (sregs) => when((sregs.cr0 & (cr0.NW | cr0.CD)) === cr0.NW, `cr0 ${hex(sregs.cr0)}: NW without CD`),
  },
  {
    rule: 'paging (cr0.PG, bit 31) needs protected mode (cr0.PE, bit 0)',
    remedy: 'set PE too',
    broken: (sregs) => when((sregs.cr0 & (cr0.PG | cr0.PE)) === cr0.PG, `cr0 ${hex(sregs.cr0)}: PG without PE`),
  },
  {
    rule: 'paging with efer.LME (bit 8) needs cr4.PAE (bit 5)',
    remedy: 'set PAE, or clear LME',
    broken: (sregs) =>
      when(
        isLong(sregs) && (sregs.cr4 & pae) === 0n,
        `cr0.PG without cr4.PAE: efer ${hex(sregs.efer)}, cr4 ${hex(sregs.cr4)}`,
      ),
  },
  {
    rule: 'paging with efer.LME (bit 8) is long mode, which needs efer.LMA (bit 10)',
    remedy: 'set LMA too: the kernel does not set it as a processor does',
    broken: (sregs) =>
      when(isLong(sregs) && (sregs.efer & efer.LMA) === 0n, `efer ${hex(sregs.efer)}: LME and cr0.PG without LMA`),
  },
  {
    rule: 'efer.LMA (bit 10) needs paging (cr0.PG, bit 31) and efer.LME (bit 8)',
    remedy: 'set cr0.PG, cr4.PAE and LME too, or clear LMA',
    broken: (sregs) =>
      when(!isLong(sregs) && (sregs.efer & efer.LMA) !== 0n, `efer ${hex(sregs.efer)}, cr0 ${hex(sregs.cr0)}`),
  },
  {
    rule: 'a 64-bit code segment (cs.l) needs long mode: efer.LME, efer.LMA and cr0.PG',
    remedy: 'clear cs.l, or set long mode up',
    broken: (sregs) => when(!isLong(sregs) && sregs.cs.l !== 0, `cs.l ${sregs.cs.l}: efer ${hex(sregs.efer)}`),
  },
];

const addressRows: readonly Row<Registers>[] = [
  {
    rule: 'in long mode cr3 must be a physical address of the vCPU, which CPUID 0x80000008 limits; without CPUID to 36 bits',
    remedy: 'use a lower address, or call vcpu.setCpuid2 first',
    broken(sregs, facts) {
      // The processor has further bits of cr3 from bit 61 on.
      const address = BigInt.asUintN(61, sregs.cr3);
      if (!isLong(sregs)) return undefined;
      const bits = facts.physicalBits;
      return when(address >> BigInt(bits) !== 0n, `cr3 ${hex(sregs.cr3)}; physical addresses have ${bits} bits`);
    },
  },
  {
    rule: 'bits 15, 26, 29 to 31 and 33 to 63 of cr4 are reserved',
    remedy: 'clear them',
    broken({ cr4 }) {
      const unknown = unknownBits(cr4, cr4Always, cr4Optional);
      return when(unknown !== 0n, `cr4 ${hex(cr4)}, of which ${hex(unknown)} are reserved`);
    },
  },
  {
    rule: 'bits 0 to 7 and 9 of the APIC base are reserved',
    remedy: 'use 0xfee00000 with bit 11 (enabled), and bit 8 for the boot vCPU',
    broken: ({ apic_base: base }) => when((base & apic.reserved) !== 0n, `apic_base ${hex(base)}`),
  },
  {
    rule: 'the APIC base must be a physical address of the vCPU, which CPUID 0x80000008 limits; without CPUID to 36 bits',
    remedy: 'use 0xfee00000',
    broken({ apic_base: base }, facts) {
      const bits = facts.physicalBits;
      return when(base >> BigInt(bits) !== 0n, `apic_base ${hex(base)}; physical addresses have ${bits} bits`);
    },
  },
  {
    rule: 'x2APIC mode (bit 10 of the APIC base) needs the APIC enabled (bit 11)',
    remedy: 'set bit 11 too',
    broken: ({ apic_base: base }) =>
      when((base & (apic.x2apic | apic.enable)) === apic.x2apic, `apic_base ${hex(base)}`),
  },
  {
    rule: 'x2APIC mode (bit 10 of the APIC base) needs x2APIC in the CPUID of the vCPU',
    remedy: 'call vcpu.setCpuid2 first, with bit 21 of ecx of leaf 1',
    broken: ({ apic_base: base }, facts: Facts) =>
      when((base & apic.x2apic) !== 0n && !facts.hasX2apic, `apic_base ${hex(base)}`),
  },
];

const featureRow: Row<Registers> = {
  rule: 'a bit of cr4 needs its feature in the kernel (kvm.getSupportedCpuid) and in the vCPU (vcpu.setCpuid2)',
  remedy: 'clear the bit, or set the feature in the CPUID of the vCPU',
  broken({ cr4 }) {
    const set = cr4Features.filter(([bit]) => ((cr4 >> bit) & 1n) === 1n);
    return when(set.length > 0, `cr4 ${hex(cr4)} has ${set.map(([bit, name]) => `${name} (bit ${bit})`).join(', ')}`);
  },
};

/** Where an ioctl has its registers. Undefined if the kernel does not set them. */
type Part<T> = (argument: T) => Registers | undefined;

/** The row for the registers of an ioctl. */
function rowOf<T>(row: Row<Registers>, part: Part<T>): Row<T> {
  return {
    ...row,
    broken(argument, facts) {
      const registers = part(argument);
      return registers === undefined ? undefined : row.broken(registers, facts);
    },
  };
}

const EINVAL = 'EINVAL';
const { KVM_SYNC_X86_SREGS, KVM_SYNC_X86_EVENTS } = kvm;
const certainRows = [...pagingRows, ...addressRows];

/** The registers that KVM_RUN sets, if they are dirty. */
const syncedSregs: Part<kvm.KvmRun> = ({ kvm_dirty_regs: dirty, s }) =>
  (dirty & BigInt(KVM_SYNC_X86_SREGS)) === 0n ? undefined : s.regs.sregs;

const controlRegisters: readonly Rule[] = [
  ...(['KVM_SET_SREGS', 'KVM_SET_SREGS2'] as const).flatMap((ioctl) => [
    ...certainRows.map((row) => rule(ioctl, EINVAL, row)),
    possibleRule(ioctl, EINVAL, featureRow),
  ]),
  ...certainRows.map((row) => rule('KVM_RUN', EINVAL, { ...rowOf(row, syncedSregs), see: 'KVM_SET_SREGS' })),
  possibleRule('KVM_RUN', EINVAL, {
    // If the set is in kvm_valid_regs too, the kernel has replaced the values when it refuses.
    rule: 'registers in kvm_dirty_regs must follow the rules of KVM_SET_SREGS and KVM_SET_VCPU_EVENTS',
    remedy: 'set them with vcpu.setSregs or vcpu.setVcpuEvents, whose error names the rule',
    see: 'KVM_SET_SREGS',
    broken: ({ kvm_dirty_regs: dirty }) =>
      when((dirty & BigInt(KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)) !== 0n, `kvm_dirty_regs ${hex(dirty)}`),
  }),
  rule('KVM_SET_SREGS2', EINVAL, {
    rule: 'the flags can be KVM_SREGS2_FLAGS_PDPTRS_VALID',
    remedy: 'leave out the other flags',
    broken: ({ flags }) => when(unknownBits(flags, kvm.KVM_SREGS2_FLAGS_PDPTRS_VALID) !== 0n, `flags ${hex(flags)}`),
  }),
  rule('KVM_SET_SREGS2', EINVAL, {
    rule: 'the page directory pointers need PAE paging: cr0.PG and cr4.PAE without efer.LMA',
    remedy: 'leave out KVM_SREGS2_FLAGS_PDPTRS_VALID in other modes',
    broken(sregs) {
      const hasPointers = (sregs.flags & BigInt(kvm.KVM_SREGS2_FLAGS_PDPTRS_VALID)) !== 0n;
      const isPae = (sregs.cr0 & cr0.PG) !== 0n && (sregs.cr4 & pae) !== 0n && (sregs.efer & efer.LMA) === 0n;
      return when(
        hasPointers && !isPae,
        `pdptrs with cr0 ${hex(sregs.cr0)}, cr4 ${hex(sregs.cr4)}, efer ${hex(sregs.efer)}`,
      );
    },
  }),
];

const xcr0 = { x87: 1n, sse: 2n, avx: 4n, bound: 0x18n, avx512: 0xe0n } as const;

/** The value of XCR0 among the extended control registers. */
function xcr0Of({ nr_xcrs: count, xcrs }: kvm.KvmXcrs): bigint | undefined {
  return [...xcrs].slice(0, count).find(({ xcr }) => xcr === 0)?.value;
}

function xcr0Row(text: string, remedy: string, isWrong: (value: bigint) => boolean): Row<kvm.KvmXcrs> {
  return {
    rule: text,
    remedy,
    broken(xcrs) {
      const value = xcr0Of(xcrs);
      return value === undefined ? undefined : when(isWrong(value), `xcr0 ${hex(value)}`);
    },
  };
}

function isPartOf(value: bigint, mask: bigint): boolean {
  return (value & mask) !== 0n && (value & mask) !== mask;
}

const extended: readonly Rule[] = [
  rule('KVM_SET_XCRS', EINVAL, {
    rule: 'the flags must be 0, and there can be at most 16 registers',
    remedy: 'fill the view with getXcrs first',
    broken: ({ flags, nr_xcrs: count }) => when(flags !== 0 || count > 16, `flags ${hex(flags)}, ${count} registers`),
  }),
  rule(
    'KVM_SET_XCRS',
    EINVAL,
    xcr0Row('x87 (bit 0) of xcr0 must be 1', 'set it', (value) => (value & xcr0.x87) === 0n),
  ),
  rule(
    'KVM_SET_XCRS',
    EINVAL,
    xcr0Row(
      'AVX (bit 2) of xcr0 needs SSE (bit 1)',
      'set bit 1 too',
      (value) => (value & (xcr0.avx | xcr0.sse)) === xcr0.avx,
    ),
  ),
  rule(
    'KVM_SET_XCRS',
    EINVAL,
    xcr0Row('bits 3 and 4 of xcr0 (MPX) must be equal', 'set both or none', (value) => isPartOf(value, xcr0.bound)),
  ),
  rule(
    'KVM_SET_XCRS',
    EINVAL,
    xcr0Row(
      'bits 5 to 7 of xcr0 (AVX-512) must be equal, and need AVX (bit 2)',
      'set bits 2, 5, 6 and 7, or none of them',
      (value) => isPartOf(value, xcr0.avx512) || (value & (xcr0.avx512 | xcr0.avx)) === xcr0.avx512,
    ),
  ),
  possibleRule(
    'KVM_SET_XCRS',
    EINVAL,
    xcr0Row(
      'a bit of xcr0 except bit 0 needs its bit in leaf 0xd of the CPUID of the vCPU',
      'call vcpu.setCpuid2 first, or clear the bit',
      (value) => (value & ~xcr0.x87) !== 0n,
    ),
  ),
];

function debugRow(register: 'dr6' | 'dr7'): Row<kvm.KvmDebugregs> {
  return {
    rule: `bits 32 to 63 of ${register} are reserved`,
    remedy: 'clear them',
    broken: (debugregs) => when(debugregs[register] >> 32n !== 0n, `${register} ${hex(debugregs[register])}`),
  };
}

const debug: readonly Rule[] = [
  rule('KVM_SET_DEBUGREGS', EINVAL, debugRow('dr6')),
  rule('KVM_SET_DEBUGREGS', EINVAL, debugRow('dr7')),
  rule('KVM_SET_DEBUGREGS', EINVAL, {
    rule: 'the flags must be 0',
    remedy: 'set them to 0',
    broken: ({ flags }) => when(flags !== 0n, `flags ${hex(flags)}`),
  }),
];

/** The words of 32 bits of the XSAVE area. The header follows the legacy area of 512 bytes. */
const xsaveWord = { features: 128, compaction: 130, reserved: 132, end: 144 } as const;

function xsaveRow(text: string, remedy: string, from: number, to: number): Row<kvm.KvmXsave> {
  return {
    rule: text,
    remedy,
    broken({ region }) {
      const at = [...region].findIndex((word, index) => index >= from && index < to && word !== 0);
      return when(at >= 0, `bytes ${at * 4} to ${at * 4 + 3} of the XSAVE area are not 0`);
    },
  };
}

const xsave: readonly Rule[] = [
  rule(
    'KVM_SET_XSAVE',
    EINVAL,
    xsaveRow(
      'the XSAVE area has the standard format, whose XCOMP_BV (bytes 520 to 527) is 0',
      'use an area of getXsave or getXsave2',
      xsaveWord.compaction,
      xsaveWord.reserved,
    ),
  ),
  rule(
    'KVM_SET_XSAVE',
    EINVAL,
    xsaveRow('bytes 528 to 575 of the XSAVE area are reserved', 'clear them', xsaveWord.reserved, xsaveWord.end),
  ),
  rule('KVM_GET_XSAVE', EINVAL, {
    rule: 'KVM_GET_XSAVE reads an area of at most 4096 bytes',
    remedy: 'use vcpu.getXsave2',
    broken(_, facts) {
      const bytes = facts.capability('KVM_CAP_XSAVE2');
      return when(bytes > 4096, `an area of ${bytes} bytes (KVM_CAP_XSAVE2)`);
    },
  }),
  possibleRule('KVM_SET_XSAVE', EINVAL, {
    rule: 'a bit of XSTATE_BV (bytes 512 to 519) needs its bit in leaf 0xd of the CPUID of the vCPU and in the kernel',
    remedy: 'clear the bit, or call vcpu.setCpuid2 first',
    broken({ region }) {
      const [low = 0, high = 0] = [...region].slice(xsaveWord.features, xsaveWord.compaction);
      const features = (BigInt(high) << 32n) | BigInt(low);
      return when(features !== 0n, `XSTATE_BV ${hex(features)}`);
    },
  }),
];

/** The rules of the registers. */
export const registerRulesOfX86: readonly Rule[] = [...controlRegisters, ...extended, ...debug, ...xsave];
