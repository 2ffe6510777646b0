/**
 * The generic ioctl, made memory-safe. The kernel reads and writes as many bytes as the request number says, and as
 * many elements as a counter in the struct says, wherever the pointer leads: so both are held against the view first.
 */

import type {
  FlexibleTail,
  IoctlAlone,
  IoctlByPointer,
  IoctlByValue,
  IoctlToBytes,
  View,
  ViewClass,
} from '../generated/views.js';
import { KvmArgumentError, kernelError } from './errors.js';

/** What an ioctl is made on: a file descriptor, or a vCPU. */
export interface IoctlTarget {
  value(request: number, value: number | bigint): number;
  view(request: number, view: DataView, offset: number, needed: number): number;
}

/** The generic ioctl of the classes of this package. */
export interface GenericIoctl {
  /** @throws DeviceError when the kernel refuses, DeviceArgumentError when the argument is not safe to hand over. */
  (request: IoctlAlone): number;
  (request: IoctlByValue, value: number | bigint): number;
  <T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): number;
}

type IoctlToMemory = IoctlByPointer<View> | IoctlToBytes;
export type AnyIoctl = IoctlAlone | IoctlByValue | IoctlToMemory;

/** Ioctls whose struct carries addresses of this process, and what owns the memory they lead to. */
const carriesAddresses = new Map([
  ['KVM_SET_USER_MEMORY_REGION', 'use Vm.addMemory and Vm.removeMemory'],
  ['KVM_SET_USER_MEMORY_REGION2', 'use Vm.addMemory and Vm.removeMemory'],
  ...[
    'KVM_SET_MEMORY_REGION',
    'KVM_GET_DIRTY_LOG',
    'KVM_CLEAR_DIRTY_LOG',
    'KVM_X86_SET_MSR_FILTER',
    'KVM_GET_DEVICE_ATTR',
    'KVM_SET_DEVICE_ATTR',
    'KVM_HAS_DEVICE_ATTR',
    'KVM_GET_ONE_REG',
    'KVM_SET_ONE_REG',
    'KVM_MEMORY_ENCRYPT_OP',
    'KVM_MEMORY_ENCRYPT_REG_REGION',
    'KVM_MEMORY_ENCRYPT_UNREG_REGION',
    'KVM_XEN_HVM_CONFIG',
    'KVM_XEN_HVM_SET_ATTR',
    'KVM_XEN_VCPU_SET_ATTR',
    'KVM_PRE_FAULT_MEMORY',
  ].map((name) => [name, 'its struct carries addresses of this process'] as const),
]);

/** Ioctls that touch other memory than the request says, as far as a capability or the struct tells. */
const touchesMore = new Map([
  ['KVM_GET_XSAVE2', 'it writes as many bytes as KVM_CAP_XSAVE2 says, not the size in its request'],
  ['KVM_GET_NESTED_STATE', 'it writes as many bytes as the struct says, not the size in its request'],
  ['KVM_SET_NESTED_STATE', 'it reads as many bytes as the struct says, not the size in its request'],
]);

/** Ioctls that would take the way in which a vCPU is interrupted away. */
const defeatsKicks = new Map([
  ['KVM_RUN', 'nothing could interrupt it; use Vcpu.run'],
  ['KVM_SET_SIGNAL_MASK', 'it can keep the signal of a kick out; use Vcpu.run and kick'],
]);

const refusals = new Map([...carriesAddresses, ...touchesMore, ...defeatsKicks]);

/** What is particular to one kind of target. */
export interface IoctlRules {
  /** Why the generic ioctl does not make a request; undefined where it does. */
  refusal(ioctl: AnyIoctl): string | undefined;
  badArgument(message: string): Error;
  /** The error for a negative result. */
  failed(operation: string, result: number): Error;
}

const kvmRules: IoctlRules = {
  refusal: (ioctl) => refusals.get(ioctl.name) ?? followedPointers(ioctl),
  badArgument: (message) => new KvmArgumentError(message),
  failed: kernelError,
};

/** Why an ioctl is refused whose argument leads the kernel to other memory. */
export function followedPointers({ pointers }: AnyIoctl): string | undefined {
  return pointers ? 'its struct carries addresses of this process' : undefined;
}

/** The generic ioctl on a target. */
export function genericIoctl(target: IoctlTarget, rules: IoctlRules = kvmRules): GenericIoctl {
  function ioctl(request: IoctlAlone): number;
  function ioctl(request: IoctlByValue, value: number | bigint): number;
  function ioctl<T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): number;
  function ioctl(request: AnyIoctl, argument?: unknown): number {
    const result = invoke(target, rules, request, argument);
    if (result < 0) throw rules.failed(request.name, result);
    return result;
  }
  return ioctl;
}

function invoke(target: IoctlTarget, rules: IoctlRules, ioctl: AnyIoctl, argument: unknown): number {
  const { badArgument } = rules;
  const refusal = rules.refusal(ioctl);
  if (refusal !== undefined) throw badArgument(`${ioctl.name}: not for the generic ioctl: ${refusal}`);
  if (ioctl.passes === 'nothing') {
    if (argument !== undefined) throw badArgument(`${ioctl.name}: takes no argument`);
    return target.value(ioctl.request, 0);
  }
  if (ioctl.passes === 'value') return target.value(ioctl.request, checkedValue(rules, ioctl, argument));
  const expected = ioctl.argument?.$layout.name ?? `${ioctl.size} bytes`;
  const place = placeOf(argument);
  if (place === null) throw badArgument(`${ioctl.name}: takes a view of ${expected}`);
  if (ioctl.argument !== null && place.type !== expected) {
    throw badArgument(`${ioctl.name}: takes a view of ${expected}, not of ${place.type}`);
  }
  const { view, offset } = place;
  const needed = bytesNeeded(rules, ioctl, view, offset);
  if (countedTail(ioctl) === null) return target.view(ioctl.request, view, offset, needed);
  return onCopy(target, rules, ioctl, new Uint8Array(view.buffer, view.byteOffset + offset, needed));
}

/**
 * Makes the ioctl on a copy of the bytes, and copies them back. The kernel reads the counter again for itself: in shared
 * or guest memory another thread or a guest could have raised it since it was checked.
 */
function onCopy(target: IoctlTarget, rules: IoctlRules, ioctl: IoctlToMemory, bytes: Uint8Array): number {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const result = target.view(ioctl.request, view, 0, bytesNeeded(rules, ioctl, view, 0));
  bytes.set(copy);
  return result;
}

/**
 * What a view is of and where; null for something else. Each is looked at once, so that nobody tells one thing to the
 * check and another to the kernel. Not `instanceof View`: bindings that a user has generated have a View of their own.
 */
function placeOf(value: unknown): { type: string; view: DataView; offset: number } | null {
  if (typeof value !== 'object' || value === null) return null;
  const { $$view: view, $$offset: offset, constructor: made } = value as Partial<View>;
  const type = (made as Partial<ViewClass<View>> | undefined)?.$layout?.name;
  return view instanceof DataView && typeof offset === 'number' && type !== undefined ? { type, view, offset } : null;
}

function checkedValue({ badArgument }: IoctlRules, ioctl: IoctlByValue, value: unknown): number | bigint {
  const good =
    typeof value === 'bigint' ? BigInt.asUintN(64, value) === value : Number.isSafeInteger(value) && Number(value) >= 0;
  if (!good) throw badArgument(`${ioctl.name}: takes an ${ioctl.argument}, not ${String(value)}`);
  return value as number | bigint;
}

/**
 * How many bytes the kernel may touch. The counter is read by the request's own class: that of the argument may be a
 * subclass, which could say anything.
 *
 * @throws a rule's error for a bad argument when they are not all inside of the view.
 */
function bytesNeeded(rules: IoctlRules, ioctl: IoctlToMemory, view: DataView, offset: number): number {
  const { argument: type } = ioctl;
  const fixed = requireBytes(rules, ioctl, view, offset, Math.max(ioctl.size, type?.$size ?? 0));
  const tail = countedTail(ioctl);
  if (type === null || tail === null) return fixed;
  const members = new type(view, offset) as unknown as Record<string, number | bigint>;
  const whole = tail.offset + Number(members[tail.countedBy]) * tail.elementSize;
  return requireBytes(rules, ioctl, view, offset, Math.max(fixed, whole));
}

function requireBytes(
  { badArgument }: IoctlRules,
  { name }: IoctlToMemory,
  view: DataView,
  offset: number,
  needed: number,
): number {
  if (offset >= 0 && offset + needed <= view.byteLength) return needed;
  throw badArgument(
    `${name}: needs ${needed} bytes at offset ${offset}, the view has ${view.byteLength}; allocate more elements`,
  );
}

function countedTail(ioctl: IoctlToMemory): (FlexibleTail & { readonly countedBy: string }) | null {
  const tail = (ioctl.argument as { readonly $flexible?: FlexibleTail } | null)?.$flexible;
  const countedBy = tail?.countedBy ?? null;
  return tail && countedBy !== null ? { ...tail, countedBy } : null;
}
