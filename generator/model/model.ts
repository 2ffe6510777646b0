/**
 * The model: the laid-out description of one header on one target. Emission, reports and checks read nothing else. The
 * model is plain data and serialises directly to JSON. `kvm-uapi layout --json` prints exactly this JSON. The model of
 * each committed module is committed in the same folder.
 *
 * A model contains only facts. It never contains code of a header. It contains comments of a header only if the caller
 * requests them; each one is the `comment` of its item. A model that is written to disk with bindings never contains
 * comments.
 */

import type { Direction } from '../../support/ioctl.js';
import type { ByteOrder } from '../../support/layout.js';

export type { ByteOrder, Direction };

/** The version of the JSON form. It changes if a reader of the old form would misread the new form. */
export const MODEL_SCHEMA = 'kvm-uapi/model/4';

/** The location of a declaration. */
export interface Location {
  /** The header, spelled as in an `#include`: `linux/kvm.h`. */
  readonly header: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * An integer of C. If the C type has at most 32 bits, it is a JavaScript number. Otherwise it is a decimal string. The
 * value itself never decides this.
 */
export type IntegerValue = number | string;

/**
 * How a member's bytes are read: as an integer, a float, a `_Bool`, a pointer (an address with the target's pointer
 * size), or opaque bytes. JavaScript has no value for opaque bytes (`long double`, `__int128`).
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
  /** Present if the type has the same byte order on every target: `__be32`, `__le64`. A bit-field never has it. */
  readonly byteOrder?: ByteOrder;
  /** Present if the type is plain `char`. An array of it can be text. */
  readonly character?: true;
}

/** The kind of a member after typedefs are resolved: a scalar, a named record or an unnamed record. */
export type Shape =
  | ScalarShape
  /** `cName` is the `cName` of the `RecordType`. */
  | { readonly is: 'struct' | 'union'; readonly cName: string }
  | { readonly is: 'struct' | 'union'; readonly cName: null; readonly align: number };

/** The first kernel version that has an item, as far as it is known. See `since.ts`. */
export interface Since {
  /** The oldest known version that has the item, such as `6.1`. */
  readonly version: string;
  /** The newest known version before `version`. It does not have the item. Absent if no older version is known. */
  readonly notIn?: string;
}

export interface BitRange {
  /** The position in bits from bit 0 of the byte at the member's `offset`, in the order in which C allocates bits. */
  readonly offset: number;
  /** Width in bits. */
  readonly width: number;
}

export interface Member {
  /** Null for an anonymous struct or union. In C, its members belong to the enclosing record. */
  readonly name: string | null;
  /** The C type as declared, without array dimensions. For an unnamed record, `struct` or `union`. */
  readonly type: string;
  /**
   * The offset in bytes from the start of the record whose `members` list contains this member. For a bit-field, the
   * offset of its storage unit.
   */
  readonly offset: number;
  /**
   * The size in bytes of all array elements together. 0 for a flexible array. For a bit-field, the size of its storage
   * unit. If a packed bit-field crosses units, or if its unit ends outside the record, the size of the bytes that it
   * touches.
   */
  readonly size: number;
  /** The array dimensions, outermost first. Null is a flexible `[]`. Absent if the member is not an array. */
  readonly dims?: readonly (number | null)[];
  /** The size in bytes of one element of the innermost dimension. Absent if the member is not an array. */
  readonly elementSize?: number;
  readonly bit?: BitRange;
  readonly shape: Shape;
  /** The unit of the value that the header states, from a fixed list (`bytes`, `pages`, …). */
  readonly unit?: string;
  /**
   * The member of the same struct that holds the number of elements of this flexible array. `__counted_by` or the
   * kernel's code states it.
   */
  readonly countedBy?: string;
  /** Present if the value is an address in this process that the kernel follows. Kernel facts or the configuration state it. */
  readonly address?: AddressedMemory;
  /** The `cName` of the enum that is the type of the member or, for an array, of its elements. */
  readonly enum?: string;
  /**
   * The constants, by name, that select this member. Present if this is a member of a union with a discriminator. A
   * value that no member lists selects no member.
   */
  readonly when?: readonly string[];
  /** The prefix of the constants for the member's values. With `flags`, a value is a combination of constants. */
  readonly named?: { readonly prefix: string; readonly flags?: true };
  /** The members of an unnamed record. Their offsets are relative to that record. */
  readonly members?: readonly Member[];
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

/** The memory at an address in a struct: how many bytes the kernel can access there. */
export interface AddressedMemory {
  /** The member of the same record that holds the number of elements. Absent if there is one element. */
  readonly countedBy?: string;
  /**
   * The size of one element in bytes. 1 if the count is a number of bytes. Absent if nothing in the record states the number
   * of bytes.
   */
  readonly elementSize?: number;
  /** The `cName` of the struct that an element is. Absent if an element is not a struct of the model. */
  readonly type?: string;
}

/** The member that selects the valid member of a union. `when` of the union's members lists the values. */
export interface Discriminator {
  /** The member of the record whose value selects: `exit_reason`. */
  readonly member: string;
  /** The name of the view that narrows by the value, and of the property that has the value: `exit`, `reason`. */
  readonly view: string;
  readonly property: string;
  /** The constants, by name, that select no member. */
  readonly selectsNone: readonly string[];
}

export interface RecordType {
  readonly kind: 'struct' | 'union';
  /** The C tag. If only a typedef names the record, the typedef's name. */
  readonly tag: string;
  /**
   * The name of the type in C code: `struct kvm_run`, or the name of a typedef. All types of a model have different
   * names.
   */
  readonly cName: string;
  readonly size: number;
  readonly align: number;
  readonly location: Location;
  readonly discriminator?: Discriminator;
  readonly members: readonly Member[];
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

export interface Enumerator {
  readonly name: string;
  readonly value: IntegerValue;
  /** The C type of the enumerator's value in an expression: `int` if the value fits. */
  readonly type: string;
  /** The ioctl for which the enumerator is only another name. The enumerator of an ioctl itself does not have it. */
  readonly aliasOf?: string;
  readonly location: Location;
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

export interface EnumType {
  /** Null for an enum without a name. Such an enum only declares constants. */
  readonly tag: string | null;
  /** The name of the type in C code: `enum color`, or the name of a typedef. Null for an enum without a name. */
  readonly cName: string | null;
  readonly size: number;
  readonly location: Location;
  readonly enumerators: readonly Enumerator[];
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

/**
 * An object-like macro with an integer or string value, or a `const` variable with one. This includes every ioctl macro
 * with a value.
 */
export interface Constant {
  readonly name: string;
  /**
   * The value. With a `type` of `char[n]`, a string; if its bytes are not UTF-8, each byte is one character. Otherwise
   * an integer.
   */
  readonly value: IntegerValue;
  /** The C type of the value: `int`, `unsigned long`, …. For a string with its terminator, `char[6]`. */
  readonly type: string;
  /** Present if it is a `const` variable. In C, its name is not a constant expression. */
  readonly isVariable?: true;
  /** The ioctl for which the macro is only another name. The ioctl is in the model. */
  readonly aliasOf?: string;
  readonly location: Location;
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

/** How the third argument of `ioctl(2)` is passed. */
export type Passing = 'nothing' | 'value' | 'pointer';

/** The kinds of KVM file descriptors: `/dev/kvm`, a VM, a vCPU, or a device that the kernel emulates in a VM. */
export type FdKind = 'system' | 'vm' | 'vcpu' | 'device';

/** A command of an ioctl that takes the number of a command and the address of a struct of this command. */
export interface IoctlCommand {
  /** The constant whose value is the number. */
  readonly name: string;
  readonly id: number;
  readonly fd: FdKind;
  /** The `cName` of the struct that the ioctl takes with this command. */
  readonly carrier: string;
  /** The member of the carrier with the error of the firmware. */
  readonly error: string;
  /** How `data` of the carrier passes the argument of the command. */
  readonly passes: Passing;
  /** The `cName` of the struct at the address in `data`. Null if `passes` is not `pointer`. */
  readonly argument: string | null;
  /** The direction of the bytes of the struct, seen from user space. */
  readonly direction: Direction;
  /** The array at the end of the struct. It can be that of a struct in the struct. */
  readonly tail?: {
    readonly offset: number;
    readonly elementSize: number;
    readonly countOffset: number;
    readonly countSize: number;
  };
  /** The members of the struct that are addresses. Their `address` says how many bytes are there. */
  readonly addresses: readonly {
    readonly member: string;
    /** The direction of the bytes at the address. */
    readonly direction: Direction;
    /** Present if the address must be one of memory of the guest. */
    readonly isGuestMemory?: true;
  }[];
}

/** An attribute of KVM_GET_DEVICE_ATTR and KVM_SET_DEVICE_ATTR, or all attributes of a group. */
export interface DeviceAttribute {
  /** The constant of the attribute, or of the group. */
  readonly name: string;
  readonly fd: FdKind;
  /** The type of the device. Absent unless `fd` is `device`. */
  readonly device?: number;
  readonly group: number;
  /** Absent if this holds for all attributes of the group that are not listed themselves. */
  readonly attr?: number;
  /** The type of the value, in words of C. */
  readonly type: string;
  /** The length of the value in bytes, or `attr` if the number of the attribute is the length. */
  readonly size: number | 'attr';
}

/** A macro or an enumerator whose value is a request number. An enumerator is also in its enum. */
export interface Ioctl {
  readonly name: string;
  /** The request number. The kernel reads it as a 32-bit unsigned integer, so it is a number on every target. */
  readonly request: number;
  /** The direction in the request number. */
  readonly direction: Direction;
  /** The magic number: 0xae for KVM. */
  readonly type: number;
  readonly nr: number;
  /** The C type that is passed or pointed to. Null if there is no argument. */
  readonly argument: string | null;
  /** The shape of the type that is passed or pointed to. `opaque` if the type is an array. */
  readonly shape: Shape | null;
  readonly passes: Passing;
  /** The size in bytes in the request number. */
  readonly size: number;
  /** Present if the value is a plain number, not a use of `_IO` and its kin. Kernel facts or the configuration say what it is. */
  readonly plainNumber?: true;
  /** The size of the argument in bytes, if the request number has another size and the argument is not a struct or union. */
  readonly argumentSize?: number;
  /** The member of the argument that holds the number of bytes that the kernel can access, with everything after it. */
  readonly sizedBy?: string;
  /** Present if the argument must not have bytes after its struct, because the kernel follows addresses there. */
  readonly tail?: false;
  /**
   * Present if the argument contains addresses that the kernel follows only if `member` has one of `values`. The keys of
   * `values` are the constants.
   */
  readonly pointersIf?: { readonly member: string; readonly values: Readonly<Record<string, number>> };
  /** Present if the argument is a `struct kvm_device_attr`: the attributes whose length is known. */
  readonly attributes?: readonly DeviceAttribute[];
  /** Present if the argument names one of several commands. */
  readonly commands?: readonly IoctlCommand[];
  readonly location: Location;
  /**
   * The kinds of file descriptor that accept the ioctl: a `FdKind`, or a name that the project chose. Absent if they are
   * unknown.
   */
  readonly fds?: readonly string[];
  /**
   * The capability that announces the ioctl, such as `KVM_CAP_SREGS2`, or one capability for each kind of file
   * descriptor. Absent if every kernel has the ioctl, or if the capability is unknown.
   */
  readonly capability?: string | Readonly<Partial<Record<FdKind, string>>>;
  /** Present if the kernel's behaviour differs from the macro: the differences and their source. */
  readonly override?: {
    readonly source: string;
    readonly direction?: Direction;
    /**
     * False if the kernel does not follow the pointers in the argument. True if it follows addresses that the type of the
     * argument does not show.
     */
    readonly followsPointers?: boolean;
  };
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

/** The types of integers, by width and sign. C's names for them differ between targets. */
export type IntegerKind = Exclude<ScalarKind, 'f32' | 'f64' | 'pointer' | 'opaque'>;

/**
 * The value of a function-like macro: an expression over its arguments without side effects. Every constant, `sizeof`
 * and inner macro is already evaluated. Its operators are C's operators, with C's promotions and conversions.
 */
export type MacroExpression =
  /** An argument, with the type of the given value. */
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

/** The operators of C that compute with two values and change neither. */
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

/**
 * A function-like macro whose value depends only on the values of its arguments. All other function-like macros are
 * omissions.
 */
export interface FunctionMacro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly value: MacroExpression;
  readonly location: Location;
  /** The first kernel version that has it. Absent if it is unknown. */
  readonly since?: Since;
  readonly comment?: string;
}

/**
 * The kinds of declarations that a model cannot express. A `macro` has no value. An `ioctl` has no request number or no
 * argument. A `type` is a struct, union or enum. A `typedef` is another name of a type: a name that a member's `type` can
 * spell, and that has no export. A `variable` has no value that the compiler knows. A `function` exists only in C code. An
 * `assertion` is a static assertion that cannot be evaluated. A `pragma` is a `#pragma pack` that the compiler ignores.
 */
export type OmissionKind = 'macro' | 'ioctl' | 'type' | 'typedef' | 'variable' | 'function' | 'assertion' | 'pragma';

/** A declaration that the model cannot express. Every declaration that is left out has an omission. */
export interface Omission {
  readonly kind: OmissionKind;
  /** The name. A type includes its keyword: `struct kvm_run`. A type without a name has only the keyword. */
  readonly name: string;
  /** Present for a function-like macro. A variadic parameter ends in `...`. */
  readonly parameters?: readonly string[];
  readonly reason: string;
  readonly location: Location;
  /** Present if only the target lacks the declaration, because its condition does not hold there. */
  readonly skipped?: true;
}

/** The origin of a header. */
export type Origin =
  | { readonly kind: 'package'; readonly name: string; readonly version: string; readonly architecture: string }
  | { readonly kind: 'tree' };

export interface SourceHeader {
  readonly name: string;
  /** The SHA-256 hash of the file, in hexadecimal. */
  readonly sha256: string;
  /** The index in the model's `origins`. */
  readonly origin: number;
}

export interface Model {
  readonly schema: typeof MODEL_SCHEMA;
  /** The name of the target, as for `--arch`. */
  readonly target: string;
  readonly byteOrder: ByteOrder;
  /** In bytes. */
  readonly pointerSize: 4 | 8;
  /** The value of Node's `process.arch` on such a machine, such as `x64`. Null if Node does not support it. */
  readonly nodeArch: string | null;
  /** The requested header, spelled as in an `#include`. */
  readonly header: string;
  /** The macros that the user defined before the headers were read, with their replacements. Absent without any. */
  readonly define?: Readonly<Record<string, string>>;
  /** The statements of the project about items of the model. See `statements.ts`. Absent without any. */
  readonly stated?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * The headers that are read before `header`, in this order. `header` uses names that they define, but does not
   * include them. Absent if `header` includes everything that it needs.
   */
  readonly requiredIncludes?: readonly string[];
  /** The kernel version of the header, such as `6.1.187`. Null if its tree has no `linux/version.h`. */
  readonly kernel: string | null;
  /**
   * The headers whose declarations the model contains: `header` and the headers that `analyze/covered-headers.ts`
   * finds.
   */
  readonly coveredHeaders: readonly string[];
  /**
   * Maps each covered header to the other covered headers that define records it uses. Headers without such headers are
   * absent.
   */
  readonly uses: Readonly<Record<string, readonly string[]>>;
  readonly origins: readonly Origin[];
  /** Every header that was read: `header`, then the others in the order of their first reading. */
  readonly sources: readonly SourceHeader[];
  readonly types: readonly RecordType[];
  readonly enums: readonly EnumType[];
  readonly constants: readonly Constant[];
  readonly ioctls: readonly Ioctl[];
  readonly functions: readonly FunctionMacro[];
  readonly omissions: readonly Omission[];
  /**
   * Present if only a part was selected: the requested names and regular expressions. Other items were left out on
   * purpose. `coveredHeaders` and `uses` describe the selected items. `omissions` and `sources` describe the whole
   * header.
   */
  readonly selection?: { readonly types: readonly string[]; readonly constants: readonly string[] };
}

/** Returns the model without the header's comments. */
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
