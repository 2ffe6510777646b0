/** The big-endian 64-bit PowerPC ABI (ELFv1, LP64) as GCC 12 implements it. */

import { powerpc, powerpc64, powerpc64Macros } from './common/powerpc.js';
import type { Target } from './target.js';

export const ppc64: Target<'ppc64'> = {
  ...powerpc64,
  ...powerpc,
  name: 'ppc64',
  debian: { architecture: 'ppc64', multiarch: 'powerpc64-linux-gnu' },
  otherPorts: [{ architecture: 'powerpc', multiarch: 'powerpc-linux-gnu' }],
  nodeArch: 'ppc64',
  compiler: { command: ['powerpc64-linux-gnu-gcc'], package: 'gcc-powerpc64-linux-gnu' },
  byteOrder: 'big',
  zeroBits: { ctz: -1 },
  predefined: `${powerpc64Macros}
_BIG_ENDIAN 1
_CALL_AIX 1
_CALL_AIXDESC 1
_CALL_ELF 1
__BIG_ENDIAN__ 1
__VEC_ELEMENT_REG_ORDER__ __ORDER_BIG_ENDIAN__
`,
};
