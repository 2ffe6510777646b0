/** The facts that the targets of the kernel architecture `powerpc` share, and the facts of its 64-bit targets. */

import type { DataModel, KernelArchitecture, Target } from '../target.js';
import { attributesWith } from './attributes.js';
import { decimals } from './data-model.js';
import { decimalMacros } from './float-macros.js';
import { fusedMacros, smallSwapMacros, speculationMacros, unwindMacros } from './gnu.js';
import { lp64 } from './lp64.js';

export const powerpc: KernelArchitecture = {
  kernelArchitecture: 'powerpc',
  ptraceMark: 'PPC_BREAKPOINT_MODE_EXACT',
};

/** LP64 on PowerPC. `long double` is a pair of doubles. */
export const powerpc64: DataModel & Pick<Target, 'charSigned' | 'otherNames'> = {
  ...lp64,
  functionAlignment: 4,
  attributes: attributesWith('altivec gcc_struct longcall ms_struct shortcall'),
  scalars: { ...lp64.scalars, ...decimals },
  otherNames: new Map([['__ibm128', 'long double']]),
  charSigned: false,
  longDouble: 'ibm128',
};

const shared = [smallSwapMacros, unwindMacros, fusedMacros, speculationMacros];

/** Both orders of the operands of a vector's multiplication and addition are one builtin. */
const vectorMacros: string = ['madd', 'msub', 'nmadd', 'nmsub']
  .flatMap((operation) => ['adp', 'asp', 'mdp', 'msp'].map((form) => [operation, form] as const))
  .map(([operation, form]) => `\n__builtin_vsx_xv${operation}${form} __builtin_vsx_xv${operation}${form.slice(1)}`)
  .join('');

/**
 * GCC also prints `bool`, `pixel`, `vector` and their forms with underscores. They are not here, because they are not
 * defined for `#ifdef`, and are only keywords in a declaration of a vector.
 */
export const powerpc64Macros: string = `${shared.join('')}${decimalMacros}${vectorMacros}
_ARCH_PPC 1
_ARCH_PPC64 1
_ARCH_PPCGR 1
_ARCH_PPCSQ 1
_ARCH_PWR4 1
_CALL_LINUX 1
__BUILTIN_CPU_SUPPORTS__ 1
__CMODEL_MEDIUM__ 1
__HAVE_BSWAP__ 1
__LONGDOUBLE128 1
__LONG_DOUBLE_128__ 1
__LONG_DOUBLE_IBM128__ 1
__PPC64__ 1
__PPC__ 1
__RECIPF__ 1
__RSQRTE__ 1
__SIZEOF_IBM128__ 16
__STRUCT_PARM_ALIGN__ 16
__builtin_vsx_vperm __builtin_vec_perm
__builtin_vsx_xxland __builtin_vec_and
__builtin_vsx_xxlandc __builtin_vec_andc
__builtin_vsx_xxlnor __builtin_vec_nor
__builtin_vsx_xxlor __builtin_vec_or
__builtin_vsx_xxlxor __builtin_vec_xor
__builtin_vsx_xxsel __builtin_vec_sel
__powerpc64__ 1
__powerpc__ 1
`;
