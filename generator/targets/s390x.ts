/** The 64-bit s390 ABI (LP64) as GCC 12 implements it: nothing is aligned to more than eight bytes by itself. */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import type { Measure, Target } from './target.js';

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
  charSigned: false,
  scalars: {
    ...lp64.scalars,
    'long double': quad,
    __int128: quad,
    'unsigned __int128': quad,
    _Float128: quad,
  },
  biggestAlignment: 8,
  predefined: `${lp64Macros}${signedWideCharacters}
__BIGGEST_ALIGNMENT__ 8
__BYTE_ORDER__ __ORDER_BIG_ENDIAN__
__LONG_DOUBLE_128__ 1
__s390__ 1
__s390x__ 1
__zarch__ 1
`,
};
