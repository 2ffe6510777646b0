/** The x86-64 ABI (System V, LP64) as GCC 12 implements it. */

import { decimals, half16, quadFloats } from './common/data-model.js';
import { float16Macros } from './common/float-macros.js';
import { lp64 } from './common/lp64.js';
import { x86, x86Attributes, x86Macros, x86Names } from './common/x86.js';
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
  longDouble: 'x87',
  scalars: {
    ...lp64.scalars,
    ...decimals,
    ...half16,
    ...quadFloats,
    __builtin_va_list: { size: 24, align: 8 },
  },
  otherNames: x86Names,
  attributes: x86Attributes,
  predefined: `${x86Macros}${float16Macros}
__FXSR__ 1
__MMX_WITH_SSE__ 1
__MMX__ 1
__SIZEOF_FLOAT80__ 16
__SSE2_MATH__ 1
__SSE2__ 1
__SSE_MATH__ 1
__SSE__ 1
__amd64 1
__amd64__ 1
__code_model_small__ 1
__k8 1
__k8__ 1
__x86_64 1
__x86_64__ 1
`,
};
