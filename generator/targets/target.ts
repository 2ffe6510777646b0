/**
 * The type of a target: how its ABI lays out memory, which macros its compiler predefines, and its names elsewhere.
 *
 * The compiler is the source of all facts about C. Sizes and alignments are `sizeof` and `__alignof__` of each type,
 * and the alignment as a member if it differs. The predefined macros are those that the compiler prints with `-dM -E -x
 * c /dev/null`. `predefined.ts` derives most of them from the other facts.
 */

import type { ByteOrder } from '../../support/layout.js';
import type { Names } from './common/names.js';

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
  | '_Float16'
  | '_Float32'
  | '_Float64'
  | '_Float128'
  | '_Float32x'
  | '_Float64x'
  | '_Decimal32'
  | '_Decimal64'
  | '_Decimal128'
  | '__fp16'
  | '__bf16'
  /** The argument list of a function with `...`, on the targets where it is a record. */
  | '__builtin_va_list';

/** The scalars that some targets do not have. */
type OptionalScalar =
  | '__int128'
  | 'unsigned __int128'
  | `_Float${16 | 32 | 64 | 128}`
  | `_Float${32 | 64}x`
  | `_Decimal${32 | 64 | 128}`
  | '__fp16'
  | '__bf16'
  | '__builtin_va_list';

export type Scalars = Readonly<
  Record<Exclude<ScalarName, OptionalScalar>, Measure> & Partial<Record<OptionalScalar, Measure>>
>;

/** The format of `long double`: one of IEC 60559, the 80 bits of x86, or the pair of doubles of PowerPC. */
export type LongDoubleFormat = 'binary64' | 'binary128' | 'x87' | 'ibm128';

/** Size and alignment in bytes. `fieldAlign` is the alignment as a member, if it differs from `align`. */
export interface Measure {
  readonly size: number;
  readonly align: number;
  readonly fieldAlign?: number;
}

/** The kernel's facts about an architecture. Targets of one kernel architecture read the same `asm` headers. */
export interface KernelArchitecture {
  /** The kernel's name for the architecture, in paths such as `arch/x86`. */
  readonly kernelArchitecture: string;
  /** A register or mode that only this architecture's `asm/ptrace.h` names, in Linux 5.10 to 7.3. */
  readonly ptraceMark: string;
}

/** A Debian port. Its names are those that `dpkg-architecture` prints. */
export interface DebianPort {
  /** `DEB_HOST_ARCH`, the name of the port in packages: `amd64`. */
  readonly architecture: string;
  /** `DEB_HOST_MULTIARCH`, the folder of the port's headers in `/usr/include`: `x86_64-linux-gnu`. */
  readonly multiarch: string;
  /** `DEB_HOST_GNU_TYPE`, the folder of the cross compiler's headers in `/usr`. Absent if it equals `multiarch`. */
  readonly gnuType?: string;
}

export interface Target<Name extends string = string> extends KernelArchitecture {
  /** The name of the target, as for `--arch`. */
  readonly name: Name;
  /** The Debian port of the target. */
  readonly debian: DebianPort;
  /** Further ports of the kernel architecture. Their packages have the same `asm` headers. They need no target. */
  readonly otherPorts?: readonly DebianPort[];
  /**
   * Node's `process.arch` on such a machine. Null if Node does not support it. Both byte orders of `ppc64` share one
   * name.
   */
  readonly nodeArch: string | null;
  /** The compiler that the facts come from: its command and the Debian package that contains it. */
  readonly compiler: { readonly command: readonly [string, ...string[]]; readonly package: string };
  /** The text for an error if the headers have no `asm/kvm.h`. Absent if the architecture has always had KVM. */
  readonly withoutKvm?: string;
  readonly byteOrder: ByteOrder;
  readonly charSigned: boolean;
  readonly scalars: Scalars;
  /** Further names of arithmetic types. */
  readonly otherNames?: ReadonlyMap<string, ScalarName>;
  readonly pointer: Measure & { readonly size: 4 | 8 };
  /** The size of the smaller pointers that the compiler has for `mode`, in bytes. Absent if it has none. */
  readonly smallPointer?: number;
  /** The alignment of `__attribute__((aligned))` without an operand. */
  readonly biggestAlignment: number;
  /** The maximum alignment of a vector. Null if the alignment of a vector is its size. */
  readonly mostVectorAlignment: number | null;
  /** The alignment of a function. */
  readonly functionAlignment: number;
  /** Whether an unnamed bit-field raises the alignment of its record, as a named bit-field does. */
  readonly anonymousBitFieldsAlign: boolean;
  /** The results of `__builtin_clz(0)` and `__builtin_ctz(0)`, if they are not the width of the operand. */
  readonly zeroBits?: { readonly clz?: number; readonly ctz?: number };
  /** The integer type of `sizeof`. */
  readonly sizeType: ScalarName;
  /** The type of `wchar_t`. */
  readonly wideCharacter: 'int' | 'unsigned int' | 'long';
  readonly longDouble: LongDoubleFormat;
  /**
   * The predefined macros that `predefined.ts` does not derive, one on each line, without the word `#define`. They
   * replace derived macros of the same name.
   */
  readonly predefined: string;
  /** The names for which `__has_attribute` and `__has_builtin` are 1. */
  readonly attributes: Names;
  readonly builtins: Names;
}

/** The facts that targets with one pointer size share. */
export type DataModel = Pick<
  Target,
  | 'scalars'
  | 'pointer'
  | 'biggestAlignment'
  | 'mostVectorAlignment'
  | 'functionAlignment'
  | 'anonymousBitFieldsAlign'
  | 'sizeType'
  | 'wideCharacter'
  | 'longDouble'
  | 'attributes'
  | 'builtins'
>;

/** Returns the folder that contains the headers of Debian's packages for cross compilers. */
export function crossFolder({ debian: { multiarch, gnuType = multiarch } }: Pick<Target, 'debian'>): string {
  return `/usr/${gnuType}/include`;
}
