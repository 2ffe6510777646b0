/** The 32-bit Arm ABI (AAPCS, hard float) as GCC 12 implements it. */

import { attributesWith } from './common/attributes.js';
import { halfFloats } from './common/data-model.js';
import { fixedPointMacros } from './common/fixed-point-macros.js';
import { flagOutputMacros, interferenceMacros, smallSwapMacros, speculationMacros } from './common/gnu.js';
import { ilp32 } from './common/ilp32.js';
import type { Target } from './target.js';

const shared = [smallSwapMacros, speculationMacros, flagOutputMacros, interferenceMacros(64)];

export const arm: Target<'arm'> = {
  ...ilp32,
  name: 'arm',
  kernelArchitecture: 'arm',
  ptraceMark: 'ARM_cpsr',
  debian: { architecture: 'armhf', multiarch: 'arm-linux-gnueabihf' },
  otherPorts: [{ architecture: 'armel', multiarch: 'arm-linux-gnueabi' }],
  nodeArch: 'arm',
  compiler: { command: ['arm-linux-gnueabihf-gcc'], package: 'gcc-arm-linux-gnueabihf' },
  withoutKvm: 'KVM for 32-bit Arm was removed in Linux 5.7',
  byteOrder: 'little',
  charSigned: false,
  wideCharacter: 'unsigned int',
  scalars: { ...ilp32.scalars, __bf16: halfFloats.__bf16, __builtin_va_list: { size: 4, align: 4 } },
  biggestAlignment: 8,
  mostVectorAlignment: 8,
  functionAlignment: 2,
  anonymousBitFieldsAlign: true,
  attributes: attributesWith('cmse_nonsecure_entry interrupt isr long_call naked pcs short_call'),
  predefined: `${shared.join('')}${fixedPointMacros(32)}
__APCS_32__ 1
__ARMEL__ 1
__ARM_32BIT_STATE 1
__ARM_ARCH 7
__ARM_ARCH_7A__ 1
__ARM_ARCH_ISA_ARM 1
__ARM_ARCH_ISA_THUMB 2
__ARM_ARCH_PROFILE 65
__ARM_ASM_SYNTAX_UNIFIED__ 1
__ARM_EABI__ 1
__ARM_FEATURE_CLZ 1
__ARM_FEATURE_COPROC 15
__ARM_FEATURE_DSP 1
__ARM_FEATURE_LDREX 15
__ARM_FEATURE_QBIT 1
__ARM_FEATURE_SAT 1
__ARM_FEATURE_SIMD32 1
__ARM_FEATURE_UNALIGNED 1
__ARM_FP 12
__ARM_PCS_VFP 1
__ARM_SIZEOF_MINIMAL_ENUM 4
__ARM_SIZEOF_WCHAR_T 4
__GXX_TYPEINFO_EQUALITY_INLINE 0
__THUMBEL__ 1
__THUMB_INTERWORK__ 1
__VFP_FP__ 1
__arm__ 1
__thumb2__ 1
__thumb__ 1
`,
};
