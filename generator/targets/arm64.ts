/** The 64-bit Arm ABI (AAPCS64, LP64) as GCC 12 implements it. */

import { quad } from './common/data-model.js';
import { unsignedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import type { Target } from './target.js';

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
  scalars: { ...lp64.scalars, _Float128: quad },
  mostVectorAlignment: 16,
  anonymousBitFieldsAlign: true,
  predefined: `${lp64Macros}${unsignedWideCharacters}
__AARCH64EL__ 1
__ARM_64BIT_STATE 1
__ARM_ARCH 8
__ARM_ARCH_ISA_A64 1
__ARM_PCS_AAPCS64 1
__ARM_SIZEOF_MINIMAL_ENUM 4
__ARM_SIZEOF_WCHAR_T 4
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__aarch64__ 1
`,
};
