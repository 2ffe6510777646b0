/** The 32-bit x86 ABI (System V) as GCC 12 implements it. Members of eight bytes have an alignment of four. */

import { decimals, quad } from './common/data-model.js';
import { ilp32 } from './common/ilp32.js';
import { x86, x86Attributes, x86Macros, x86Names } from './common/x86.js';
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
  wideCharacter: 'long',
  longDouble: 'x87',
  scalars: {
    ...ilp32.scalars,
    'long long': wide,
    'unsigned long long': wide,
    double: wide,
    'long double': { size: 12, align: 4 },
    ...decimals,
    _Float64: wide,
    _Float128: quad,
    _Float32x: wide,
    _Float64x: { size: 12, align: 4 },
  },
  otherNames: x86Names,
  attributes: x86Attributes,
  predefined: `${x86Macros}
_ILP32 1
__FLT_EVAL_METHOD_TS_18661_3__ 2
__FLT_EVAL_METHOD__ 2
__ILP32__ 1
__LAHF_SAHF__ 1
__SIZEOF_FLOAT80__ 12
__code_model_32__ 1
__i386 1
__i386__ 1
__i686 1
__i686__ 1
__pentiumpro 1
__pentiumpro__ 1
i386 1
`,
};
