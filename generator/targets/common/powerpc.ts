/** What the targets of the kernel architecture `powerpc` have in common. */

import type { KernelArchitecture } from '../target.js';

export const powerpc: KernelArchitecture = { kernelArchitecture: 'powerpc', ptraceMark: 'PPC_BREAKPOINT_MODE_EXACT' };
