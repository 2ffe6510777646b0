/** The facts that the targets of the kernel architecture `mips` share, and the facts of the ABI N64. */

import type { DataModel, KernelArchitecture, Target } from '../target.js';
import { attributesWith } from './attributes.js';
import { quadFloats } from './data-model.js';
import { fixedPointMacros } from './fixed-point-macros.js';
import { smallSwapMacros } from './gnu.js';
import { lp64 } from './lp64.js';

export const mips: KernelArchitecture = { kernelArchitecture: 'mips', ptraceMark: 'DSP_CONTROL' };

/** LP64 on MIPS. */
export const n64: DataModel & Pick<Target, 'charSigned'> = {
  ...lp64,
  charSigned: true,
  functionAlignment: 4,
  attributes: attributesWith(`
    far interrupt keep_interrupts_masked long_call micromips mips16 near nocompression nomicromips nomips16 short_call
    use_debug_exception_return use_shadow_register_set
  `),
  scalars: { ...lp64.scalars, ...quadFloats },
};

export const n64Macros: string = `${smallSwapMacros}${fixedPointMacros(64)}
LANGUAGE_C 1
R4000 1
_ABI64 3
_LANGUAGE_C 1
_MIPS_ARCH "mips64r2"
_MIPS_ARCH_MIPS64R2 1
_MIPS_FPSET 32
_MIPS_ISA _MIPS_ISA_MIPS64
_MIPS_SIM _ABI64
_MIPS_SPFPSET 32
_MIPS_SZINT 32
_MIPS_SZLONG 64
_MIPS_SZPTR 64
_MIPS_TUNE "mips64r2"
_MIPS_TUNE_MIPS64R2 1
_R4000 1
__GCC_HAVE_BUILTIN_MIPS_CACHE 1
__GCC_IEC_559 1
__GCC_IEC_559_COMPLEX 1
__LANGUAGE_C 1
__LANGUAGE_C__ 1
__PIC__ 1
__R4000 1
__R4000__ 1
__REGISTER_PREFIX__ $
__mips 64
__mips64 1
__mips__ 1
__mips_abicalls 1
__mips_fpr 64
__mips_hard_float 1
__mips_isa_rev 2
__pic__ 1
_mips 1
mips 1
`;
