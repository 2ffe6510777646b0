/**
 * The list of targets. A new target needs one file in this folder and one line here. Everything else is derived from
 * them.
 */

export { arm } from './arm.js';
export { arm64 } from './arm64.js';
export { i386 } from './i386.js';
export { loongarch64 } from './loongarch64.js';
export { mips64 } from './mips64.js';
export { mips64el } from './mips64el.js';
export { ppc64 } from './ppc64.js';
export { ppc64le } from './ppc64le.js';
export { riscv64 } from './riscv64.js';
export { s390x } from './s390x.js';
export { x86_64 } from './x86_64.js';
