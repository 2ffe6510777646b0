/** The 64-bit RISC-V ABI (LP64D) as GCC 12 implements it. */

import { quad } from './common/data-model.js';
import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import type { Target } from './target.js';

export const riscv64: Target<'riscv64'> = {
  ...lp64,
  name: 'riscv64',
  kernelArchitecture: 'riscv',
  ptraceMark: '__riscv_d_ext_state',
  debian: { architecture: 'riscv64', multiarch: 'riscv64-linux-gnu' },
  nodeArch: 'riscv64',
  compiler: { command: ['riscv64-linux-gnu-gcc'], package: 'gcc-riscv64-linux-gnu' },
  withoutKvm: 'KVM for RISC-V came with Linux 5.16',
  byteOrder: 'little',
  charSigned: false,
  scalars: { ...lp64.scalars, _Float128: quad },
  predefined: `${lp64Macros}${signedWideCharacters}
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__riscv 1
__riscv_flen 64
__riscv_float_abi_double 1
__riscv_xlen 64
`,
};
