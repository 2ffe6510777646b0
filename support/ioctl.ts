/** Ioctls as typed values: the request number, and what the ioctl takes. */

import type { View, ViewClass } from './view.js';

/** Which way the bytes of an argument go, seen from user space. */
export type Direction = 'none' | 'read' | 'write' | 'readwrite';

/** `Fd` names the kinds of file descriptor that it is made on; who asks for one kind is also given what takes more. */
export interface IoctlRequest<Fd extends string = never> {
  readonly name: string;
  /** What `ioctl(2)` takes as its second argument. */
  readonly request: number;
  /** As encoded in the request. */
  readonly direction: Direction;
  readonly type: number;
  readonly nr: number;
  /** Size of the argument in bytes, as encoded in the request. */
  readonly size: number;
  /** The argument has pointers in it that the kernel follows. */
  readonly pointers?: true;
  /** The kinds of file descriptor; absent where nothing is known of them. */
  readonly fds?: { readonly [Kind in Fd]: true };
  /**
   * The capability that announces it, or one for each kind of file descriptor; absent for an ioctl that every kernel has, and
   * where none is known.
   */
  readonly capability?: string | { readonly [kind: string]: string };
}

/** An ioctl without an argument. */
export interface IoctlAlone<Fd extends string = never> extends IoctlRequest<Fd> {
  readonly passes: 'nothing';
}

/** An ioctl whose argument is an integer. */
export interface IoctlByValue<Fd extends string = never> extends IoctlRequest<Fd> {
  readonly passes: 'value';
  /** Its C type. */
  readonly argument: string;
}

/** An ioctl that points to a `T`. `Way` is what the kernel really does, which is not always what the request says. */
export interface IoctlByPointer<T extends View, Fd extends string = never, Way extends Direction = Direction>
  extends IoctlRequest<Fd> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: ViewClass<T>;
}

/** An ioctl that points to `size` bytes for which there is no view. */
export interface IoctlToBytes<Fd extends string = never, Way extends Direction = Direction> extends IoctlRequest<Fd> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: null;
}

export type Ioctl = IoctlAlone | IoctlByValue | IoctlByPointer<View> | IoctlToBytes;
