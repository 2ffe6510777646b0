/** The 64-bit RISC-V ABI (LP64D) as GCC 12 implements it. */

import { attributesWith } from './common/attributes.js';
import { quadFloats } from './common/data-model.js';
import { fusedMacros } from './common/gnu.js';
import { lp64 } from './common/lp64.js';
import type { Target } from './target.js';

export const riscv64: Target<'riscv64'> = {
  ...lp64,
  name: 'riscv64',
  kernelArchitecture: 'riscv',
  ptraceMark: '__riscv_d_ext_state',
  debian: { architecture: 'riscv64', multiarch: 'riscv64-linux-gnu' },
  nodeArch: 'riscv64',
  compiler: { command: ['riscv64-linux-gnu-gcc'], package: 'gcc-riscv64-linux-gnu' },
  withoutKvm: 'KVM for RISC-V was added in Linux 5.16',
  byteOrder: 'little',
  charSigned: false,
  functionAlignment: 2,
  scalars: { ...lp64.scalars, ...quadFloats },
  attributes: attributesWith('interrupt naked'),
  predefined: `${fusedMacros}
__GCC_ATOMIC_BOOL_LOCK_FREE 1
__GCC_ATOMIC_CHAR16_T_LOCK_FREE 1
__GCC_ATOMIC_CHAR_LOCK_FREE 1
__GCC_ATOMIC_SHORT_LOCK_FREE 1
__riscv 1
__riscv_a 2001000
__riscv_arch_test 1
__riscv_atomic 1
__riscv_c 2000000
__riscv_cmodel_medany 1
__riscv_cmodel_pic 1
__riscv_compressed 1
__riscv_d 2002000
__riscv_div 1
__riscv_f 2002000
__riscv_fdiv 1
__riscv_flen 64
__riscv_float_abi_double 1
__riscv_fsqrt 1
__riscv_i 2001000
__riscv_m 2000000
__riscv_mul 1
__riscv_muldiv 1
__riscv_xlen 64
__riscv_zicsr 2000000
__riscv_zifencei 2000000
`,
};
