/** The bindings of x86-64. */

import type * as x86_64 from '../../generated/x86_64/linux/kvm.js';

/** The generated module that the runtime takes every offset and every request number from. */
export type Bindings = typeof x86_64;
