/** What the targets of the kernel architecture `mips` have in common. */

import type { KernelArchitecture } from '../target.js';

export const mips: KernelArchitecture = { kernelArchitecture: 'mips', ptraceMark: 'DSP_CONTROL' };
