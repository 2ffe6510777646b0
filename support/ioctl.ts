/** Ioctls as typed values: the request number and the argument. */

import type { View, ViewClass } from './view.js';

/** The direction of an argument's bytes, seen from user space. */
export type Direction = 'none' | 'read' | 'write' | 'readwrite';

/** An attribute of KVM_GET_DEVICE_ATTR and KVM_SET_DEVICE_ATTR, or all attributes of a group. */
export interface DeviceAttribute {
  /** The constant of the attribute, or of the group. */
  readonly name: string;
  /** The kind of file descriptor that has the attribute. */
  readonly fd: string;
  /** The type of the device. Absent unless `fd` is `device`. */
  readonly device?: number;
  readonly group: number;
  /** Absent if this holds for all attributes of the group that are not listed themselves. */
  readonly attr?: number;
  /** The length of the value in bytes, or `attr` if the number of the attribute is the length. */
  readonly size: number | 'attr';
}

/**
 * The properties of every ioctl. `Fd` names the kinds of file descriptor that accept the ioctl. A parameter for one
 * kind also accepts ioctls of several kinds. `Name` is the name of the ioctl, if the type is that of one ioctl.
 */
export interface IoctlRequest<Fd extends string = never, Name extends string = string> {
  readonly name: Name;
  /** The second argument of `ioctl(2)`. */
  readonly request: number;
  /** The direction in the request number. */
  readonly direction: Direction;
  readonly type: number;
  readonly nr: number;
  /** The size of the argument in bytes, as in the request number. */
  readonly size: number;
  /** The member of the argument that holds the number of bytes that the kernel can access. */
  readonly sizedBy?: string;
  /** Present if the argument must not have bytes after its struct, because the kernel follows addresses there. */
  readonly tail?: false;
  /**
   * True if the argument contains addresses that the kernel follows. `'hidden'` if they are not in members of the
   * argument that state them.
   */
  readonly pointers?: true | 'hidden';
  /**
   * Present if the argument contains addresses that the kernel follows only if the member has one of these values. The keys
   * are the constants.
   */
  readonly pointersIf?: { readonly member: string; readonly values: Readonly<Record<string, number>> };
  /** Present if the argument is a `struct kvm_device_attr`: the attributes whose length is known. */
  readonly attributes?: readonly DeviceAttribute[];
  /** The kinds of file descriptor that accept the ioctl. Absent if they are unknown. */
  readonly fds?: { readonly [Kind in Fd]: true };
  /**
   * The capability that announces the ioctl, or one capability for each kind of file descriptor. Absent if every kernel
   * has the ioctl, or if the capability is unknown.
   */
  readonly capability?: string | { readonly [kind: string]: string };
}

/** An ioctl without an argument. */
export interface IoctlAlone<Fd extends string = never, Name extends string = string> extends IoctlRequest<Fd, Name> {
  readonly passes: 'nothing';
}

/** An ioctl whose argument is an integer. */
export interface IoctlByValue<Fd extends string = never, Name extends string = string> extends IoctlRequest<Fd, Name> {
  readonly passes: 'value';
  /** The C type of the argument. */
  readonly argument: string;
}

/**
 * An ioctl whose argument points to a `T`. `Way` is the direction that the kernel really uses. It can differ from the
 * direction in the request number.
 */
export interface IoctlByPointer<
  T extends View,
  Fd extends string = never,
  Way extends Direction = Direction,
  Name extends string = string,
> extends IoctlRequest<Fd, Name> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: ViewClass<T>;
}

/**
 * A command of an ioctl that takes the number of a command and the address of a struct of this command. `Fd` is the kind of
 * file descriptor that accepts the command, `Carrier` the struct that the ioctl takes, `Argument` the struct at the address in
 * its member `data` (`null` for none, `bigint` for a value in `data`), and `Addresses` the members of this struct that are
 * addresses.
 */
export interface IoctlCommand<
  Fd extends string = string,
  Carrier extends View = View,
  Argument extends View | bigint | null = View | bigint | null,
  Addresses extends Readonly<Record<string, CommandAddress>> = Readonly<Record<string, CommandAddress>>,
> {
  /** The number of the command: the value of the constant that has the name of the command. */
  readonly id: number;
  readonly fd: Fd;
  readonly carrier: ViewClass<Carrier>;
  /** The member of the carrier with the error of the firmware. */
  readonly error: string;
  /** How `data` passes the argument. */
  readonly passes: Argument extends View ? 'pointer' : Argument extends bigint ? 'value' : 'nothing';
  readonly argument: Argument extends View ? ViewClass<Argument> : null;
  /** The direction of the bytes of the struct, seen from user space. */
  readonly transfer: Direction;
  /**
   * The array at the end of the struct: where it begins, the size of an element, and the offset and the size of the member that
   * counts the elements. All are in bytes.
   */
  readonly tail?: readonly [start: number, elementSize: number, countOffset: number, countSize: number];
  /** The members of the struct that are addresses. The layout of the struct says how many bytes are there. */
  readonly addresses: Addresses;
}

/** An address in the struct of a command. */
export interface CommandAddress {
  /** The direction of the bytes at the address, seen from user space. */
  readonly transfer: Direction;
  /** Present if the address must be one of memory of the guest, which the command uses in place. */
  readonly guest?: true;
}

/** An ioctl whose argument names one of several commands. */
export interface IoctlOfCommands<
  T extends View,
  Fd extends string = never,
  Way extends Direction = Direction,
  Name extends string = string,
  Commands extends { readonly [Command in keyof Commands]: IoctlCommand } = Readonly<Record<string, IoctlCommand>>,
> extends IoctlByPointer<T, Fd, Way, Name> {
  /** The commands, by the names of their constants. */
  readonly commands: Commands;
}

/** An ioctl whose argument points to `bytes` bytes that have no view. Without `bytes`, to `size` bytes. */
export interface IoctlToBytes<
  Fd extends string = never,
  Way extends Direction = Direction,
  Name extends string = string,
> extends IoctlRequest<Fd, Name> {
  readonly passes: 'pointer';
  readonly transfer: Way;
  readonly argument: null;
  /** The size of the argument in bytes, if the request number has another size. */
  readonly bytes?: number;
}

export type Ioctl = IoctlAlone | IoctlByValue | IoctlByPointer<View> | IoctlToBytes;
