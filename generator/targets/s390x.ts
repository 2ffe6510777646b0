/** The 64-bit s390 ABI (LP64) as GCC 12 implements it. The natural alignment of a type is at most eight bytes. */

import { attributesWith } from './common/attributes.js';
import { decimals } from './common/data-model.js';
import { decimalMacros } from './common/float-macros.js';
import { fusedMacros, largeSwapMacros, smallSwapMacros, speculationMacros, unwindMacros } from './common/gnu.js';
import { lp64 } from './common/lp64.js';
import type { Measure, Target } from './target.js';

const shared = [smallSwapMacros, largeSwapMacros, unwindMacros, fusedMacros, speculationMacros];

const quad: Measure = { size: 16, align: 8 };

export const s390x: Target<'s390x'> = {
  ...lp64,
  name: 's390x',
  kernelArchitecture: 's390',
  ptraceMark: 'NUM_ACRS',
  debian: { architecture: 's390x', multiarch: 's390x-linux-gnu' },
  nodeArch: 's390x',
  compiler: { command: ['s390x-linux-gnu-gcc'], package: 'gcc-s390x-linux-gnu' },
  byteOrder: 'big',
  smallPointer: 4,
  charSigned: false,
  scalars: {
    ...lp64.scalars,
    'long double': quad,
    __int128: quad,
    'unsigned __int128': quad,
    ...decimals,
    _Decimal128: quad,
    _Float128: quad,
    _Float64x: quad,
    __builtin_va_list: { size: 32, align: 8 },
  },
  biggestAlignment: 8,
  functionAlignment: 8,
  zeroBits: { clz: 64 },
  attributes: attributesWith(`
    function_return function_return_mem function_return_reg hotpatch indirect_branch indirect_branch_call
    indirect_branch_jump s390_vector_bool
  `),
  predefined: `${shared.join('')}${decimalMacros}
__ARCH__ 9
__LONG_DOUBLE_128__ 1
__s390__ 1
__s390x__ 1
__zarch__ 1
`,
};
