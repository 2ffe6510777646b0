/** All targets. A new one is a data file in `targets/` and a line here. */

import { UsageError } from '../errors.js';
import type { Target } from './target.js';
import { arm } from './targets/arm.js';
import { arm64 } from './targets/arm64.js';
import { i386 } from './targets/i386.js';
import { loongarch64 } from './targets/loongarch64.js';
import { mips64 } from './targets/mips64.js';
import { mips64el } from './targets/mips64el.js';
import { ppc64 } from './targets/ppc64.js';
import { ppc64le } from './targets/ppc64le.js';
import { riscv64 } from './targets/riscv64.js';
import { s390x } from './targets/s390x.js';
import { x86_64 } from './targets/x86_64.js';

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
