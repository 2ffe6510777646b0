/**
 * The support library. Generated modules import it, and their users call it. It works in every JavaScript environment
 * and does not need Node or a browser. `kvm-uapi generate` copies it to the folder of the modules.
 */

export { allocate } from './allocate.js';
export {
  ArrayView,
  BoolArray,
  NestedArray,
  S8Array,
  U8Array,
  ViewArray,
} from './arrays.js';
export { assign, type PartialOf } from './assign.js';
export { Atomic, type AtomicMember, atomic } from './atomic.js';
export { equal } from './equal.js';
export { flagsOf, inspectable, type NamesIn, nameOf } from './inspect.js';
export type {
  CommandAddress,
  Direction,
  Ioctl,
  IoctlAlone,
  IoctlByPointer,
  IoctlByValue,
  IoctlCommand,
  IoctlOfCommands,
  IoctlRequest,
  IoctlToBytes,
} from './ioctl.js';
export type { ByteOrder, FlexibleTail, IntegerKind, MemberLayout, ScalarLayout, TypeLayout } from './layout.js';
export {
  F32Array,
  F64Array,
  S16Array,
  S32Array,
  S32Value,
  S64Array,
  S64Value,
  U16Array,
  U32Array,
  U32Value,
  U64Array,
  U64Value,
} from './little-endian.js';
export { CharArray, UnsignedCharArray } from './text.js';
export { type Plain, toObject } from './to-object.js';
export { bytesOf, copy, type FlexibleViewClass, type View, type ViewClass, type ViewWithLayout } from './view.js';
