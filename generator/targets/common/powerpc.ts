/** What the targets of the kernel architecture `powerpc` have in common, and those of 64 bits. */

import type { DataModel, KernelArchitecture, Target } from '../target.js';
import { signedWideCharacters } from './gnu.js';
import { lp64, lp64Macros } from './lp64.js';

export const powerpc: KernelArchitecture = {
  kernelArchitecture: 'powerpc',
  ptraceMark: 'PPC_BREAKPOINT_MODE_EXACT',
};

/** LP64 on PowerPC; `long double` is a pair of doubles. */
export const powerpc64: DataModel & Pick<Target, 'charSigned'> = {
  ...lp64,
  charSigned: false,
};

export const powerpc64Macros: string = `${lp64Macros}${signedWideCharacters}
_ARCH_PPC 1
_ARCH_PPC64 1
_CALL_LINUX 1
__BIGGEST_ALIGNMENT__ 16
__LONG_DOUBLE_128__ 1
__LONG_DOUBLE_IBM128__ 1
__PPC64__ 1
__PPC__ 1
__powerpc64__ 1
__powerpc__ 1
`;
