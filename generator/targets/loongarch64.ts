/** The 64-bit LoongArch ABI (LP64D) as clang 16 implements it; what GCC predefines on every target is as in `gnu.ts`. */

import { signedWideCharacters } from './common/gnu.js';
import { lp64, lp64Macros } from './common/lp64.js';
import type { Target } from './target.js';

export const loongarch64: Target<'loongarch64'> = {
  ...lp64,
  name: 'loongarch64',
  kernelArchitecture: 'loongarch',
  ptraceMark: 'csr_badv',
  debian: { architecture: 'loong64', multiarch: 'loongarch64-linux-gnu' },
  nodeArch: 'loong64',
  compiler: { command: ['clang-16', '--target=loongarch64-linux-gnu'], package: 'clang-16' },
  withoutKvm: 'KVM for LoongArch came with Linux 6.7',
  byteOrder: 'little',
  charSigned: true,
  predefined: `${lp64Macros}${signedWideCharacters}
__BIGGEST_ALIGNMENT__ 16
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__loongarch64 1
__loongarch__ 1
__loongarch_double_float 1
__loongarch_frlen 64
__loongarch_grlen 64
__loongarch_hard_float 1
__loongarch_lp64 1
`,
};
