/** What a target is: data that says how its ABI lays out memory and what its compiler predefines. */

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

/** Size and alignment in bytes; `fieldAlign` where a member is aligned otherwise than the type says by itself. */
export interface Measure {
  readonly size: number;
  readonly align: number;
  readonly fieldAlign?: number;
}

export interface Target {
  /** As given to `--arch`. */
  readonly name: string;
  /** The kernel's name for the architecture, in paths such as `arch/x86`. */
  readonly kernelArchitecture: string;
  /** Debian's name for the port, and the multiarch folder of its headers. */
  readonly debian: { readonly architecture: string; readonly multiarch: string };
  readonly byteOrder: 'little' | 'big';
  readonly charSigned: boolean;
  readonly scalars: Readonly<Record<ScalarName, Measure>>;
  readonly pointer: Measure;
  /** The alignment that a bare `__attribute__((aligned))` asks for. */
  readonly biggestAlignment: number;
  /** The integer type behind `sizeof`. */
  readonly sizeType: ScalarName;
  /** Predefined macros: what `cc -dM -E -x c /dev/null` prints, a line each, without the word `#define`. */
  readonly predefined: string;
  /** What `__has_attribute` and `__has_builtin` answer 1 for. */
  readonly attributes: ReadonlySet<string>;
  readonly builtins: ReadonlySet<string>;
}
