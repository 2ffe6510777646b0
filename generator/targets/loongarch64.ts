/**
 * The 64-bit LoongArch ABI (LP64D) as clang 16 implements it. Debian 12 has no GCC for LoongArch, so no test compares the
 * predefined macros with a GCC. The shared macros are those that GCC 12 has on every target. The macros below are those
 * of clang 16 that begin with `__loongarch`, and those that `loongarch-c.cc` of GCC defines for the ABI.
 */

import { halfFloats } from './common/data-model.js';
import { smallSwapMacros, unwindMacros } from './common/gnu.js';
import { lp64 } from './common/lp64.js';
import type { Target } from './target.js';

// clang has no `_Float…`.
const { _Float32, _Float64, _Float32x, ...scalars } = lp64.scalars;

export const loongarch64: Target<'loongarch64'> = {
  ...lp64,
  name: 'loongarch64',
  kernelArchitecture: 'loongarch',
  ptraceMark: 'csr_badv',
  debian: { architecture: 'loong64', multiarch: 'loongarch64-linux-gnu' },
  nodeArch: 'loong64',
  compiler: { command: ['clang-16', '--target=loongarch64-linux-gnu'], package: 'clang-16' },
  withoutKvm: 'KVM for LoongArch was added in Linux 6.7',
  byteOrder: 'little',
  scalars: { ...scalars, __fp16: halfFloats.__fp16 },
  functionAlignment: 4,
  charSigned: true,
  predefined: `${smallSwapMacros}${unwindMacros}
_ABILP64 3
_LOONGARCH_ARCH "loongarch64"
_LOONGARCH_ARCH_LOONGARCH64 1
_LOONGARCH_FPSET 32
_LOONGARCH_SIM _ABILP64
_LOONGARCH_SPFPSET 32
_LOONGARCH_SZINT 32
_LOONGARCH_SZLONG 64
_LOONGARCH_SZPTR 64
__loongarch64 1
__loongarch__ 1
__loongarch_double_float 1
__loongarch_frlen 64
__loongarch_grlen 64
__loongarch_hard_float 1
__loongarch_lp64 1
`,
};
