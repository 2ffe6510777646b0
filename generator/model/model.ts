/**
 * The laid-out model: all that is known of one header on one target, and the only thing that emitters, reports and
 * checks read. It is plain data and serialises to JSON as it is; `kvm-uapi layout --json` prints exactly this, and the
 * model behind each committed binding is committed beside it.
 *
 * Facts only: no code of a header is ever part of a model, and its comments only where they are asked for, as the
 * `comment` of what they belong to. A model that is written to disk beside bindings never has them.
 */

/** Version of the JSON form. It changes when a reader of the old form would misread the new one. */
export const MODEL_SCHEMA = 'kvm-uapi/model/2';

/** Where something is declared: `linux/kvm.h:292`, the header as it is spelled in an `#include`, and the line. */
export type At = string;

/**
 * An integer of C. A JavaScript number where the C type has at most 32 bits, else a decimal string: the C type
 * decides, never the value.
 */
export type IntegerValue = number | string;

/**
 * How a member's bytes are read: an integer, a float, a `_Bool`, a pointer (an address as wide as the target's), or
 * opaque bytes that JavaScript has no value for (`long double`, `__int128`).
 */
export type ScalarKind =
  | 'u8'
  | 's8'
  | 'u16'
  | 's16'
  | 'u32'
  | 's32'
  | 'u64'
  | 's64'
  | 'f32'
  | 'f64'
  | 'bool'
  | 'pointer'
  | 'opaque';

export type ByteOrder = 'little' | 'big';

export interface ScalarShape {
  readonly is: ScalarKind;
  /** Present where the type is of one byte order on every target: `__be32`, `__le64`. Never of a bit-field. */
  readonly byteOrder?: ByteOrder;
  /** Present where the type is plain `char`: an array of it may be text. */
  readonly character?: true;
}

/** What a member is made of after typedefs: a scalar, a record with a name of its own, or an unnamed record. */
export type Shape =
  | ScalarShape
  /** `typedef` as in the `RecordType` of that name. */
  | { readonly is: 'struct' | 'union'; readonly tag: string; readonly typedef?: true }
  | { readonly is: 'struct' | 'union'; readonly tag: null; readonly align: number };

export interface BitRange {
  /** Position in bits, counted from bit 0 of the byte at the member's `offset`, in the order C allocates them. */
  readonly offset: number;
  /** Width in bits. */
  readonly width: number;
}

export interface Member {
  /** Null for an anonymous struct or union, whose members C promotes into the enclosing one. */
  readonly name: string | null;
  /** The C type as declared, without array dimensions; `struct` or `union` for an unnamed record. */
  readonly type: string;
  /** In bytes from the start of the type whose `members` list this stands in; for a bit-field, of its storage unit. */
  readonly offset: number;
  /**
   * In bytes, over all array elements; 0 for a flexible array. For a bit-field, of its storage unit; of the bytes it
   * touches where it is packed across units or its unit ends behind the record.
   */
  readonly size: number;
  /** Array dimensions, outermost first; null stands for a flexible `[]`. Absent when not an array. */
  readonly dims?: readonly (number | null)[];
  readonly bit?: BitRange;
  readonly shape: Shape;
  /** The unit that the header states for the value, from a closed list (`bytes`, `pages`, …). */
  readonly unit?: string;
  /** The sibling member that holds the number of elements of this flexible array: by `__counted_by`, or by what kernel code does. */
  readonly countedBy?: string;
  /**
   * Present where this is a member of a union that `selected` of the record speaks of: the constants, by name, with which
   * it holds. With a value that no member names, none does.
   */
  readonly when?: readonly string[];
  /** What values are called: constants that begin with the prefix, one of them, or with `flags` a combination. */
  readonly named?: { readonly prefix: string; readonly flags?: true };
  /** The members of an unnamed record; offsets within are relative to that record. */
  readonly members?: readonly Member[];
  readonly comment?: string;
}

/** Of a record with a union of which one member holds at a time, as `when` of those members says. */
export interface Selection {
  /** The member of the record whose value decides. */
  readonly by: string;
  /** What such a record is seen as, and what the value of `by` is called there: `exit`, `reason`. */
  readonly view: string;
  readonly property: string;
  /** The constants, by name, of which it is known that no member goes with them. */
  readonly alone: readonly string[];
}

export interface RecordType {
  readonly kind: 'struct' | 'union';
  /** The C tag; for a record named only by a typedef, the typedef's name. */
  readonly tag: string;
  /** Present when `tag` is the name of a typedef: C code then says `tag`, not `struct tag`. */
  readonly typedef?: true;
  readonly size: number;
  readonly align: number;
  readonly at: At;
  readonly selected?: Selection;
  readonly members: readonly Member[];
  readonly comment?: string;
}

export interface Enumerator {
  readonly name: string;
  readonly value: IntegerValue;
  /** C type of the enumerator's value as an expression: `int` where it fits. */
  readonly type: string;
  readonly at: At;
  readonly comment?: string;
}

export interface EnumType {
  /** Null for an enum without a tag, which only declares constants. */
  readonly tag: string | null;
  readonly typedef?: true;
  readonly size: number;
  readonly at: At;
  readonly enumerators: readonly Enumerator[];
  readonly comment?: string;
}

/** An object-like macro with an integer or string value. Every ioctl macro with a value is here too. */
export interface Constant {
  readonly name: string;
  /** With `type` `char[n]`, the string, one character per byte where its bytes are not UTF-8; otherwise the integer. */
  readonly value: IntegerValue;
  /** The C type of the macro's value: `int`, `unsigned long`, …; `char[6]` for a string with its terminator. */
  readonly type: string;
  /** Present where the macro is only another name of an ioctl in the model. */
  readonly aliasOf?: string;
  readonly at: At;
  readonly comment?: string;
}

/** Which way the argument's bytes go, seen from user space, as encoded by `_IO`, `_IOR`, `_IOW`, `_IOWR`. */
export type Direction = 'none' | 'read' | 'write' | 'readwrite';

/** How the third argument of `ioctl(2)` is handed over. */
export type Passing = 'nothing' | 'value' | 'pointer';

/** What a file descriptor of KVM is of: `/dev/kvm`, a VM, a vCPU, or a device that the kernel emulates in a VM. */
export type FdKind = 'system' | 'vm' | 'vcpu' | 'device';

export interface Ioctl {
  readonly name: string;
  /** The request number. The kernel takes it as a 32-bit unsigned integer, so it is a number on every target. */
  readonly request: number;
  /** As encoded in the request number. */
  readonly direction: Direction;
  /** The magic number: 0xae for KVM. */
  readonly type: number;
  readonly nr: number;
  /** The C type that is passed, or pointed to; null when nothing is. */
  readonly argument: string | null;
  /** Of what is passed or pointed to; `opaque` where that is an array. */
  readonly shape: Shape | null;
  readonly passes: Passing;
  /** In bytes, as encoded in the request number. */
  readonly size: number;
  readonly at: At;
  /** The kinds of file descriptor that it is made on; absent where nothing is known of them. */
  readonly fds?: readonly FdKind[];
  /** Present where the kernel does otherwise than the macro says: what is different, and who says so. */
  readonly override?: {
    readonly source: string;
    readonly direction?: Direction;
    /** The kernel leaves alone what the pointers in the argument point to. */
    readonly followsPointers?: false;
  };
  readonly comment?: string;
}

/** The types of integers, by width and sign: C's names for them are not the same on all targets. */
export type IntegerKind = Exclude<ScalarKind, 'f32' | 'f64' | 'pointer' | 'opaque'>;

/**
 * What a function-like macro says of its arguments: an expression without side effects, with every constant, `sizeof`
 * and inner macro worked out. Its operators are C's, with C's promotions and conversions.
 */
export type MacroExpression =
  /** An argument, of the type that it is given with. */
  | { readonly is: 'parameter'; readonly index: number }
  | { readonly is: 'integer'; readonly kind: IntegerKind; readonly value: IntegerValue }
  /** A cast. */
  | { readonly is: 'convert'; readonly to: IntegerKind; readonly of: MacroExpression }
  | { readonly is: 'unary'; readonly operator: '+' | '-' | '~' | '!'; readonly of: MacroExpression }
  | {
      readonly is: 'binary';
      readonly operator: MacroOperator;
      readonly left: MacroExpression;
      readonly right: MacroExpression;
    }
  | {
      readonly is: 'conditional';
      readonly test: MacroExpression;
      readonly whenTrue: MacroExpression;
      readonly whenFalse: MacroExpression;
    };

/** Those of C that work on two values and change neither. */
export type MacroOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '>'
  | '<='
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

/** A function-like macro whose value is a function of the values of its arguments. The others are in the ledger. */
export interface FunctionMacro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly value: MacroExpression;
  readonly at: At;
  readonly comment?: string;
}

/** Something the header says and the model cannot: nothing is left out without an entry here. */
export interface LedgerEntry {
  readonly kind: 'macro' | 'ioctl' | 'type';
  /** Of a type with its keyword: `struct kvm_run`; the keyword alone where it has no name. */
  readonly name: string;
  /** Present for a function-like macro; one that takes the rest of the arguments ends in `...`. */
  readonly parameters?: readonly string[];
  readonly reason: string;
  readonly at: At;
  /** Present where it is the target that lacks it: it stands under a condition that does not hold there. */
  readonly skipped?: true;
}

/** Where a header came from. */
export type Origin =
  | { readonly kind: 'package'; readonly name: string; readonly version: string; readonly architecture: string }
  | { readonly kind: 'tree' };

export interface SourceHeader {
  readonly name: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  /** Index into the model's `origins`. */
  readonly origin: number;
}

export interface Model {
  readonly schema: typeof MODEL_SCHEMA;
  /** Name of the target, as given to `--arch`. */
  readonly target: string;
  readonly byteOrder: ByteOrder;
  /** In bytes. */
  readonly pointerSize: 4 | 8;
  /** The header that was asked for, as spelled in an `#include`. */
  readonly header: string;
  /**
   * The headers that are read before `header`, in this order: it uses names that they define, and does not include them.
   * Absent where it is complete by itself.
   */
  readonly prelude?: readonly string[];
  /** Version of the kernel the header belongs to, `6.1.187`; null when its tree has no `linux/version.h`. */
  readonly kernel: string | null;
  /** The headers whose declarations are all here: `header`, and those that `analyze/covered-headers.ts` tells. */
  readonly covers: readonly string[];
  /** By covered header, the other covered ones that define records it uses; absent where there are none. */
  readonly uses: Readonly<Record<string, readonly string[]>>;
  readonly origins: readonly Origin[];
  /** Every header that was read: `header`, then the others in the order of first reading. */
  readonly sources: readonly SourceHeader[];
  readonly types: readonly RecordType[];
  readonly enums: readonly EnumType[];
  readonly constants: readonly Constant[];
  readonly ioctls: readonly Ioctl[];
  readonly functions: readonly FunctionMacro[];
  readonly ledger: readonly LedgerEntry[];
  /**
   * Present where only a part was selected: the names and regular expressions that were asked for. The items that are not
   * here were left out on purpose; `covers` and `uses` are of those that are, `ledger` and `sources` of all.
   */
  readonly selection?: { readonly types: readonly string[]; readonly constants: readonly string[] };
}

/** The model without the header's comments. */
export function withoutComments(model: Model): Model {
  const bare = <T extends { readonly comment?: string }>(item: T): T | Omit<T, 'comment'> => {
    if (item.comment === undefined) return item;
    const { comment: _, ...rest } = item;
    return rest;
  };
  const isBare = ({ comment, members }: Pick<Member, 'comment' | 'members'>): boolean =>
    comment === undefined && (members === undefined || members.every(isBare));
  const bareMember = (member: Member): Member => {
    if (isBare(member)) return member;
    return member.members ? { ...bare(member), members: member.members.map(bareMember) } : bare(member);
  };
  return {
    ...model,
    types: model.types.map((type) => (isBare(type) ? type : { ...bare(type), members: type.members.map(bareMember) })),
    enums: model.enums.map((type) => ({ ...bare(type), enumerators: type.enumerators.map(bare) })),
    constants: model.constants.map(bare),
    ioctls: model.ioctls.map(bare),
    functions: model.functions.map(bare),
  };
}
