/** The facts that the targets of the kernel architecture `x86` share. */

import type { KernelArchitecture, Target } from '../target.js';
import { attributesWith } from './attributes.js';
import { decimalMacros } from './float-macros.js';
import { flagOutputMacros, interferenceMacros, smallSwapMacros, speculationMacros, unwindMacros } from './gnu.js';
import type { Names } from './names.js';

export const x86: KernelArchitecture = { kernelArchitecture: 'x86', ptraceMark: 'orig_eax' };

export const x86Attributes: Names = attributesWith(`
  callee_pop_aggregate_return cdecl cf_check fastcall fentry_name fentry_section force_align_arg_pointer function_return
  gcc_struct indirect_branch indirect_return interrupt ms_abi ms_hook_prologue ms_struct naked no_caller_saved_registers
  nodirect_extern_access regparm sseregparm stdcall sysv_abi thiscall
`);

/** `__float80` is the format of `long double`. */
export const x86Names: NonNullable<Target['otherNames']> = new Map([
  ['__float80', 'long double'],
  ['__float128', '_Float128'],
]);

const shared = [smallSwapMacros, unwindMacros, speculationMacros, flagOutputMacros, interferenceMacros(64)];

export const x86Macros: string = `${shared.join('')}${decimalMacros}
__ATOMIC_HLE_ACQUIRE 65536
__ATOMIC_HLE_RELEASE 131072
__DECIMAL_BID_FORMAT__ 1
__SEG_FS 1
__SEG_GS 1
__SIZEOF_FLOAT128__ 16
`;
