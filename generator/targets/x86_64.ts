/** The x86-64 ABI (System V, LP64) as GCC 12 implements it. */

import { quad } from './common/data-model.js';
import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import { x86 } from './common/x86.js';
import type { Target } from './target.js';

export const x86_64: Target<'x86_64'> = {
  ...lp64,
  ...x86,
  name: 'x86_64',
  debian: { architecture: 'amd64', multiarch: 'x86_64-linux-gnu' },
  otherPorts: [{ architecture: 'x32', multiarch: 'x86_64-linux-gnux32' }],
  nodeArch: 'x64',
  compiler: { command: ['cc'], package: 'gcc' },
  byteOrder: 'little',
  charSigned: true,
  scalars: { ...lp64.scalars, _Float128: quad },
  predefined: `${lp64Macros}${signedWideCharacters}
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__SIZEOF_FLOAT128__ 16
__amd64 1
__amd64__ 1
__x86_64 1
__x86_64__ 1
`,
};
