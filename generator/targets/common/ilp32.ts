/** What the targets with 32-bit pointers have in common: ILP32, by GCC. A target adds what is its own. */

import type { DataModel } from '../target.js';
import { commonRules, commonScalars, wide, word } from './data-model.js';
import { gnuMacros } from './gnu.js';

export const ilp32Macros: string = `${gnuMacros}
__INT64_C(c) c ## LL
__INT64_MAX__ 0x7fffffffffffffffLL
__INT64_TYPE__ long long int
__INTMAX_C(c) c ## LL
__INTMAX_MAX__ 0x7fffffffffffffffLL
__INTMAX_TYPE__ long long int
__INTPTR_MAX__ 0x7fffffff
__INTPTR_TYPE__ int
__INTPTR_WIDTH__ 32
__LONG_MAX__ 0x7fffffffL
__LONG_WIDTH__ 32
__PTRDIFF_MAX__ 0x7fffffff
__PTRDIFF_TYPE__ int
__PTRDIFF_WIDTH__ 32
__SIZEOF_LONG__ 4
__SIZEOF_POINTER__ 4
__SIZEOF_PTRDIFF_T__ 4
__SIZEOF_SIZE_T__ 4
__SIZE_MAX__ 0xffffffffU
__SIZE_TYPE__ unsigned int
__SIZE_WIDTH__ 32
__UINT64_C(c) c ## ULL
__UINT64_MAX__ 0xffffffffffffffffULL
__UINT64_TYPE__ long long unsigned int
__UINTMAX_C(c) c ## ULL
__UINTMAX_MAX__ 0xffffffffffffffffULL
__UINTMAX_TYPE__ long long unsigned int
__UINTPTR_MAX__ 0xffffffffU
__UINTPTR_TYPE__ unsigned int
`;

export const ilp32: DataModel = {
  ...commonRules,
  scalars: { ...commonScalars, long: word, 'unsigned long': word, 'long double': wide },
  pointer: { size: 4, align: 4 },
  sizeType: 'unsigned int',
};
