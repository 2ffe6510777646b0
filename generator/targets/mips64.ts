/**
 * The big-endian 64-bit MIPS ABI (N64, LP64) as GCC 12 implements it.
 *
 * Sizes and alignments: `sizeof` and `__alignof__` of each type, and its alignment as a member where that is another
 * one. Predefined macros: of the output of
 *   mips64-linux-gnuabi64-gcc -dM -E -x c /dev/null
 * what `gnu.ts` does not leave out.
 */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import { mips } from './common/mips.js';
import type { Target } from './target.js';

export const mips64: Target<'mips64'> = {
  ...lp64,
  ...mips,
  name: 'mips64',
  debian: { architecture: 'mips64', multiarch: 'mips64-linux-gnuabi64' },
  otherPorts: [{ architecture: 'mips', multiarch: 'mips-linux-gnu' }],
  compiler: { command: ['mips64-linux-gnuabi64-gcc'], package: 'gcc-mips64-linux-gnuabi64' },
  byteOrder: 'big',
  charSigned: true,
  scalars: { ...lp64.scalars, _Float128: lp64.scalars['long double'] },
  predefined: `${lp64Macros}${signedWideCharacters}
MIPSEB 1
R4000 1
_ABI64 3
_MIPSEB 1
_MIPS_SIM _ABI64
_MIPS_SZINT 32
_MIPS_SZLONG 64
_MIPS_SZPTR 64
_R4000 1
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_BIG_ENDIAN__
__MIPSEB 1
__MIPSEB__ 1
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
