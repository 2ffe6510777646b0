/**
 * The generic ioctl, made memory-safe. The kernel reads and writes as many bytes as the request number says, and as many
 * elements as a count in the struct says, at whatever address it gets. So both are compared with the view first.
 */

import {
  allocate,
  type FlexibleTail,
  type IoctlAlone,
  type IoctlByPointer,
  type IoctlByValue,
  type IoctlToBytes,
  type View,
  type ViewClass,
} from '../support/index.js';
import { addon, type VcpuHandle } from './addon.js';
import { capabilityOf, missingCapability, unsupportedError } from './capability.js';
import type { FdKind, GenericIoctl, IoctlFile, IoctlTarget } from './context.js';
import { KvmArgumentError, type KvmError, type KvmUnsupportedError, kernelError } from './errors.js';

/** The names of the kinds of file descriptor, for people. */
export const fdNames: Readonly<Record<FdKind, string>> = {
  system: '/dev/kvm',
  vm: 'VM',
  vcpu: 'vCPU',
  device: 'device',
};

/** The name of a kind in a sentence: `a VM`. A kind that this version does not know is named as the bindings name it. */
function fdInSentence(kind: string): string {
  const name = Object.hasOwn(fdNames, kind) ? fdNames[kind as FdKind] : kind;
  return name.startsWith('/') ? name : `a ${name}`;
}

/** Makes ioctls on a file descriptor. `fd` is called for each ioctl, so that it can throw when the file is closed. */
export function ioctlsOfFd(fd: () => number): IoctlFile {
  return {
    value: (request, value) => addon().ioctl(fd(), request, value),
    view: (request, view, offset, needed) => addon().ioctlView(fd(), request, view, offset, needed),
  };
}

/** Makes ioctls on a vCPU. The native layer refuses them with EBUSY while another thread runs the vCPU. */
export function ioctlsOfVcpu(handle: () => VcpuHandle): IoctlFile {
  return {
    value: (request, value) => addon().vcpuIoctl(handle(), request, value),
    view: (request, view, offset, needed) => addon().vcpuIoctlView(handle(), request, view, offset, needed),
  };
}

type IoctlToMemory = IoctlByPointer<View> | IoctlToBytes;
export type AnyIoctl = IoctlAlone | IoctlByValue | IoctlToMemory;

/** Ioctls whose struct has addresses of this process, and the method to use instead, which owns the memory there. */
const hasAddresses = new Map([
  ['KVM_SET_USER_MEMORY_REGION', 'use Vm.addMemory and Vm.removeMemory'],
  ['KVM_SET_USER_MEMORY_REGION2', 'use Vm.addMemory and Vm.removeMemory'],
  ['KVM_GET_DIRTY_LOG', 'use Vm.dirty.getLog'],
  ['KVM_CLEAR_DIRTY_LOG', 'use Vm.dirty.clearLog'],
  ['KVM_X86_SET_MSR_FILTER', 'use Vm.setMsrFilter'],
  ['KVM_MEMORY_ENCRYPT_REG_REGION', 'use Vm.registerEncrypted'],
  ['KVM_MEMORY_ENCRYPT_UNREG_REGION', 'use Vm.unregisterEncrypted'],
  ...[
    'KVM_SET_MEMORY_REGION',
    'KVM_GET_DEVICE_ATTR',
    'KVM_SET_DEVICE_ATTR',
    'KVM_HAS_DEVICE_ATTR',
    'KVM_GET_ONE_REG',
    'KVM_SET_ONE_REG',
    'KVM_MEMORY_ENCRYPT_OP',
    'KVM_XEN_HVM_CONFIG',
    'KVM_XEN_HVM_SET_ATTR',
    'KVM_XEN_VCPU_SET_ATTR',
  ].map((name) => [name, 'its struct carries addresses of this process'] as const),
]);

/** Ioctls that access as many bytes as a capability says, which may be more than the request says. */
const accessesMore = new Map([
  ['KVM_GET_XSAVE2', 'it writes as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.getXsave2'],
  ['KVM_SET_XSAVE', 'it reads as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.setXsave'],
]);

/** Ioctls whose struct has a member `size` with its own size in bytes. */
const sizedByThemselves = new Set(['KVM_GET_NESTED_STATE', 'KVM_SET_NESTED_STATE']);

/** Ioctls with which a vCPU could not be kicked any more. */
const defeatsKicks = new Map([
  ['KVM_RUN', 'nothing could interrupt it; use Vcpu.run'],
  ['KVM_SET_SIGNAL_MASK', 'it can keep the signal of a kick out; use Vcpu.run and kick'],
]);

const refusals = new Map([...hasAddresses, ...accessesMore, ...defeatsKicks]);

/** What differs between the targets: which ioctls are refused, and which errors are thrown. */
export interface IoctlRules {
  /** The error of an ioctl that is refused whatever its argument is, or undefined. */
  refused(ioctl: AnyIoctl): Error | undefined;
  /** The class of the error for a wrong argument. */
  readonly ArgumentError: new (
    message: string,
  ) => Error;
  /** The error for a negative result. */
  failed(ioctl: AnyIoctl, result: number): Error;
}

type ArgumentRules = Pick<IoctlRules, 'ArgumentError'>;

/** The generic ioctl of a class of KVM, for the kind of its file descriptor. */
export function genericIoctl<Fd extends FdKind>(target: IoctlTarget & { readonly kind: Fd }): GenericIoctl<Fd> {
  return checkedIoctl(target, kvmRules(target));
}

function kvmRules(target: IoctlTarget): IoctlRules {
  return {
    refused: (ioctl) => wrongKind(target.kind, ioctl) ?? unsafe(target, ioctl),
    ArgumentError: KvmArgumentError,
    failed: (ioctl, result) => refused(target, ioctl, result),
  };
}

/** The error of an ioctl of another kind of file descriptor. If the bindings do not name the kinds, the kernel decides. */
function wrongKind(kind: FdKind, { name, fds }: AnyIoctl): KvmArgumentError | undefined {
  if (fds === undefined || kind in fds) return undefined;
  const right = Object.keys(fds).map(fdInSentence);
  return new KvmArgumentError(`${name}: is an ioctl of ${right.join(' or ')}, not of ${fdInSentence(kind)}`);
}

/** The error of an ioctl that the generic ioctl cannot make safe. It says so if the kernel does not have the ioctl at all. */
function unsafe(target: IoctlTarget, ioctl: AnyIoctl): KvmArgumentError | KvmUnsupportedError | undefined {
  const refusal = refusals.get(ioctl.name) ?? followedPointers(ioctl);
  const hasNoStruct = ioctl.passes === 'pointer' && ioctl.argument === null && ioctl.size === 0;
  if (refusal === undefined && !hasNoStruct) return undefined;
  const capability = missingCapability(target, ioctl);
  if (capability !== null) return unsupportedError(ioctl.name, capability);
  return new KvmArgumentError(
    refusal === undefined
      ? `${ioctl.name}: these bindings do not have its struct`
      : `${ioctl.name}: not for the generic ioctl: ${refusal}`,
  );
}

/** Why an ioctl is refused whose struct has pointers that the kernel follows, or undefined. */
export function followedPointers({ pointers }: AnyIoctl): string | undefined {
  return pointers ? 'its struct carries addresses of this process' : undefined;
}

/** The generic ioctl on a target, with the rules of the target. */
export function checkedIoctl<Fd extends FdKind = never>(target: IoctlFile, rules: IoctlRules): GenericIoctl<Fd> {
  return (request: AnyIoctl, argument?: unknown): number => {
    const result = invoke(target, rules, request, argument);
    if (result < 0) throw rules.failed(request, result);
    return result;
  };
}

function invoke(target: IoctlFile, rules: IoctlRules, ioctl: AnyIoctl, argument: unknown): number {
  const error = rules.refused(ioctl);
  if (error !== undefined) throw error;
  if (ioctl.passes === 'nothing') {
    if (argument !== undefined) throw new rules.ArgumentError(`${ioctl.name}: takes no argument`);
    return target.value(ioctl.request, 0);
  }
  if (ioctl.passes === 'value') return target.value(ioctl.request, checkedValue(rules, ioctl, argument));
  const { view, offset } = placeFor(rules, ioctl, argument);
  const needed = bytesNeeded(rules, ioctl, view, offset);
  if (saidLength(ioctl) === null) return target.view(ioctl.request, view, offset, needed);
  return onCopy(target, rules, ioctl, new Uint8Array(view.buffer, view.byteOffset + offset, needed));
}

/** The error for a negative result. The kernel fails with EINVAL for many ioctls that it does not have. */
function refused(target: IoctlTarget, ioctl: AnyIoctl, result: number): KvmError {
  const error = kernelError(ioctl.name, result, capabilityOf(ioctl, target.kind));
  const capability = error.code === 'EINVAL' ? missingCapability(target, ioctl) : null;
  return capability === null ? error : unsupportedError(ioctl.name, capability, error.code);
}

/** Makes an ioctl that only writes to its argument. Returns the argument, which is `into` or a new view. */
export function read<T extends View, Fd extends FdKind>(
  ioctl: GenericIoctl<Fd>,
  request: IoctlByPointer<T, Fd, 'read'>,
  into: T = allocate<T>(request.argument),
): T {
  ioctl(request, into);
  return into;
}

/** For methods that know how many bytes the kernel accesses. @throws KvmArgumentError when the argument has fewer bytes. */
export function ioctlOfBytes<T extends View>(
  target: IoctlTarget,
  request: IoctlByPointer<T>,
  argument: T,
  bytes: number,
): void {
  const rules = { ArgumentError: KvmArgumentError };
  const { view, offset } = placeFor(rules, request, argument);
  const result = target.view(request.request, view, offset, requireBytes(rules, request, view, offset, bytes));
  if (result < 0) throw refused(target, request, result);
}

function placeFor(
  { ArgumentError }: ArgumentRules,
  ioctl: IoctlToMemory,
  argument: unknown,
): { view: DataView; offset: number } {
  const expected = ioctl.argument?.$layout.name ?? `${ioctl.size} bytes`;
  const place = placeOf(argument);
  if (place === null) throw new ArgumentError(`${ioctl.name}: takes a view of ${expected}`);
  if (ioctl.argument !== null && place.type !== expected) {
    throw new ArgumentError(`${ioctl.name}: takes a view of ${expected}, not of ${place.type}`);
  }
  return place;
}

/**
 * Makes the ioctl on a copy of the bytes, and copies them back. The kernel reads the count by itself. In shared memory or
 * guest memory, another thread or a guest could increase the count after the check.
 */
function onCopy(target: IoctlFile, rules: ArgumentRules, ioctl: IoctlToMemory, bytes: Uint8Array): number {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const result = target.view(ioctl.request, view, 0, bytesNeeded(rules, ioctl, view, 0));
  bytes.set(copy);
  return result;
}

/**
 * The type of a view, and where its bytes are; null for anything else. Each property is read once, so that the check and
 * the kernel get the same values. `instanceof View` would not work: bindings that a user generates have their own View.
 */
function placeOf(value: unknown): { type: string; view: DataView; offset: number } | null {
  if (typeof value !== 'object' || value === null) return null;
  const { $$view: view, $$offset: offset, constructor: made } = value as Partial<View>;
  const type = (made as Partial<ViewClass<View>> | undefined)?.$layout?.name;
  return view instanceof DataView && typeof offset === 'number' && type !== undefined ? { type, view, offset } : null;
}

function checkedValue({ ArgumentError }: ArgumentRules, ioctl: IoctlByValue, value: unknown): number | bigint {
  const good =
    typeof value === 'bigint' ? BigInt.asUintN(64, value) === value : Number.isSafeInteger(value) && Number(value) >= 0;
  if (!good) throw new ArgumentError(`${ioctl.name}: takes an ${ioctl.argument}, not ${String(value)}`);
  return value as number | bigint;
}

/**
 * How many bytes the kernel may access. The count in the struct is read with the class of the request: the class of the
 * argument may be a subclass, which could return anything.
 *
 * @throws the rules' error for a wrong argument when these bytes are not all inside the view.
 */
function bytesNeeded(rules: ArgumentRules, ioctl: IoctlToMemory, view: DataView, offset: number): number {
  const { argument: type } = ioctl;
  const fixed = requireBytes(rules, ioctl, view, offset, Math.max(ioctl.size, type?.$size ?? 0));
  const said = saidLength(ioctl);
  if (type === null || said === null) return fixed;
  const whole = said(new type(view, offset) as unknown as Members);
  return requireBytes(rules, ioctl, view, offset, Math.max(fixed, whole));
}

function requireBytes(
  { ArgumentError }: ArgumentRules,
  { name }: IoctlToMemory,
  view: DataView,
  offset: number,
  needed: number,
): number {
  if (offset >= 0 && offset + needed <= view.byteLength) return needed;
  throw new ArgumentError(
    `${name}: needs ${needed} bytes at offset ${offset}, the view has ${view.byteLength}; allocate more elements`,
  );
}

type Members = Readonly<Record<string, number | bigint>>;

/** Reads the size of a struct from its own members. Null if the size in the request is the whole size. */
function saidLength({ name, argument }: IoctlToMemory): ((members: Members) => number) | null {
  if (sizedByThemselves.has(name)) return ({ size }) => Number(size);
  const tail = (argument as { readonly $flexible?: FlexibleTail } | null)?.$flexible;
  const countedBy = tail?.countedBy ?? null;
  return tail && countedBy !== null ? (members) => tail.offset + Number(members[countedBy]) * tail.elementSize : null;
}
