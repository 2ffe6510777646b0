/** The 64-bit Arm ABI (AAPCS64, LP64) as GCC 12 implements it. */

import { attributesWith } from './common/attributes.js';
import { half16, halfFloats, quadFloats } from './common/data-model.js';
import { float16Macros } from './common/float-macros.js';
import {
  flagOutputMacros,
  fusedMacros,
  interferenceMacros,
  largeSwapMacros,
  smallSwapMacros,
  speculationMacros,
  unwindMacros,
} from './common/gnu.js';
import { lp64 } from './common/lp64.js';
import type { Target } from './target.js';

const shared = [
  ...[smallSwapMacros, largeSwapMacros, unwindMacros, fusedMacros],
  ...[speculationMacros, flagOutputMacros, interferenceMacros(256)],
];

export const arm64: Target<'arm64'> = {
  ...lp64,
  name: 'arm64',
  kernelArchitecture: 'arm64',
  ptraceMark: 'PSR_MODE_EL0t',
  debian: { architecture: 'arm64', multiarch: 'aarch64-linux-gnu' },
  nodeArch: 'arm64',
  compiler: { command: ['aarch64-linux-gnu-gcc'], package: 'gcc-aarch64-linux-gnu' },
  byteOrder: 'little',
  charSigned: false,
  wideCharacter: 'unsigned int',
  scalars: {
    ...lp64.scalars,
    ...half16,
    ...quadFloats,
    ...halfFloats,
    __builtin_va_list: { size: 32, align: 8 },
  },
  mostVectorAlignment: 16,
  functionAlignment: 4,
  anonymousBitFieldsAlign: true,
  attributes: attributesWith('aarch64_vector_pcs arm_sve_vector_bits'),
  predefined: `${shared.join('')}${float16Macros}
__AARCH64EL__ 1
__AARCH64_CMODEL_SMALL__ 1
__ARM_64BIT_STATE 1
__ARM_ALIGN_MAX_PWR 28
__ARM_ALIGN_MAX_STACK_PWR 16
__ARM_ARCH 8
__ARM_ARCH_8A 1
__ARM_ARCH_ISA_A64 1
__ARM_ARCH_PROFILE 65
__ARM_FEATURE_CLZ 1
__ARM_FEATURE_FMA 1
__ARM_FEATURE_IDIV 1
__ARM_FEATURE_NUMERIC_MAXMIN 1
__ARM_FEATURE_UNALIGNED 1
__ARM_FP 14
__ARM_FP16_ARGS 1
__ARM_FP16_FORMAT_IEEE 1
__ARM_NEON 1
__ARM_PCS_AAPCS64 1
__ARM_SIZEOF_MINIMAL_ENUM 4
__ARM_SIZEOF_WCHAR_T 4
__FLT_EVAL_METHOD_C99__ 0
__aarch64__ 1
`,
};
