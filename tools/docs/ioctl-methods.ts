/**
 * The tables of docs/ioctls.md: the method of each ioctl, by the rule for names and the document's own table of exceptions. A
 * method that no ioctl has by the rule needs a row in one of the document's two other tables.
 */

import type { FdKind } from '../../generator/model/model.js';
import * as arm64 from '../../runtime/arm64.js';
import { fdNames } from '../../runtime/ioctl.js';
import { isAbsent } from '../../runtime/other-architectures.js';
import * as riscv64 from '../../runtime/riscv64.js';
import * as x86_64 from '../../runtime/x86_64.js';

/** The class of each kind of file descriptor. */
export type Classes = Readonly<Record<FdKind, { readonly name: string; readonly prototype: object }>>;

/** The classes of x86-64. */
export const classes: Classes = classesOf(x86_64);

/** The classes of the other architectures. */
export const otherClasses: Readonly<Record<'arm64' | 'riscv64', Classes>> = {
  arm64: classesOf(arm64),
  riscv64: classesOf(riscv64),
};

function classesOf({ Kvm, Vm, Vcpu, VmDevice }: typeof x86_64 | typeof arm64 | typeof riscv64): Classes {
  return { system: Kvm, vm: Vm, vcpu: Vcpu, device: VmDevice };
}

/** An ioctl of the model. */
export interface DocumentedIoctl {
  readonly name: string;
  readonly fds?: readonly string[];
  readonly capability?: string | Readonly<Partial<Record<FdKind, string>>>;
}

/** The methods of ioctls that have other names than the rule gives, by the name of the ioctl: `Vm.addMemory`. */
export type Exceptions = ReadonlyMap<string, readonly string[]>;

/** All methods of a class and of the classes of this package that it extends. */
export function methodsOf(type: { readonly name: string; readonly prototype: object }): string[] {
  const names = new Set<string>();
  for (let prototype = type.prototype; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function' && name !== 'constructor' && !isAbsent(value)) names.add(name);
    }
  }
  const statics = Object.entries(Object.getOwnPropertyDescriptors(type)).filter(([, { value }]) => isFunction(value));
  return [...names, ...statics.map(([name]) => name)].map((name) => `${type.name}.${name}`);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/**
 * The name that the rule gives to the method of an ioctl: camelCase without `KVM_`, and without the prefix of the architecture
 * if no other ioctl has the same name then.
 */
export function ruleName(ioctl: string, all: ReadonlySet<string>): string {
  const short = ioctl.replace(/^KVM_(?:X86|ARM|S390|PPC)_/, 'KVM_');
  const chosen = short !== ioctl && all.has(short) ? ioctl : short;
  return chosen
    .replace(/^KVM_/, '')
    .toLowerCase()
    .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The rows of the table of all ioctls of an architecture: name, file descriptors, capability and methods. */
export function ioctlRows(
  ioctls: readonly DocumentedIoctl[],
  exceptions: Exceptions,
  ofArchitecture: Classes = classes,
): string[][] {
  const all = new Set(ioctls.map(({ name }) => name));
  const methods = new Set(Object.values(ofArchitecture).flatMap(methodsOf));
  return ioctls.map(({ name, fds: named = [], capability }) => {
    const fds = named.filter(isFdKind);
    const byRule = fds
      .map((fd) => `${ofArchitecture[fd].name}.${ruleName(name, all)}`)
      .filter((method) => methods.has(method));
    const exception = exceptions.get(name)?.filter((method) => methods.has(method));
    const documented = exception ?? byRule;
    return [
      code(name),
      fds.map((fd) => fdNames[fd]).join(', '),
      capabilityText(capability),
      documented.length === 0 ? generic : documented.map(code).join(', '),
    ];
  });
}

/** The rows of the ioctls that an architecture has: those with a method, and those that are named after the architecture. */
export function ownIoctlRows(
  name: keyof typeof otherClasses,
  ioctls: readonly DocumentedIoctl[],
  exceptions: Exceptions,
): string[][] {
  const prefix = { arm64: 'KVM_ARM_', riscv64: 'KVM_RISCV_' }[name];
  return ioctlRows(ioctls, exceptions, otherClasses[name]).filter(
    ([ioctl = '', , , methods]) => methods !== generic || ioctl.includes(prefix),
  );
}

const generic = 'generic `ioctl`';

function isFdKind(fd: string): fd is FdKind {
  return Object.hasOwn(classes, fd);
}

function code(text: string): string {
  return `\`${text}\``;
}

function capabilityText(capability: DocumentedIoctl['capability']): string {
  if (capability === undefined) return '';
  if (typeof capability === 'string') return code(capability);
  return Object.entries(capability)
    .map(([fd, name]) => `${code(name)} on ${fdNames[fd as FdKind]}`)
    .join(', ');
}
