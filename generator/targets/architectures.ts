/**
 * The names of one architecture: the kernel's, of its folder of `asm` headers; our targets that read that folder; Debian's,
 * of its ports and of their triplets. The `asm` headers of all ports of one kernel architecture are the same bytes, which
 * `linux-libc-dev` of bookworm's armel and armhf, amd64 and i386, mipsel and mips64el shows; since 6.12 they are one folder.
 */

export interface Architecture {
  /** The kernel's `SRCARCH`: `x86`. */
  readonly kernel: string;
  /** Names of our targets. */
  readonly targets: readonly string[];
  /** Debian's ports, of which packages are named: `amd64`. */
  readonly ports: readonly string[];
  /** Folders in `/usr/include`, and in `/usr` for cross compilers. */
  readonly triplets: readonly string[];
  /** A word in `asm/ptrace.h` that no other architecture's has, Linux 5.10 to 7.3: the name of a register or a mode. */
  readonly mark: string;
}

export const architectures: readonly Architecture[] = [
  {
    kernel: 'x86',
    targets: ['x86_64', 'i386'],
    ports: ['amd64', 'i386', 'x32'],
    triplets: ['x86_64-linux-gnu', 'i386-linux-gnu', 'i686-linux-gnu', 'x86_64-linux-gnux32'],
    mark: 'orig_eax',
  },
  {
    kernel: 'arm64',
    targets: ['arm64'],
    ports: ['arm64'],
    triplets: ['aarch64-linux-gnu'],
    mark: 'PSR_MODE_EL0t',
  },
  {
    kernel: 'arm',
    targets: ['arm'],
    ports: ['armhf', 'armel'],
    triplets: ['arm-linux-gnueabihf', 'arm-linux-gnueabi'],
    mark: 'ARM_cpsr',
  },
  {
    kernel: 'riscv',
    targets: ['riscv64'],
    ports: ['riscv64'],
    triplets: ['riscv64-linux-gnu'],
    mark: '__riscv_d_ext_state',
  },
  {
    kernel: 's390',
    targets: ['s390x'],
    ports: ['s390x'],
    triplets: ['s390x-linux-gnu'],
    mark: 'NUM_ACRS',
  },
  {
    kernel: 'powerpc',
    targets: ['ppc64le', 'ppc64'],
    ports: ['ppc64', 'ppc64el', 'powerpc'],
    triplets: ['powerpc64-linux-gnu', 'powerpc64le-linux-gnu', 'powerpc-linux-gnu'],
    mark: 'PPC_BREAKPOINT_MODE_EXACT',
  },
  {
    kernel: 'mips',
    targets: ['mips64', 'mips64el'],
    ports: ['mips64', 'mips64el', 'mips', 'mipsel'],
    triplets: ['mips64-linux-gnuabi64', 'mips64el-linux-gnuabi64', 'mips-linux-gnu', 'mipsel-linux-gnu'],
    mark: 'DSP_CONTROL',
  },
  {
    kernel: 'loongarch',
    targets: ['loongarch64'],
    ports: ['loong64'],
    triplets: ['loongarch64-linux-gnu'],
    mark: 'csr_badv',
  },
];

/** The architecture that a triplet belongs to. */
export function architectureOfTriplet(triplet: string): Architecture | undefined {
  return architectures.find(({ triplets }) => triplets.includes(triplet));
}

/** Names of the targets that read the headers of these kernel architectures. */
export function targetsOf(kernels: readonly string[]): string[] {
  return architectures.filter(({ kernel }) => kernels.includes(kernel)).flatMap(({ targets }) => targets);
}
