/** The bindings of arm64. */

import type * as arm64 from '../../generated/arm64/linux/kvm.js';

/** The generated module that the runtime takes every offset and every request number from. */
export type Bindings = typeof arm64;
