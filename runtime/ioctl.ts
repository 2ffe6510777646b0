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
import { type AddonTail, addon, type FileRecord, type VcpuRecord, type VmRecord } from './addon.js';
import { describe } from './arguments.js';
import { capabilityOf, missingCapability, unsupportedError } from './capability.js';
import type { AddressIoctl, FdKind, GenericIoctl, IoctlFile, IoctlTarget, RefusedIoctl } from './context.js';
import { ioctlError, KvmArgumentError, KvmError, type KvmUnsupportedError } from './errors.js';

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

/** Makes ioctls on a file. `record` is called for each ioctl, so that it can throw when the file is closed. */
export function ioctlsOfFile(record: () => FileRecord): IoctlFile {
  return {
    value: (request, value) => addon().fileIoctl(record(), request, value),
    view: (request, view, offset, needed, tail) =>
      tail === undefined
        ? addon().fileIoctlView(record(), request, view, offset, needed)
        : addon().fileIoctlTail(record(), request, view, offset, needed, ...tail),
    attribute: (attribute) => addon().fileAttribute({ ...attribute, target: record() }),
  };
}

/** Makes ioctls on a VM. */
export function ioctlsOfVm(record: () => VmRecord): IoctlFile {
  return {
    value: (request, value) => addon().vmIoctl(record(), request, value),
    view: (request, view, offset, needed, tail) =>
      tail === undefined
        ? addon().vmIoctlView(record(), request, view, offset, needed)
        : addon().vmIoctlTail(record(), request, view, offset, needed, ...tail),
    attribute: (attribute) => addon().vmAttribute({ ...attribute, target: record() }),
  };
}

/** Makes ioctls on a vCPU. The native layer refuses them with EBUSY while another thread runs the vCPU. */
export function ioctlsOfVcpu(record: () => VcpuRecord): IoctlFile {
  return {
    value: (request, value) => addon().vcpuIoctl(record(), request, value),
    view: (request, view, offset, needed, tail) =>
      tail === undefined
        ? addon().vcpuIoctlView(record(), request, view, offset, needed)
        : addon().vcpuIoctlTail(record(), request, view, offset, needed, ...tail),
    attribute: (attribute) => addon().vcpuAttribute({ ...attribute, target: record() }),
  };
}

type IoctlToMemory = IoctlByPointer<View> | IoctlToBytes;
export type AnyIoctl = IoctlAlone | IoctlByValue | IoctlToMemory;

/**
 * The methods that own the memory at the addresses, for ioctls whose struct has addresses. The bindings say which ioctls have
 * addresses. This list only says what to use instead.
 */
export const methodsOfAddresses: ReadonlyMap<string, string> = mapOf<AddressIoctl>({
  KVM_SET_USER_MEMORY_REGION: 'Vm.addMemory and Vm.removeMemory',
  KVM_SET_USER_MEMORY_REGION2: 'Vm.addMemory and Vm.removeMemory',
  KVM_GET_DIRTY_LOG: 'Vm.getDirtyLog',
  KVM_CLEAR_DIRTY_LOG: 'Vm.clearDirtyLog',
  KVM_X86_SET_MSR_FILTER: 'Vm.setMsrFilter',
  KVM_MEMORY_ENCRYPT_OP: 'memoryEncryptOp',
  KVM_MEMORY_ENCRYPT_REG_REGION: 'Vm.registerEncryptedRegion',
  KVM_MEMORY_ENCRYPT_UNREG_REGION: 'Vm.unregisterEncryptedRegion',
  KVM_XEN_HVM_CONFIG: 'Vm.xenHvmConfig',
  KVM_XEN_HVM_SET_ATTR: 'Vm.xenHvmSetAttr',
  KVM_XEN_VCPU_SET_ATTR: 'Vcpu.xenVcpuSetAttr',
  KVM_GET_DEVICE_ATTR: 'getDeviceAttr',
  KVM_SET_DEVICE_ATTR: 'setDeviceAttr',
  KVM_HAS_DEVICE_ATTR: 'hasDeviceAttr',
  KVM_GET_ONE_REG: 'Vcpu.getOneReg',
  KVM_SET_ONE_REG: 'Vcpu.setOneReg',
});

/** Ioctls that access as many bytes as a capability says, which may be more than the request says. */
const accessesMore = {
  KVM_GET_XSAVE2: 'it writes as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.getXsave2',
  KVM_SET_XSAVE: 'it reads as many bytes as KVM_CAP_XSAVE2 says; use Vcpu.setXsave',
};

/** Ioctls whose struct has a member `size` with its own size in bytes. */
const sizedByThemselves = new Set(['KVM_GET_NESTED_STATE', 'KVM_SET_NESTED_STATE']);

/** Ioctls with which a vCPU could not be kicked any more. */
const defeatsKicks = {
  KVM_RUN: 'nothing could interrupt it; use Vcpu.run',
  KVM_SET_SIGNAL_MASK: 'it could block the kick signal; use Vcpu.run and kick',
};

const refusals = mapOf<Exclude<RefusedIoctl, AddressIoctl>>({ ...accessesMore, ...defeatsKicks });

/** A name that a map lacks does not compile. */
function mapOf<Name extends string>(texts: Readonly<Record<Name, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(texts));
}

/** The argument of an ioctl: a view of the struct, a number, or nothing. */
export type Argument = View | number | bigint | undefined;

/** What differs between the targets: which ioctls are refused, and which errors are thrown. */
export interface IoctlRules {
  /** The error of an ioctl that is refused whatever its argument is, or undefined. */
  refused(ioctl: AnyIoctl): Error | undefined;
  /** The class of the error for a wrong argument. */
  readonly ArgumentError: new (
    operation: string,
    problem: string,
  ) => Error;
  /**
   * Checks a copy of the argument, if the rules need more than its size. The kernel gets this copy. @throws an error of
   * these rules.
   */
  inspect?(ioctl: IoctlToMemory, copy: DataView): void;
  /** The error for a negative result. `argument` is what the kernel got. */
  failed(ioctl: AnyIoctl, result: number, argument: Argument): Error;
}

type ArgumentRules = Pick<IoctlRules, 'ArgumentError' | 'inspect'>;

const requestsOf = new WeakMap<object, ReadonlySet<unknown>>();

/**
 * The ioctls of bindings, as the objects that the bindings export. A copy of such an object is not one of them: a copy can
 * have another name, another size or another argument. The objects are frozen, so that nothing changes them either.
 */
export function ioctlsIn(bindings: object): ReadonlySet<unknown> {
  const known = requestsOf.get(bindings);
  if (known) return known;
  const requests = new Set(Object.values(bindings).filter(isRequest));
  for (const request of requests) Object.freeze(request);
  requestsOf.set(bindings, requests);
  return requests;
}

function isRequest(value: unknown): value is AnyIoctl {
  return typeof value === 'object' && value !== null && 'request' in value && 'passes' in value;
}

/** The name of an ioctl for an error, whatever a caller has passed as the ioctl. */
export function nameOfRequest(request: unknown): string {
  const { name } = Object(request) as { readonly name?: unknown };
  return typeof name === 'string' && isRequest(request) ? name : 'ioctl';
}

/** The generic ioctl of a class of KVM, for the kind of its file descriptor. */
export function genericIoctl<Fd extends FdKind>(target: IoctlTarget<Fd>): GenericIoctl<Fd> {
  return checkedIoctl(target, kvmRules(target));
}

function kvmRules(target: IoctlTarget): IoctlRules {
  const requests = ioctlsIn(target.capabilities.bindings);
  return {
    refused: (ioctl) =>
      requests.has(ioctl) ? (wrongKind(target.kind, ioctl) ?? unsafe(target, ioctl)) : unknownRequest(ioctl),
    ArgumentError: KvmArgumentError,
    failed: (ioctl, result, argument) => refused(target, ioctl, result, argument),
  };
}

/** The error of an object that is not an ioctl of the bindings. */
function unknownRequest(request: unknown): KvmArgumentError {
  const remedy = 'pass the object that the bindings of Kvm.open export, not a copy';
  return new KvmArgumentError(nameOfRequest(request), `this is not an ioctl of the bindings; ${remedy}`);
}

/** The error of an ioctl of another kind of file descriptor. If the bindings do not name the kinds, the kernel decides. */
function wrongKind(kind: FdKind, { name, fds }: AnyIoctl): KvmArgumentError | undefined {
  if (fds === undefined || kind in fds) return undefined;
  const right = Object.keys(fds).map(fdInSentence);
  return new KvmArgumentError(name, `this is an ioctl of ${right.join(' or ')}, not of ${fdInSentence(kind)}`);
}

/** The error of an ioctl that the generic ioctl cannot make safe. It says so if the kernel does not have the ioctl at all. */
function unsafe(target: IoctlTarget, ioctl: AnyIoctl): KvmArgumentError | KvmUnsupportedError | undefined {
  const refusal = refusals.get(ioctl.name) ?? useMethod(ioctl);
  const hasNoStruct = ioctl.passes === 'pointer' && ioctl.argument === null && ioctl.size === 0;
  if (refusal === undefined && !hasNoStruct) return undefined;
  const capability = missingCapability(target, ioctl);
  if (capability !== null) return unsupportedError(ioctl.name, capability);
  return new KvmArgumentError(
    ioctl.name,
    refusal === undefined
      ? 'these bindings do not have its struct'
      : `the generic ioctl does not accept this ioctl: ${refusal}`,
  );
}

function useMethod(ioctl: AnyIoctl): string | undefined {
  const refusal = followedPointers(ioctl);
  const method = methodsOfAddresses.get(ioctl.name);
  return refusal === undefined || method === undefined ? refusal : `${refusal}; use ${method}`;
}

/** Why an ioctl is refused whose struct has pointers that the kernel follows, or undefined. */
export function followedPointers({ pointers }: AnyIoctl): string | undefined {
  return pointers ? 'its struct has addresses of this process' : undefined;
}

/** The generic ioctl on a target, with the rules of the target. */
export function checkedIoctl<Fd extends FdKind = never>(target: IoctlFile, rules: IoctlRules): GenericIoctl<Fd> {
  return (request: AnyIoctl, argument?: unknown): number => invoke(target, rules, request, argument);
}

function invoke(target: IoctlFile, rules: IoctlRules, ioctl: AnyIoctl, argument: unknown): number {
  const error = rules.refused(ioctl);
  if (error !== undefined) throw error;
  if (ioctl.passes === 'nothing') {
    if (argument !== undefined) throw new rules.ArgumentError(ioctl.name, 'this ioctl takes no argument');
    return succeeded(rules, ioctl, target.value(ioctl.request, 0), undefined);
  }
  if (ioctl.passes === 'value') {
    const value = checkedValue(rules, ioctl, argument);
    return succeeded(rules, ioctl, target.value(ioctl.request, value), value);
  }
  const { view, offset } = placeFor(rules, ioctl, argument);
  const needed = bytesNeeded(rules, ioctl, view, offset);
  const result =
    !rules.inspect && !ioctl.pointersIf
      ? viewIoctl(target, rules, ioctl, view, offset, needed)
      : onCopy(target, rules, ioctl, new Uint8Array(view.buffer, view.byteOffset + offset, needed));
  return result < 0 ? succeeded(rules, ioctl, result, viewOf(ioctl, view, offset)) : result;
}

/** Returns the result. @throws the rules' error for a negative result. */
function succeeded({ failed }: IoctlRules, ioctl: AnyIoctl, result: number, argument: Argument): number {
  if (result < 0) throw failed(ioctl, result, argument);
  return result;
}

/**
 * The argument as a view of the class of the request: the class of the argument may be a subclass. Undefined for bytes without a
 * struct, and for a forged ioctl whose argument has fewer bytes than the struct. Only the text of an error depends on this view.
 */
function viewOf({ argument: type }: IoctlToMemory, view: DataView, offset: number): View | undefined {
  try {
    return type === null ? undefined : new type(view, offset);
  } catch {
    return undefined;
  }
}

/**
 * Makes an ioctl on a view. The kernel reads a count in the struct by itself. So the native layer compares the count with the
 * bytes once more, on a copy: another thread or a guest could increase the count after the check here.
 */
function viewIoctl(
  target: IoctlFile,
  { ArgumentError }: ArgumentRules,
  ioctl: IoctlToMemory,
  view: DataView,
  offset: number,
  needed: number,
): number {
  const tail = tailOf(ioctl);
  const result = target.view(ioctl.request, view, offset, needed, tail);
  if (tail === undefined || result !== addon().TOO_SHORT) return result;
  throw new ArgumentError(
    ioctl.name,
    `the argument has more elements than the ${needed} bytes that were checked: another thread has changed the count`,
  );
}

/** The array at the end of the argument for the native layer, or undefined if the argument counts nothing. */
function tailOf({ name, argument, sizedBy }: IoctlToMemory): AddonTail | undefined {
  if (argument === null) return undefined;
  const member = sizedBy ?? (sizedByThemselves.has(name) ? 'size' : undefined);
  const { members } = argument.$layout as {
    readonly members: Readonly<Record<string, { offset: number; size: number }>>;
  };
  const tail = (argument as { readonly $flexible?: FlexibleTail }).$flexible;
  const count = members[member ?? tail?.countedBy ?? ''];
  if (count === undefined) return undefined;
  if (member !== undefined || tail === undefined) return [0, 1, count.offset, count.size];
  return [tail.offset, tail.elementSize, count.offset, count.size];
}

/**
 * The error for a negative result. `argument` is what the kernel got. The kernel fails with EINVAL for many ioctls that it does
 * not have. Otherwise the error says which rule of KVM is broken, if that is known.
 */
export function refused(target: IoctlTarget, ioctl: AnyIoctl, result: number, argument: Argument): KvmError {
  const error = ioctlError(ioctl.name, result, capabilityOf(ioctl, target.kind));
  const capability = error.code === 'EINVAL' ? missingCapability(target, ioctl) : null;
  const isKnown = ioctl.passes !== 'pointer' || argument !== undefined;
  const broken = isKnown
    ? target.rules?.broken(target, ioctl.name, error.code, argument, capability !== null)
    : undefined;
  if (broken !== undefined) return new KvmError(ioctl.name, broken.problem, { ...error, ...broken.details });
  return capability === null ? error : unsupportedError(ioctl.name, capability, error);
}

/**
 * Returns the record that an ioctl has created. The native layer makes such an ioctl itself, because a file descriptor that
 * JavaScript has seen could be of another file when the native layer gets it back.
 *
 * @throws KvmError, or KvmUnsupportedError, when `result` is -errno.
 */
export function created<T extends object>(
  target: IoctlTarget,
  ioctl: AnyIoctl,
  result: T | number,
  argument?: Argument,
): T {
  if (typeof result === 'number') throw refused(target, ioctl, result, argument);
  return result;
}

/** @throws KvmArgumentError unless `value` can be the argument of an ioctl: an integer from 0 to 2^64 - 1. */
export function requireValue(ioctl: IoctlByValue, value: unknown): number | bigint {
  return checkedValue({ ArgumentError: KvmArgumentError }, ioctl, value);
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
  if (result < 0) throw refused(target, request, result, viewOf(request, view, offset));
}

/** Where the addresses are in an argument. The value has as many parts, with equal lengths. */
export interface Addresses {
  /** The offset of the first address in the argument. */
  readonly at: number;
  /** The number of addresses, by default 1. */
  readonly count?: number;
  /** The number of bytes from one address to the next. */
  readonly step?: number;
}

/**
 * Makes an ioctl whose argument has the address of a value, which the kernel reads, writes or both. The native layer sets the
 * address: a setter of a generated class can be replaced, and so can the methods of DataView.
 */
export function ioctlOfValue<T extends View>(
  target: IoctlTarget,
  request: IoctlByPointer<T>,
  argument: T,
  { at: addressAt, count: parts = 1, step: addressStep = 0 }: Addresses,
  value: DataView,
): void {
  const { $$view: view, $$offset: offset } = argument;
  const { request: number, size: needed } = request;
  const result = target.attribute({ request: number, view, offset, needed, addressAt, value, parts, addressStep });
  if (result < 0) throw refused(target, request, result, argument);
}

/** @throws KvmArgumentError unless `view` is a view of this class or of a class of other bindings for the same struct. */
export function requireView(operation: string, view: unknown, type: ViewClass<View>): void {
  const expected = type.$layout.name;
  if (placeOf(view)?.type === expected) return;
  throw new KvmArgumentError(operation, `the argument must be a view of ${expected}`);
}

function placeFor(
  { ArgumentError }: ArgumentRules,
  ioctl: IoctlToMemory,
  argument: unknown,
): { view: DataView; offset: number } {
  const expected = ioctl.argument?.$layout.name ?? `${ioctl.size} bytes`;
  const place = placeOf(argument);
  if (place === null) throw new ArgumentError(ioctl.name, `the argument must be a view of ${expected}`);
  if (ioctl.argument !== null && place.type !== expected) {
    throw new ArgumentError(ioctl.name, `the argument must be a view of ${expected}, not of ${place.type}`);
  }
  return place;
}

/**
 * Makes the ioctl on a copy of the bytes, and copies them back. In shared memory or guest memory, another thread or a guest
 * could change an address after the check.
 */
function onCopy(target: IoctlFile, rules: ArgumentRules, ioctl: IoctlToMemory, bytes: Uint8Array): number {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const needed = bytesNeeded(rules, ioctl, view, 0);
  requireNoAddresses(rules, ioctl, view);
  rules.inspect?.(ioctl, view);
  const result = viewIoctl(target, rules, ioctl, view, 0, needed);
  bytes.set(copy);
  return result;
}

/** @throws the rules' error for a wrong argument if a member of this copy has a value with which the kernel follows addresses. */
function requireNoAddresses({ ArgumentError }: ArgumentRules, ioctl: IoctlToMemory, copy: DataView): void {
  const { name, argument, pointersIf } = ioctl;
  if (pointersIf === undefined || argument === null) return;
  const { member, values } = pointersIf;
  const value = Number((new argument(copy) as unknown as Members)[member]);
  const constant = Object.keys(values).find((key) => values[key] === value);
  if (constant === undefined) return;
  throw new ArgumentError(
    name,
    `${member} ${constant}: its arguments are addresses of this process, which are refused`,
  );
}

/**
 * The type of a view, and where its bytes are; null for anything else. Each property is read once, so that the check and
 * the kernel get the same values. `instanceof View` would not work: bindings that a user generates have their own View.
 */
function placeOf(value: unknown): { type: string; view: DataView; offset: number } | null {
  if (typeof value !== 'object' || value === null) return null;
  const { $$view: view, $$offset: offset, constructor: made } = value as Partial<View>;
  const type = (made as Partial<ViewClass<View>> | undefined)?.$layout?.name;
  // A Proxy of a DataView has its prototype, and no bytes.
  const isDataView = ArrayBuffer.isView(view) && view instanceof DataView;
  return isDataView && typeof offset === 'number' && type !== undefined ? { type, view, offset } : null;
}

function checkedValue({ ArgumentError }: ArgumentRules, ioctl: IoctlByValue, value: unknown): number | bigint {
  const good =
    typeof value === 'bigint' ? BigInt.asUintN(64, value) === value : Number.isSafeInteger(value) && Number(value) >= 0;
  if (!good) throw new ArgumentError(ioctl.name, `the argument must be an ${ioctl.argument}, not ${describe(value)}`);
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
  const least = type === null ? (ioctl as IoctlToBytes).bytes : type.$size;
  const fixed = requireBytes(rules, ioctl, view, offset, Math.max(ioctl.size, least ?? 0));
  const said = saidLength(ioctl);
  if (type === null || said === null) return fixed;
  const whole = said(new type(view, offset) as unknown as Members);
  if (ioctl.tail === false && whole > type.$size) {
    const rule = `it must be ${type.$size}, because the kernel follows addresses after the struct`;
    throw new rules.ArgumentError(ioctl.name, `${ioctl.sizedBy} is ${whole}; ${rule}`);
  }
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
    name,
    `the kernel accesses ${needed} bytes at offset ${offset}, and the view has ${view.byteLength}; allocate more elements`,
  );
}

type Members = Readonly<Record<string, number | bigint>>;

/** Reads the size of a struct from its own members. Null if the size in the request is the whole size. */
function saidLength({ name, argument, sizedBy }: IoctlToMemory): ((members: Members) => number) | null {
  if (sizedBy !== undefined) return (members) => Number(members[sizedBy]);
  if (sizedByThemselves.has(name)) return ({ size }) => Number(size);
  const tail = (argument as { readonly $flexible?: FlexibleTail } | null)?.$flexible;
  const countedBy = tail?.countedBy ?? null;
  return tail && countedBy !== null ? (members) => tail.offset + Number(members[countedBy]) * tail.elementSize : null;
}
