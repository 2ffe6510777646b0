/**
 * The little-endian 64-bit MIPS ABI (N64, LP64) as GCC 12 implements it.
 *
 * Sizes and alignments: `sizeof` and `__alignof__` of each type, and its alignment as a member where that is another
 * one. Predefined macros: of the output of
 *   mips64el-linux-gnuabi64-gcc -dM -E -x c /dev/null
 * what `gnu.ts` does not leave out.
 */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import { mips } from './common/mips.js';
import type { Target } from './target.js';

export const mips64el: Target<'mips64el'> = {
  ...lp64,
  ...mips,
  name: 'mips64el',
  debian: { architecture: 'mips64el', multiarch: 'mips64el-linux-gnuabi64' },
  otherPorts: [{ architecture: 'mipsel', multiarch: 'mipsel-linux-gnu' }],
  compiler: { command: ['mips64el-linux-gnuabi64-gcc'], package: 'gcc-mips64el-linux-gnuabi64' },
  byteOrder: 'little',
  charSigned: true,
  scalars: { ...lp64.scalars, _Float128: lp64.scalars['long double'] },
  predefined: `${lp64Macros}${signedWideCharacters}
MIPSEL 1
R4000 1
_ABI64 3
_MIPSEL 1
_MIPS_SIM _ABI64
_MIPS_SZINT 32
_MIPS_SZLONG 64
_MIPS_SZPTR 64
_R4000 1
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__MIPSEL 1
__MIPSEL__ 1
__R4000 1
__R4000__ 1
__mips 64
__mips64 1
__mips__ 1
__mips_isa_rev 2
_mips 1
mips 1
`,
};
