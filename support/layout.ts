/** Layouts as data: what the `$layout` of a generated class has. */

export type ByteOrder = 'little' | 'big';

/** Where a member lies in its type. */
export interface MemberLayout {
  /** In bytes from the start of the type; of a bit-field, that of its storage unit. */
  readonly offset: number;
  /** In bytes; of a bit-field, that of its storage unit; 0 for a flexible array. */
  readonly size: number;
  /** The C type, without dimensions. */
  readonly type: string;
  /** How the value is read, by sign and bits; absent for structs and unions. */
  readonly is?: IntegerKind | 'f32' | 'f64' | 'bool' | 'opaque';
  /** Where the C type says it for every target, as `__be32` does. */
  readonly byteOrder?: ByteOrder;
  /** Array dimensions, outermost first; null for a flexible one. */
  readonly dims?: readonly (number | null)[];
  /** First bit, counted from bit 0 of the byte at `offset` in the order C allocates them, and width. */
  readonly bit?: readonly [offset: number, width: number];
  /** The constants that begin so are the names of its values. */
  readonly names?: string;
  /** The same, where a value is some of them. */
  readonly flags?: string;
}

/** Size, alignment and every offset of a type, as data. Members of anonymous members are listed as their parent's. */
export interface TypeLayout {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly byteOrder: ByteOrder;
  readonly members: Readonly<Record<string, MemberLayout>>;
}

/** The integers, by sign and bits; a pointer is one without a sign. */
export type IntegerKind = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'u64' | 's64' | 'pointer';

/** The flexible array at the end of a type. */
export interface FlexibleTail {
  readonly member: string;
  readonly offset: number;
  /** Size of one element in bytes. */
  readonly elementSize: number;
  /** The member that holds the number of elements; null when C code has to know it otherwise. */
  readonly countedBy: string | null;
}

/** That of a scalar alone: its one member is called `value`. */
export interface ScalarLayout<K extends IntegerKind> extends TypeLayout {
  readonly members: {
    readonly value: { readonly offset: 0; readonly size: number; readonly type: string; readonly is: K };
  };
}

export function scalarLayout<K extends IntegerKind>(
  name: string,
  is: K,
  size: number,
  byteOrder: ByteOrder,
): ScalarLayout<K> {
  return { name, size, align: size, byteOrder, members: { value: { offset: 0, size, type: name, is } } };
}
