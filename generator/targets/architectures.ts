/**
 * The kernel architectures, derived from the list of targets. All ports of one kernel architecture have identical `asm`
 * headers. Bookworm's `linux-libc-dev` packages of armel and armhf, of amd64 and i386, and of mipsel and mips64el show
 * this. Since 6.12, they share one folder.
 */

import type { Target } from './target.js';
import { type TargetName, targets } from './targets.js';

export interface Architecture {
  /** The kernel's `SRCARCH`, such as `x86`. */
  readonly kernel: string;
  /** See `KernelArchitecture`. */
  readonly ptraceMark: string;
  /** The names of the targets that read the headers of this architecture. */
  readonly targets: readonly string[];
  /** The Debian ports, such as `amd64`. */
  readonly ports: readonly string[];
  /** The folders in `/usr/include`, and in `/usr` for cross compilers. */
  readonly triplets: readonly string[];
}

/** Returns the kernel architectures of some targets, in the order of the targets. */
export function architecturesOf(list: readonly Target[]): Architecture[] {
  const marks = new Map(list.map(({ kernelArchitecture, ptraceMark }) => [kernelArchitecture, ptraceMark]));
  return Array.from(marks, ([kernel, ptraceMark]) => {
    const own = list.filter(({ kernelArchitecture }) => kernelArchitecture === kernel);
    const ports = [...own.map(({ debian }) => debian), ...own.flatMap(({ otherPorts = [] }) => otherPorts)];
    const triplets = ports.flatMap(({ multiarch, gnuType = multiarch }) => [multiarch, gnuType]);
    return {
      kernel,
      ptraceMark,
      targets: own.map(({ name }) => name),
      ports: [...new Set(ports.map(({ architecture }) => architecture))],
      triplets: [...new Set(triplets)],
    };
  });
}

export const architectures: readonly Architecture[] = architecturesOf(targets);

/** Returns the architecture of a triplet. */
export function architectureOfTriplet(triplet: string): Architecture | undefined {
  return architectures.find(({ triplets }) => triplets.includes(triplet));
}

/** Returns the names of the targets that read the headers of these kernel architectures. */
export function targetsOf(kernels: readonly string[]): TargetName[] {
  return targets.filter(({ kernelArchitecture }) => kernels.includes(kernelArchitecture)).map(({ name }) => name);
}
