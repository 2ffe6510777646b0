/** The references of a module to names outside of the module, and the style that the caller chose. */

import type { ByteOrder, Member, Model, Shape } from '../model/model.js';

/** The form of a 64-bit member that has the C name: a bigint or a checked number. The other form is called `$name`. */
export type WideStyle = 'bigint' | 'number';

/** The references of a module to names outside of the module. */
export interface References {
  readonly target: Pick<Model, 'byteOrder' | 'pointerSize'>;
  readonly u64: WideStyle;
  /**
   * Records the use of a name from the support library, and returns the name to use. `byteOrder` is the byte order of
   * the memory. The default is the target's byte order.
   */
  view(name: string, byteOrder?: ByteOrder): string;
  /** Records the use of the value that makes a view uncloneable, and returns the name to use. */
  uncloneable(): string;
  /** Returns the class of a member's struct or union, and imports it if needed. */
  classOf(member: Member): string;
  /**
   * Returns the class of a member's struct or union, to make a view of it. In the module of the class it is a constant of the module:
   * V8 reads an export, and checks it, each time.
   */
  constructorOf(member: Member): string;
  /** Returns the class of the module for arrays of a member's struct or union. */
  arrayOf(member: Member): string;
  /** Returns the export of a member's enum, or undefined if the member has no enum in the model. */
  enumNameOf(member: Member): string | undefined;
  /** Returns the type of a member's enum, and imports it if needed. Returns undefined as `enumNameOf` does. */
  enumTypeOf(member: Member): string | undefined;
  /** Whether a value with this shape contains pointers. */
  hasPointers(shape: Shape): boolean;
}
