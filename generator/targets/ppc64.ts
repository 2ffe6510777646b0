/**
 * The big-endian 64-bit PowerPC ABI (ELFv1, LP64) as GCC 12 implements it.
 *
 * Sizes and alignments: `sizeof` and `__alignof__` of each type, and its alignment as a member where that is another
 * one. Predefined macros: of the output of
 *   powerpc64-linux-gnu-gcc -dM -E -x c /dev/null
 * what `gnu.ts` does not leave out.
 */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import { powerpc } from './common/powerpc.js';
import type { Target } from './target.js';

export const ppc64: Target<'ppc64'> = {
  ...lp64,
  ...powerpc,
  name: 'ppc64',
  debian: { architecture: 'ppc64', multiarch: 'powerpc64-linux-gnu' },
  otherPorts: [{ architecture: 'powerpc', multiarch: 'powerpc-linux-gnu' }],
  compiler: { command: ['powerpc64-linux-gnu-gcc'], package: 'gcc-powerpc64-linux-gnu' },
  byteOrder: 'big',
  charSigned: false,
  predefined: `${lp64Macros}${signedWideCharacters}
_ARCH_PPC 1
_ARCH_PPC64 1
_BIG_ENDIAN 1
_CALL_AIXDESC 1
_CALL_ELF 1
_CALL_LINUX 1
__BIGGEST_ALIGNMENT__ 16
__BIG_ENDIAN__ 1
__BYTE_ORDER__ __ORDER_BIG_ENDIAN__
__LONG_DOUBLE_128__ 1
__LONG_DOUBLE_IBM128__ 1
__PPC64__ 1
__PPC__ 1
__powerpc64__ 1
__powerpc__ 1
`,
};
