/** The 32-bit x86 ABI (System V) as GCC 12 implements it: members of eight bytes are aligned to four. */

import { quad } from './common/data-model.js';
import { ilp32, ilp32Macros } from './common/ilp32.js';
import { x86 } from './common/x86.js';
import type { Measure, Target } from './target.js';

const wide: Measure = { size: 8, align: 8, fieldAlign: 4 };

export const i386: Target<'i386'> = {
  ...ilp32,
  ...x86,
  name: 'i386',
  debian: { architecture: 'i386', multiarch: 'i386-linux-gnu', gnuType: 'i686-linux-gnu' },
  nodeArch: 'ia32',
  compiler: { command: ['i686-linux-gnu-gcc'], package: 'gcc-i686-linux-gnu' },
  byteOrder: 'little',
  charSigned: true,
  scalars: {
    ...ilp32.scalars,
    'long long': wide,
    'unsigned long long': wide,
    double: wide,
    'long double': { size: 12, align: 4 },
    _Float128: quad,
  },
  predefined: `${ilp32Macros}
_ILP32 1
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__ILP32__ 1
__SIZEOF_FLOAT128__ 16
__SIZEOF_LONG_DOUBLE__ 12
__WCHAR_MAX__ 0x7fffffffL
__WCHAR_MIN__ (-__WCHAR_MAX__ - 1)
__WCHAR_TYPE__ long int
__i386 1
__i386__ 1
__i686 1
__i686__ 1
i386 1
`,
};
