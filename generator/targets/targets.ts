/** All targets. A new one is a data file in `targets/` and a line here. */

import { UsageError } from '../errors.js';
import { arm } from './arm.js';
import { arm64 } from './arm64.js';
import { i386 } from './i386.js';
import { loongarch64 } from './loongarch64.js';
import { mips64 } from './mips64.js';
import { mips64el } from './mips64el.js';
import { ppc64 } from './ppc64.js';
import { ppc64le } from './ppc64le.js';
import { riscv64 } from './riscv64.js';
import { s390x } from './s390x.js';
import type { Target } from './target.js';
import { x86_64 } from './x86_64.js';

export const targets: readonly Target[] = [
  x86_64,
  i386,
  arm64,
  arm,
  riscv64,
  s390x,
  ppc64le,
  ppc64,
  mips64,
  mips64el,
  loongarch64,
];

export function targetCalled(name: string): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (!target) {
    const known = targets.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`unknown architecture '${name}'; known are: ${known}`);
  }
  return target;
}
