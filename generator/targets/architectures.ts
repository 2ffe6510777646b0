/**
 * The architectures of the kernel, from the list of targets. All ports of one kernel architecture have the same `asm`
 * headers, byte by byte: `linux-libc-dev` of bookworm's armel and armhf, amd64 and i386, mipsel and mips64el shows it, and
 * since 6.12 they share one folder.
 */

import type { Target } from './target.js';
import { type TargetName, targets } from './targets.js';

export interface Architecture {
  /** The kernel's `SRCARCH`: `x86`. */
  readonly kernel: string;
  /** See `KernelArchitecture`. */
  readonly ptraceMark: string;
  /** Names of the targets that read its headers. */
  readonly targets: readonly string[];
  /** Debian's ports: `amd64`. */
  readonly ports: readonly string[];
  /** Folders in `/usr/include`, and in `/usr` for cross compilers. */
  readonly triplets: readonly string[];
}

/** The kernel architectures of some targets, in the order of the targets. */
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

/** The architecture that a triplet belongs to. */
export function architectureOfTriplet(triplet: string): Architecture | undefined {
  return architectures.find(({ triplets }) => triplets.includes(triplet));
}

/** Names of the targets that read the headers of these kernel architectures. */
export function targetsOf(kernels: readonly string[]): TargetName[] {
  return targets.filter(({ kernelArchitecture }) => kernels.includes(kernelArchitecture)).map(({ name }) => name);
}
