/** The form of the rows about members that are addresses of the process. */

export interface AddressRow {
  /** The headers that define the record, spelled as in an `#include`. Newer kernels have moved some records. */
  readonly headers: readonly string[];
  /** The tag of the record. */
  readonly record: string;
  /** The member. A member of an unnamed record has the names of the records before it: `u.shared_info.hva`. */
  readonly member: string;
  /** The member of the same record that holds the number of elements. Absent for one element. */
  readonly countedBy?: string;
  /**
   * The size of one element in bytes. Without `countedBy`, the most bytes that the kernel can access. Absent if nothing in
   * the record states the number of bytes.
   */
  readonly elementSize?: number;
  /** The source of this row: a section of a kernel document, or a source file and function. */
  readonly source: string;
}
