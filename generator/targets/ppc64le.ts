/** The little-endian 64-bit PowerPC ABI (ELFv2, LP64) as GCC 12 implements it. */

import { quadFloats } from './common/data-model.js';
import { largeSwapMacros } from './common/gnu.js';
import { powerpc, powerpc64, powerpc64Macros } from './common/powerpc.js';
import type { Target } from './target.js';

export const ppc64le: Target<'ppc64le'> = {
  ...powerpc64,
  ...powerpc,
  name: 'ppc64le',
  debian: { architecture: 'ppc64el', multiarch: 'powerpc64le-linux-gnu' },
  nodeArch: 'ppc64',
  compiler: { command: ['powerpc64le-linux-gnu-gcc'], package: 'gcc-powerpc64le-linux-gnu' },
  byteOrder: 'little',
  otherNames: new Map([
    ['__ibm128', 'long double'],
    ['__float128', '_Float128'],
    ['__ieee128', '_Float128'],
  ]),
  scalars: { ...powerpc64.scalars, ...quadFloats },
  predefined: `${powerpc64Macros}${largeSwapMacros}
_ARCH_PWR5 1
_ARCH_PWR5X 1
_ARCH_PWR6 1
_ARCH_PWR7 1
_ARCH_PWR8 1
_CALL_ELF 2
_LITTLE_ENDIAN 1
__ALTIVEC__ 1
__APPLE_ALTIVEC__ 1
__CRYPTO__ 1
__FLOAT128_TYPE__ 1
__FLOAT128__ 1
__LITTLE_ENDIAN__ 1
__POWER8_VECTOR__ 1
__QUAD_MEMORY_ATOMIC__ 1
__RECIP_PRECISION__ 1
__RECIP__ 1
__RSQRTEF__ 1
__SIZEOF_FLOAT128__ 16
__SIZEOF_IEEE128__ 16
__VEC_ELEMENT_REG_ORDER__ __ORDER_LITTLE_ENDIAN__
__VEC__ 10206
__VSX__ 1
__builtin_copysignq __builtin_copysignf128
__builtin_fabsq __builtin_fabsf128
__builtin_huge_valq __builtin_huge_valf128
__builtin_infq __builtin_inff128
__builtin_nanq __builtin_nanf128
__builtin_nansq __builtin_nansf128
__float128 __ieee128
`,
};
