/** What the text of a module refers to outside of itself, and the style that the caller has chosen. */

import type { ByteOrder, Member, Model, Shape } from '../model/model.js';

/** Which form of a 64-bit member has the C name: a bigint, or a number that is checked; the other one is `$name`. */
export type WideStyle = 'bigint' | 'number';

/** What the text of a module refers to outside of itself. */
export interface References {
  readonly target: Pick<Model, 'byteOrder' | 'pointerSize'>;
  readonly u64: WideStyle;
  /**
   * Records the use of a name from the support library, for memory of the target's byte order or another, and gives the name
   * to use.
   */
  view(name: string, byteOrder?: ByteOrder): string;
  /** The class of a member's struct or union, imported where needed. */
  classOf(member: Member): string;
  /** Whether a value of a shape has pointers in it. */
  hasPointers(shape: Shape): boolean;
}
