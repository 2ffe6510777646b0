/**
 * What a target is: data that says how its ABI lays out memory, what its compiler predefines, and what others call it.
 *
 * Its compiler is the source of all that the data says of C. Sizes and alignments are `sizeof` and `__alignof__` of each
 * type, and its alignment as a member where that is another one. Predefined macros are those that the compiler prints with
 * `-dM -E -x c /dev/null`, without those that `common/gnu.ts` leaves out.
 */

import type { ByteOrder } from '../../support/layout.js';

export type ScalarName =
  | '_Bool'
  | 'char'
  | 'signed char'
  | 'unsigned char'
  | 'short'
  | 'unsigned short'
  | 'int'
  | 'unsigned int'
  | 'long'
  | 'unsigned long'
  | 'long long'
  | 'unsigned long long'
  | '__int128'
  | 'unsigned __int128'
  | 'float'
  | 'double'
  | 'long double'
  | '_Float128';

/** The scalars that not every target has. */
type OptionalScalar = '__int128' | 'unsigned __int128' | '_Float128';

export type Scalars = Readonly<
  Record<Exclude<ScalarName, OptionalScalar>, Measure> & Partial<Record<OptionalScalar, Measure>>
>;

/** Size and alignment in bytes; `fieldAlign` where a member is aligned otherwise than the type says by itself. */
export interface Measure {
  readonly size: number;
  readonly align: number;
  readonly fieldAlign?: number;
}

/** What the kernel says of an architecture. Targets of one kernel architecture read the same `asm` headers. */
export interface KernelArchitecture {
  /** The kernel's name for the architecture, in paths such as `arch/x86`. */
  readonly kernelArchitecture: string;
  /** A word in its `asm/ptrace.h` that no other architecture's has, Linux 5.10 to 7.3: the name of a register or a mode. */
  readonly ptraceMark: string;
}

/** One of Debian's ports, by the names that `dpkg-architecture` prints. */
export interface DebianPort {
  /** `DEB_HOST_ARCH`, which packages are named after: `amd64`. */
  readonly architecture: string;
  /** `DEB_HOST_MULTIARCH`, the folder of its headers in `/usr/include`: `x86_64-linux-gnu`. */
  readonly multiarch: string;
  /** `DEB_HOST_GNU_TYPE`, the folder of its cross compiler's headers in `/usr`; absent where it is the same as `multiarch`. */
  readonly gnuType?: string;
}

export interface Target<Name extends string = string> extends KernelArchitecture {
  /** As given to `--arch`. */
  readonly name: Name;
  /** Debian's port for the target. */
  readonly debian: DebianPort;
  /** Further ports of the kernel architecture, of which packages have the same `asm` headers. They need no target. */
  readonly otherPorts?: readonly DebianPort[];
  /** `process.arch` of Node on such a machine; null where Node has no port. Byte orders of one machine share it: `ppc64`. */
  readonly nodeArch: string | null;
  /** The compiler that the facts here come from: its command, and the Debian package that has it. */
  readonly compiler: { readonly command: readonly [string, ...string[]]; readonly package: string };
  /** What there is to say where its headers have no `asm/kvm.h`; absent where KVM has always been there. */
  readonly withoutKvm?: string;
  readonly byteOrder: ByteOrder;
  readonly charSigned: boolean;
  readonly scalars: Scalars;
  readonly pointer: Measure & { readonly size: 4 | 8 };
  /** The alignment that a bare `__attribute__((aligned))` asks for. */
  readonly biggestAlignment: number;
  /** The most that a vector is aligned to, however long it is; null where that is its own size. */
  readonly mostVectorAlignment: number | null;
  /** Whether a bit-field without a name raises the alignment of its record, as one with a name does. */
  readonly anonymousBitFieldsAlign: boolean;
  /** The integer type behind `sizeof`. */
  readonly sizeType: ScalarName;
  /** Predefined macros, a line each, without the word `#define`. */
  readonly predefined: string;
  /** What `__has_attribute` and `__has_builtin` answer 1 for. */
  readonly attributes: ReadonlySet<string>;
  readonly builtins: ReadonlySet<string>;
}

/** What the targets with pointers of one size have in common. */
export type DataModel = Pick<
  Target,
  | 'scalars'
  | 'pointer'
  | 'biggestAlignment'
  | 'mostVectorAlignment'
  | 'anonymousBitFieldsAlign'
  | 'sizeType'
  | 'attributes'
  | 'builtins'
>;
