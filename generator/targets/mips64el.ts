/** The little-endian 64-bit MIPS ABI (N64, LP64) as GCC 12 implements it. */

import { mips, n64, n64Macros } from './common/mips.js';
import type { Target } from './target.js';

export const mips64el: Target<'mips64el'> = {
  ...n64,
  ...mips,
  name: 'mips64el',
  debian: { architecture: 'mips64el', multiarch: 'mips64el-linux-gnuabi64' },
  otherPorts: [{ architecture: 'mipsel', multiarch: 'mipsel-linux-gnu' }],
  nodeArch: 'mips64el',
  compiler: { command: ['mips64el-linux-gnuabi64-gcc'], package: 'gcc-mips64el-linux-gnuabi64' },
  byteOrder: 'little',
  smallPointer: 4,
  predefined: `${n64Macros}
MIPSEL 1
_MIPSEL 1
__MIPSEL 1
__MIPSEL__ 1
__mips_no_madd4 1
`,
};
