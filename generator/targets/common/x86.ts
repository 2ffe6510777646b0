/** What the targets of the kernel architecture `x86` have in common. */

import type { KernelArchitecture } from '../target.js';

export const x86: KernelArchitecture = { kernelArchitecture: 'x86', ptraceMark: 'orig_eax' };
