/** The big-endian 64-bit MIPS ABI (N64, LP64) as GCC 12 implements it. */

import { mips, n64, n64Macros } from './common/mips.js';
import type { Target } from './target.js';

export const mips64: Target<'mips64'> = {
  ...n64,
  ...mips,
  name: 'mips64',
  debian: { architecture: 'mips64', multiarch: 'mips64-linux-gnuabi64' },
  otherPorts: [{ architecture: 'mips', multiarch: 'mips-linux-gnu' }],
  nodeArch: null,
  compiler: { command: ['mips64-linux-gnuabi64-gcc'], package: 'gcc-mips64-linux-gnuabi64' },
  byteOrder: 'big',
  smallPointer: 4,
  predefined: `${n64Macros}
MIPSEB 1
_MIPSEB 1
__MIPSEB 1
__MIPSEB__ 1
`,
};
