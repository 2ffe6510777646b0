/**
 * The little-endian 64-bit PowerPC ABI (ELFv2, LP64) as GCC 12 implements it.
 *
 * Sizes and alignments: `sizeof` and `__alignof__` of each type, and its alignment as a member where that is another
 * one. Predefined macros: of the output of
 *   powerpc64le-linux-gnu-gcc -dM -E -x c /dev/null
 * what `gnu.ts` does not leave out.
 */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import { powerpc } from './common/powerpc.js';
import type { Target } from './target.js';

export const ppc64le: Target<'ppc64le'> = {
  ...lp64,
  ...powerpc,
  name: 'ppc64le',
  debian: { architecture: 'ppc64el', multiarch: 'powerpc64le-linux-gnu' },
  compiler: { command: ['powerpc64le-linux-gnu-gcc'], package: 'gcc-powerpc64le-linux-gnu' },
  byteOrder: 'little',
  charSigned: false,
  scalars: { ...lp64.scalars, _Float128: lp64.scalars['long double'] },
  predefined: `${lp64Macros}${signedWideCharacters}
_ARCH_PPC 1
_ARCH_PPC64 1
_CALL_ELF 2
_CALL_LINUX 1
_LITTLE_ENDIAN 1
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__LITTLE_ENDIAN__ 1
__LONG_DOUBLE_128__ 1
__LONG_DOUBLE_IBM128__ 1
__PPC64__ 1
__PPC__ 1
__SIZEOF_FLOAT128__ 16
__powerpc64__ 1
__powerpc__ 1
`,
};
