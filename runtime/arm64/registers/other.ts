/** The registers of arm64 that have ids of their own: timers, the firmware, cache sizes, and SVE. */

import {
  KVM_ARM64_SVE_MAX_SLICES,
  KVM_ARM64_SVE_NUM_PREGS,
  KVM_ARM64_SVE_NUM_ZREGS,
  KVM_REG_ARM_DEMUX,
  KVM_REG_ARM_DEMUX_ID_CCSIDR,
  KVM_REG_ARM_DEMUX_ID_SHIFT,
  KVM_REG_ARM_DEMUX_VAL_SHIFT,
  KVM_REG_ARM_PSCI_VERSION,
  KVM_REG_ARM_PTIMER_CNT,
  KVM_REG_ARM_PTIMER_CTL,
  KVM_REG_ARM_PTIMER_CVAL,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3,
  KVM_REG_ARM_STD_BMAP,
  KVM_REG_ARM_STD_HYP_BMAP,
  KVM_REG_ARM_TIMER_CNT,
  KVM_REG_ARM_TIMER_CTL,
  KVM_REG_ARM_TIMER_CVAL,
  KVM_REG_ARM_VENDOR_HYP_BMAP,
  KVM_REG_ARM_VENDOR_HYP_BMAP_2,
  KVM_REG_ARM64,
  KVM_REG_ARM64_SVE_FFR,
  KVM_REG_ARM64_SVE_PREG,
  KVM_REG_ARM64_SVE_VLS,
  KVM_REG_ARM64_SVE_ZREG,
  KVM_REG_SIZE_U32,
} from '../../../generated/arm64/linux/kvm.js';
import { type Below, below } from '../../registers/register.js';

type TimerName = `CNT${'P' | 'V'}${'_CTL' | '_CVAL' | 'CT'}_EL0`;

/** The names are those of the constants without `KVM_REG_ARM_`. */
type FirmwareName =
  | 'PSCI_VERSION'
  | `SMCCC_ARCH_WORKAROUND_${1 | 2 | 3}`
  | 'STD_BMAP'
  | 'STD_HYP_BMAP'
  | 'VENDOR_HYP_BMAP'
  | 'VENDOR_HYP_BMAP_2';

/**
 * In the kernel's interface the ids of CNTV_CVAL_EL0 and CNTVCT_EL0 are swapped: each has the encoding of the other one. So all
 * timers take the kernel's constants and not the encodings.
 */
const timers: Readonly<Record<TimerName, bigint>> = {
  CNTV_CTL_EL0: KVM_REG_ARM_TIMER_CTL,
  CNTV_CVAL_EL0: KVM_REG_ARM_TIMER_CVAL,
  CNTVCT_EL0: KVM_REG_ARM_TIMER_CNT,
  CNTP_CTL_EL0: KVM_REG_ARM_PTIMER_CTL,
  CNTP_CVAL_EL0: KVM_REG_ARM_PTIMER_CVAL,
  CNTPCT_EL0: KVM_REG_ARM_PTIMER_CNT,
};

const firmware: Readonly<Record<FirmwareName, bigint>> = {
  PSCI_VERSION: KVM_REG_ARM_PSCI_VERSION,
  SMCCC_ARCH_WORKAROUND_1: KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
  SMCCC_ARCH_WORKAROUND_2: KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
  SMCCC_ARCH_WORKAROUND_3: KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3,
  STD_BMAP: KVM_REG_ARM_STD_BMAP,
  STD_HYP_BMAP: KVM_REG_ARM_STD_HYP_BMAP,
  VENDOR_HYP_BMAP: KVM_REG_ARM_VENDOR_HYP_BMAP,
  VENDOR_HYP_BMAP_2: KVM_REG_ARM_VENDOR_HYP_BMAP_2,
};

/** CSSELR_EL1 selects one of seven levels, and data or instructions. */
const cacheCount = 14;

type Vector = `z${Below<32>}`;
type Predicate = `p${Below<16>}` | 'ffr';

/**
 * The widths of these registers by name. `z0` is the first slice of 2048 bits of the register; `z0[1]` is the second one. `CCSIDR2`
 * is the value of CCSIDR_EL1 while CSSELR_EL1 is 2.
 */
export type OtherRegisterBits = Record<TimerName | FirmwareName, 64> &
  Record<`CCSIDR${Below<14>}`, 32> &
  Record<Vector | `${Vector}[${number}]`, 2048> &
  Record<Predicate | `${Predicate}[${number}]`, 256> &
  Record<'sve_vls', 512>;

/** Returns the names and ids of these registers. */
export function otherRegisters(): [string, bigint][] {
  return [
    ...Object.entries(timers),
    ...Object.entries(firmware),
    ...below(cacheCount).map((selector): [string, bigint] => [`CCSIDR${selector}`, cacheSize(selector)]),
    ...below(KVM_ARM64_SVE_MAX_SLICES).flatMap(slicesOfSve),
    ['sve_vls', KVM_REG_ARM64_SVE_VLS],
  ];
}

function cacheSize(selector: number): bigint {
  const which = (KVM_REG_ARM_DEMUX_ID_CCSIDR << KVM_REG_ARM_DEMUX_ID_SHIFT) | (selector << KVM_REG_ARM_DEMUX_VAL_SHIFT);
  return KVM_REG_ARM64 | KVM_REG_SIZE_U32 | BigInt(KVM_REG_ARM_DEMUX) | BigInt(which);
}

function slicesOfSve(slice: number): [string, bigint][] {
  const suffix = slice === 0 ? '' : `[${slice}]`;
  return [
    ...below(KVM_ARM64_SVE_NUM_ZREGS).map((n): [string, bigint] => [
      `z${n}${suffix}`,
      KVM_REG_ARM64_SVE_ZREG(n, slice),
    ]),
    ...below(KVM_ARM64_SVE_NUM_PREGS).map((n): [string, bigint] => [
      `p${n}${suffix}`,
      KVM_REG_ARM64_SVE_PREG(n, slice),
    ]),
    [`ffr${suffix}`, KVM_REG_ARM64_SVE_FFR(slice)],
  ];
}
