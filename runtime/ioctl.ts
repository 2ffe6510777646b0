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
  /** @throws KvmError when the kernel refuses, KvmArgumentError when the argument is not safe to hand over. */
  (request: IoctlAlone): number;
  (request: IoctlByValue, value: number | bigint): number;
  <T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): number;
}

type IoctlToMemory = IoctlByPointer<View> | IoctlToBytes;
type AnyIoctl = IoctlAlone | IoctlByValue | IoctlToMemory;

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

/** Ioctls that touch as much memory as a capability says, which may be more than the request does. */
const touchesMore = new Map([
  ['KVM_GET_XSAVE2', 'it writes as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.getXsave2'],
  ['KVM_SET_XSAVE', 'it reads as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.setXsave'],
]);

/** Ioctls whose struct has a member `size` that says how many bytes it is long. */
const sizedByThemselves = new Set(['KVM_GET_NESTED_STATE', 'KVM_SET_NESTED_STATE']);

/** Ioctls that would take the way in which a vCPU is interrupted away. */
const defeatsKicks = new Map([
  ['KVM_RUN', 'nothing could interrupt it; use Vcpu.run'],
  ['KVM_SET_SIGNAL_MASK', 'it can keep the signal of a kick out; use Vcpu.run and kick'],
]);

const refusals = new Map([...carriesAddresses, ...touchesMore, ...defeatsKicks]);

/** The generic ioctl on a target. */
export function genericIoctl(target: IoctlTarget): GenericIoctl {
  function ioctl(request: IoctlAlone): number;
  function ioctl(request: IoctlByValue, value: number | bigint): number;
  function ioctl<T extends View>(request: IoctlByPointer<T>, argument: NoInfer<T>): number;
  function ioctl(request: AnyIoctl, argument?: unknown): number {
    const result = invoke(target, request, argument);
    if (result < 0) throw kernelError(request.name, result);
    return result;
  }
  return ioctl;
}

function invoke(target: IoctlTarget, ioctl: AnyIoctl, argument: unknown): number {
  const refusal = refusals.get(ioctl.name);
  if (refusal !== undefined) throw new KvmArgumentError(`${ioctl.name}: not for the generic ioctl: ${refusal}`);
  if (ioctl.passes === 'nothing') {
    if (argument !== undefined) throw new KvmArgumentError(`${ioctl.name}: takes no argument`);
    return target.value(ioctl.request, 0);
  }
  if (ioctl.passes === 'value') return target.value(ioctl.request, checkedValue(ioctl, argument));
  const { view, offset } = placeFor(ioctl, argument);
  const needed = bytesNeeded(ioctl, view, offset);
  if (saidLength(ioctl) === null) return target.view(ioctl.request, view, offset, needed);
  return onCopy(target, ioctl, new Uint8Array(view.buffer, view.byteOffset + offset, needed));
}

/** For the methods that know how many bytes the kernel touches. @throws KvmArgumentError when the argument has fewer. */
export function ioctlOfBytes<T extends View>(
  target: IoctlTarget,
  request: IoctlByPointer<T>,
  argument: T,
  bytes: number,
): void {
  const { view, offset } = placeFor(request, argument);
  const result = target.view(request.request, view, offset, requireBytes(request, view, offset, bytes));
  if (result < 0) throw kernelError(request.name, result);
}

function placeFor(ioctl: IoctlToMemory, argument: unknown): { view: DataView; offset: number } {
  const expected = ioctl.argument?.$layout.name ?? `${ioctl.size} bytes`;
  const place = placeOf(argument);
  if (place === null) throw new KvmArgumentError(`${ioctl.name}: takes a view of ${expected}`);
  if (ioctl.argument !== null && place.type !== expected) {
    throw new KvmArgumentError(`${ioctl.name}: takes a view of ${expected}, not of ${place.type}`);
  }
  return place;
}

/**
 * Makes the ioctl on a copy of the bytes, and copies them back. The kernel reads for itself how many there are: in shared
 * or guest memory another thread or a guest could have raised that since it was checked.
 */
function onCopy(target: IoctlTarget, ioctl: IoctlToMemory, bytes: Uint8Array): number {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const result = target.view(ioctl.request, view, 0, bytesNeeded(ioctl, view, 0));
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

function checkedValue(ioctl: IoctlByValue, value: unknown): number | bigint {
  const good =
    typeof value === 'bigint' ? BigInt.asUintN(64, value) === value : Number.isSafeInteger(value) && Number(value) >= 0;
  if (!good) throw new KvmArgumentError(`${ioctl.name}: takes an ${ioctl.argument}, not ${String(value)}`);
  return value as number | bigint;
}

/**
 * How many bytes the kernel may touch. What the struct says is read by the request's own class: that of the argument may
 * be a subclass, which could say anything.
 *
 * @throws KvmArgumentError when they are not all inside of the view.
 */
function bytesNeeded(ioctl: IoctlToMemory, view: DataView, offset: number): number {
  const { argument: type } = ioctl;
  const fixed = requireBytes(ioctl, view, offset, Math.max(ioctl.size, type?.$size ?? 0));
  const said = saidLength(ioctl);
  if (type === null || said === null) return fixed;
  const whole = said(new type(view, offset) as unknown as Members);
  return requireBytes(ioctl, view, offset, Math.max(fixed, whole));
}

function requireBytes({ name }: IoctlToMemory, view: DataView, offset: number, needed: number): number {
  if (offset >= 0 && offset + needed <= view.byteLength) return needed;
  throw new KvmArgumentError(
    `${name}: needs ${needed} bytes at offset ${offset}, the view has ${view.byteLength}; allocate more elements`,
  );
}

type Members = Readonly<Record<string, number | bigint>>;

/** By what a struct itself says how long it is; null where all of it is in the request's size. */
function saidLength({ name, argument }: IoctlToMemory): ((members: Members) => number) | null {
  if (sizedByThemselves.has(name)) return ({ size }) => Number(size);
  const tail = (argument as { readonly $flexible?: FlexibleTail } | null)?.$flexible;
  const countedBy = tail?.countedBy ?? null;
  return tail && countedBy !== null ? (members) => tail.offset + Number(members[countedBy]) * tail.elementSize : null;
}
