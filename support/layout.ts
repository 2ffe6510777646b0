/** Layouts as data: the types of `$layout` of generated classes. */

export type ByteOrder = 'little' | 'big';

/** The memory at an address in a struct: the number of bytes that the kernel can access. */
export interface AddressedMemory {
  /** The member that holds the number of elements. Null if there is one element. */
  readonly countedBy: string | null;
  /** The size of one element in bytes. Null if an element has addresses too, or if nothing in the struct states the size. */
  readonly elementSize: number | null;
}

/** The position of a member in its type. */
export interface MemberLayout {
  /** The offset in bytes from the start of the type. For a bit-field, the offset of its storage unit. */
  readonly offset: number;
  /** The size in bytes. For a bit-field, the size of its storage unit. 0 for a flexible array. */
  readonly size: number;
  /** The C type without array dimensions. */
  readonly type: string;
  /** How the value is read, by sign and bits. Absent for structs and unions. */
  readonly is?: IntegerKind | 'f32' | 'f64' | 'bool' | 'opaque';
  /** Present if the C type has the same byte order on every target, as `__be32` has. */
  readonly byteOrder?: ByteOrder;
  /** The array dimensions, outermost first. Null for a flexible array. */
  readonly dims?: readonly (number | null)[];
  /**
   * The first bit and the width. Bits count from bit 0 of the byte at `offset`, in the order in which C allocates bits.
   */
  readonly bit?: readonly [offset: number, width: number];
  /** The prefix of the constants for the member's values. */
  readonly names?: string;
  /** The prefix of the constants, if a value is a combination of them. */
  readonly flags?: string;
  /** Present if the value is an address that the kernel follows: the memory there. */
  readonly address?: AddressedMemory;
  /** The export with the enumerators, if the C type is an enum. */
  readonly enum?: string;
}

/**
 * The size, the alignment and all offsets of a type. Members of anonymous members are listed as members of the parent.
 */
export interface TypeLayout {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly byteOrder: ByteOrder;
  readonly members: Readonly<Record<string, MemberLayout>>;
}

/** The integers, by sign and bits. A pointer is an unsigned integer. */
export type IntegerKind = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'u64' | 's64' | 'pointer';

/** The flexible array at the end of a type. */
export interface FlexibleTail {
  readonly member: string;
  readonly offset: number;
  /** The size of one element in bytes. */
  readonly elementSize: number;
  /** The member that holds the number of elements. Null if no member does. */
  readonly countedBy: string | null;
}

/** The layout of a single scalar. Its only member is called `value`. */
export interface ScalarLayout<K extends IntegerKind> extends TypeLayout {
  readonly members: {
    readonly value: { readonly offset: 0; readonly size: number; readonly type: string; readonly is: K };
  };
}
