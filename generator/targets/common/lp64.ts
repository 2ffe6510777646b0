/** What the targets with 64-bit pointers have in common: LP64, by GCC. A target adds what is its own. */

import type { DataModel } from '../target.js';
import { commonRules, commonScalars, quad, wide } from './data-model.js';
import { gnuMacros } from './gnu.js';

export const lp64Macros: string = `${gnuMacros}
_LP64 1
__INT64_C(c) c ## L
__INT64_MAX__ 0x7fffffffffffffffL
__INT64_TYPE__ long int
__INTMAX_C(c) c ## L
__INTMAX_MAX__ 0x7fffffffffffffffL
__INTMAX_TYPE__ long int
__INTPTR_MAX__ 0x7fffffffffffffffL
__INTPTR_TYPE__ long int
__INTPTR_WIDTH__ 64
__LONG_MAX__ 0x7fffffffffffffffL
__LONG_WIDTH__ 64
__LP64__ 1
__PTRDIFF_MAX__ 0x7fffffffffffffffL
__PTRDIFF_TYPE__ long int
__PTRDIFF_WIDTH__ 64
__SIZEOF_INT128__ 16
__SIZEOF_LONG_DOUBLE__ 16
__SIZEOF_LONG__ 8
__SIZEOF_POINTER__ 8
__SIZEOF_PTRDIFF_T__ 8
__SIZEOF_SIZE_T__ 8
__SIZE_MAX__ 0xffffffffffffffffUL
__SIZE_TYPE__ long unsigned int
__SIZE_WIDTH__ 64
__UINT64_C(c) c ## UL
__UINT64_MAX__ 0xffffffffffffffffUL
__UINT64_TYPE__ long unsigned int
__UINTMAX_C(c) c ## UL
__UINTMAX_MAX__ 0xffffffffffffffffUL
__UINTMAX_TYPE__ long unsigned int
__UINTPTR_MAX__ 0xffffffffffffffffUL
__UINTPTR_TYPE__ long unsigned int
`;

export const lp64: DataModel = {
  ...commonRules,
  scalars: {
    ...commonScalars,
    long: wide,
    'unsigned long': wide,
    'long double': quad,
    __int128: quad,
    'unsigned __int128': quad,
  },
  pointer: { size: 8, align: 8 },
  sizeType: 'unsigned long',
};
