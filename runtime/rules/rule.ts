/**
 * A rule of KVM: what an ioctl requires of its argument, of the VM and of the vCPU, and the error with which the kernel
 * refuses. The rules are read only after the kernel has refused.
 */

import type * as x86_64 from '../../generated/x86_64/linux/kvm.js';
import type { IoctlByPointer, IoctlByValue, View } from '../../support/index.js';
import type { Facts } from './facts.js';

type Bindings = typeof x86_64;

/** The names of the ioctls of all architectures with rules. */
export type IoctlName = Extract<keyof Bindings, `KVM_${string}`>;

/** What a rule gets of the argument: a view of the struct, the number, or nothing. KVM_RUN has its struct in shared memory. */
export type ArgumentOf<Name extends IoctlName> = Name extends 'KVM_RUN'
  ? x86_64.KvmRun
  : Bindings[Name] extends IoctlByPointer<infer T extends View>
    ? T
    : Bindings[Name] extends IoctlByValue
      ? bigint
      : undefined;

/** The names of errnos with which the kernel refuses, and the code for an MSR that KVM_SET_MSRS stops at. */
export type Code =
  | 'ERR_KVM_MSR_REFUSED'
  | 'E2BIG'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENXIO'
  | 'EPERM';

/** What is particular to a rule. `F` are the facts of the architecture. */
export interface Row<T, F extends Facts = Facts> {
  /** What KVM requires. */
  readonly rule: string;
  /** What the caller can do. */
  readonly remedy: string;
  /** The title of the section of the kernel's api.rst. By default it is that of the ioctl. */
  readonly see?: string;
  /** True if the kernel has the ioctl even where it does not have the capability that announces the ioctl. */
  readonly withoutCapability?: true;
  /** Returns what breaks the rule, with its value. Returns undefined if nothing does. */
  broken(argument: T, facts: F): string | undefined;
}

/** A rule, for any argument. */
export interface Rule extends Row<unknown> {
  readonly ioctl: IoctlName;
  readonly code: Code;
  /** The capability, if this is a rule of KVM_ENABLE_CAP for one capability. */
  readonly capability?: string;
  /**
   * True if the kernel always refuses what `broken` finds. False if `broken` finds a possible cause, because nothing tells
   * the causes apart.
   */
  readonly isCertain: boolean;
}

/** A rule with the error that the kernel always returns when the rule is broken. */
export function rule<Name extends IoctlName>(ioctl: Name, code: Code, row: Row<ArgumentOf<Name>>): Rule {
  return { ...row, ioctl, code, isCertain: true };
}

/** A rule whose breach is only a possible cause of the error. It counts if no certain rule is broken. */
export function possibleRule<Name extends IoctlName>(ioctl: Name, code: Code, row: Row<ArgumentOf<Name>>): Rule {
  return { ...row, ioctl, code, isCertain: false };
}

/** Shows a number in hexadecimal digits. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** Returns `what` if the condition holds, and otherwise undefined. */
export function when(condition: boolean, what: string | undefined): string | undefined {
  return condition ? what : undefined;
}

/** The bits of `value` that are not in `known`. */
export function unknownBits(value: number | bigint, ...known: readonly (number | bigint)[]): bigint {
  return known.reduce<bigint>((rest, bits) => rest & ~BigInt(bits), BigInt(value));
}
