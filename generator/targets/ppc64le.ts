/** The little-endian 64-bit PowerPC ABI (ELFv2, LP64) as GCC 12 implements it. */

import { quad } from './common/data-model.js';
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
  scalars: { ...powerpc64.scalars, _Float128: quad },
  predefined: `${powerpc64Macros}
_CALL_ELF 2
_LITTLE_ENDIAN 1
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__LITTLE_ENDIAN__ 1
__SIZEOF_FLOAT128__ 16
`,
};
