/** What the targets of the kernel architecture `mips` have in common, and those of the ABI N64. */

import type { DataModel, KernelArchitecture, Target } from '../target.js';
import { quad } from './data-model.js';
import { signedWideCharacters } from './gnu.js';
import { lp64, lp64Macros } from './lp64.js';

export const mips: KernelArchitecture = { kernelArchitecture: 'mips', ptraceMark: 'DSP_CONTROL' };

/** LP64 on MIPS. */
export const n64: DataModel & Pick<Target, 'charSigned'> = {
  ...lp64,
  charSigned: true,
  scalars: { ...lp64.scalars, _Float128: quad },
};

export const n64Macros: string = `${lp64Macros}${signedWideCharacters}
R4000 1
_ABI64 3
_MIPS_SIM _ABI64
_MIPS_SZINT 32
_MIPS_SZLONG 64
_MIPS_SZPTR 64
_R4000 1
__BIGGEST_ALIGNMENT__ 16
__R4000 1
__R4000__ 1
__mips 64
__mips64 1
__mips__ 1
__mips_isa_rev 2
_mips 1
mips 1
`;
