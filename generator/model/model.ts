/**
 * The model: the laid-out description of one header on one target. Emission, reports and checks read nothing else. It is
 * plain data and serialises to JSON as it is. `kvm-uapi layout --json` prints exactly this JSON, and the model of each
 * committed module is committed beside that module.
 *
 * A model has facts only. It never has code of a header. It has comments of a header only where the caller asked for them, as
 * the `comment` of the item that they belong to. A model that is written to disk beside bindings never has comments.
 */

import type { Direction } from '../../support/ioctl.js';
import type { ByteOrder } from '../../support/layout.js';

export type { ByteOrder, Direction };

/** Version of the JSON form. It changes when a reader of the old form would misread the new one. */
export const MODEL_SCHEMA = 'kvm-uapi/model/3';

/** Where something is declared. */
export interface Location {
  /** As an `#include` spells it: `linux/kvm.h`. */
  readonly header: string;
  /** Counted from 1. */
  readonly line: number;
}

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
  /** `cName` is that of the `RecordType`. */
  | { readonly is: 'struct' | 'union'; readonly cName: string }
  | { readonly is: 'struct' | 'union'; readonly cName: null; readonly align: number };

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
   * touches where it is packed across units or its unit ends beyond the record.
   */
  readonly size: number;
  /** Array dimensions, outermost first; null stands for a flexible `[]`. Absent when not an array. */
  readonly dims?: readonly (number | null)[];
  /** Of an array: the size of one element of its innermost dimension, in bytes. Absent when not an array. */
  readonly elementSize?: number;
  readonly bit?: BitRange;
  readonly shape: Shape;
  /** The unit that the header states for the value, from a closed list (`bytes`, `pages`, …). */
  readonly unit?: string;
  /** The sibling member that holds the number of elements of this flexible array: by `__counted_by`, or by what kernel code does. */
  readonly countedBy?: string;
  /**
   * Present where this is a member of a union that the record's discriminator selects: the constants, by name, that select
   * it. A value that no member names selects no member.
   */
  readonly when?: readonly string[];
  /** What values are called: constants that begin with the prefix, one of them, or with `flags` a combination. */
  readonly named?: { readonly prefix: string; readonly flags?: true };
  /** The members of an unnamed record; offsets within are relative to that record. */
  readonly members?: readonly Member[];
  readonly comment?: string;
}

/** The member that selects the member of a union, as `when` of the union's members says. */
export interface Discriminator {
  /** The member of the record whose value selects: `exit_reason`. */
  readonly member: string;
  /** The name of the view that narrows by it, and of the property that has its value there: `exit`, `reason`. */
  readonly view: string;
  readonly property: string;
  /** The constants, by name, that select no member. */
  readonly selectsNone: readonly string[];
}

export interface RecordType {
  readonly kind: 'struct' | 'union';
  /** The C tag; for a record named only by a typedef, the typedef's name. */
  readonly tag: string;
  /** As C code names the type: `struct kvm_run`, or the name of a typedef. No two types of a model have the same. */
  readonly cName: string;
  readonly size: number;
  readonly align: number;
  readonly location: Location;
  readonly discriminator?: Discriminator;
  readonly members: readonly Member[];
  readonly comment?: string;
}

export interface Enumerator {
  readonly name: string;
  readonly value: IntegerValue;
  /** C type of the enumerator's value as an expression: `int` where it fits. */
  readonly type: string;
  readonly location: Location;
  readonly comment?: string;
}

export interface EnumType {
  /** Null for an enum without a name, which only declares constants. */
  readonly tag: string | null;
  /** As C code names the type: `enum color`, or the name of a typedef; null for an enum without a name. */
  readonly cName: string | null;
  readonly size: number;
  readonly location: Location;
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
  readonly location: Location;
  readonly comment?: string;
}

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
  readonly location: Location;
  /** The kinds of file descriptor that take it; absent where that is not known. */
  readonly fds?: readonly FdKind[];
  /**
   * The capability that announces it, `KVM_CAP_SREGS2`, or one for each kind of file descriptor. Absent for an ioctl that every
   * kernel has, and where none is known.
   */
  readonly capability?: string | Readonly<Partial<Record<FdKind, string>>>;
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

/** A function-like macro whose value is a function of the values of its arguments. The others are omissions. */
export interface FunctionMacro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly value: MacroExpression;
  readonly location: Location;
  readonly comment?: string;
}

/** A declaration that the model cannot express. Nothing is left out without an omission. */
export interface Omission {
  readonly kind: 'macro' | 'ioctl' | 'type';
  /** Of a type with its keyword: `struct kvm_run`; the keyword alone where it has no name. */
  readonly name: string;
  /** Present for a function-like macro; one that takes the rest of the arguments ends in `...`. */
  readonly parameters?: readonly string[];
  readonly reason: string;
  readonly location: Location;
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
  /** `process.arch` of Node on such a machine, `x64`; null where Node has no port. */
  readonly nodeArch: string | null;
  /** The header that was asked for, as spelled in an `#include`. */
  readonly header: string;
  /**
   * The headers that are read before `header`, in this order: it uses names that they define, and does not include them.
   * Absent where `header` includes all that it needs.
   */
  readonly requiredIncludes?: readonly string[];
  /** Version of the kernel the header belongs to, `6.1.187`; null when its tree has no `linux/version.h`. */
  readonly kernel: string | null;
  /** The headers whose declarations are all here: `header`, and those that `analyze/covered-headers.ts` finds. */
  readonly coveredHeaders: readonly string[];
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
  readonly omissions: readonly Omission[];
  /**
   * Present where only a part was selected: the names and regular expressions that were asked for. Items that are not here
   * were left out on purpose. `coveredHeaders` and `uses` are of the selected items, `omissions` and `sources` of all.
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
