/** The bindings of riscv64. */

import type * as riscv64 from '../../generated/riscv64/linux/kvm.js';

/** The generated module that the runtime takes every offset and every request number from. */
export type Bindings = typeof riscv64;
