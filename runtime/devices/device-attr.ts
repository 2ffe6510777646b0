/** Attributes of a device, a vCPU, a VM or the system: groups of numbered values. */

import type { KvmDeviceAttr } from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import type { DeviceAttribute } from '../../support/ioctl.js';
import { requireBytes } from '../arguments.js';
import type { Bindings, FdKind, IoctlTarget } from '../context.js';
import { KvmArgumentError, KvmError } from '../errors.js';
import { type Addresses, ioctlOfBytes, ioctlOfValue } from '../ioctl.js';
import { requireInteger, setMember } from '../numbers.js';
import { type KnownKeys, requireKnownKeys } from '../options.js';

/** The most bytes of an attribute. No attribute is longer. */
const limit = 0x200_0000;

/** An attribute, as in `struct kvm_device_attr`: the number of its group, and its number in the group. */
export interface DeviceAttr {
  /** The number of the group. */
  readonly group: number;
  /** The number of the attribute in the group. */
  readonly attr: number | bigint;
}

/** What has attributes. A device has a type, if this package knows it. */
export interface AttributeTarget<Fd extends FdKind = FdKind> extends IoctlTarget<Fd> {
  /** The type of the device, or -1. */
  readonly deviceType?: () => number;
}

type AttributeIoctl = Bindings['KVM_GET_DEVICE_ATTR'] | Bindings['KVM_SET_DEVICE_ATTR'];

const keys: KnownKeys<DeviceAttr> = { group: true, attr: true };

/** KVM_HAS_DEVICE_ATTR. */
export function hasDeviceAttr(target: IoctlTarget, which: DeviceAttr): boolean {
  const { KVM_HAS_DEVICE_ATTR: request } = target.capabilities.bindings;
  try {
    ioctlOfBytes(target, request, struct(request.name, target, which), request.size);
    return true;
  } catch (error) {
    if (error instanceof KvmError && error.code === 'ENXIO') return false;
    throw error;
  }
}

/** KVM_GET_DEVICE_ATTR: returns the first `length` bytes of an attribute, by default all of it. */
export function getDeviceAttr(target: AttributeTarget, which: DeviceAttr, length?: number): Uint8Array {
  const { KVM_GET_DEVICE_ATTR: request } = target.capabilities.bindings;
  const argument = struct(request.name, target, which);
  const known = knownLength(target, request, argument);
  const value = new Uint8Array(chosenLength(request.name, argument, known, length));
  ioctlOfValue(target, request, argument, addressIn(target), new DataView(value.buffer));
  return value;
}

/** KVM_SET_DEVICE_ATTR: sets an attribute. */
export function setDeviceAttr(target: AttributeTarget, which: DeviceAttr, bytes: Uint8Array = new Uint8Array()): void {
  const { KVM_SET_DEVICE_ATTR: request } = target.capabilities.bindings;
  requireBytes(request.name, bytes);
  const argument = struct(request.name, target, which);
  // A copy, because another thread can change or shrink the bytes.
  const value = new Uint8Array(bytes);
  requireInteger(request.name, 'length', value.length, limit);
  const known = knownLength(target, request, argument);
  if (known !== undefined && known.length !== value.length) {
    throw new KvmArgumentError(
      request.name,
      `${value.length} bytes; the value of ${known.name} has ${known.length} bytes, in the byte order of the architecture`,
    );
  }
  ioctlOfValue(target, request, argument, addressIn(target), new DataView(value.buffer));
}

/** Where the address of the value is. */
function addressIn({ capabilities }: IoctlTarget): Addresses {
  return { at: capabilities.bindings.KvmDeviceAttr.$layout.members.addr.offset };
}

interface KnownLength {
  /** The constant of the attribute or of its group. */
  readonly name: string;
  /** In bytes. */
  readonly length: number;
}

/** What the kernel facts say about the length of an attribute. */
function knownLength(target: AttributeTarget, request: AttributeIoctl, which: KvmDeviceAttr): KnownLength | undefined {
  const { kind, deviceType } = target;
  // Bindings of an earlier version have no such facts.
  const { attributes = [] }: { readonly attributes?: readonly DeviceAttribute[] } = request;
  const type = kind === 'device' ? deviceType?.() : undefined;
  const ofGroup = attributes.filter(({ fd, device, group }) => fd === kind && group === which.group && device === type);
  const isThis = ({ attr }: DeviceAttribute): boolean => attr !== undefined && BigInt(attr) === which.attr;
  const found = ofGroup.find(isThis) ?? ofGroup.find(({ attr }) => attr === undefined);
  if (found === undefined) return undefined;
  const { name, size } = found;
  return { name, length: size === 'attr' ? Number(which.attr) : size };
}

function chosenLength(
  operation: string,
  { group, attr }: KvmDeviceAttr,
  known: KnownLength | undefined,
  length: number | undefined,
): number {
  if (length === undefined) {
    if (known !== undefined) return requireInteger(operation, 'length', known.length, limit);
    const rule = "pass the length that the kernel's document of the attribute says";
    throw new KvmArgumentError(operation, `the length of attribute ${attr} of group ${group} is not known; ${rule}`);
  }
  const given = requireInteger(operation, 'length', length, limit);
  if (known === undefined || given <= known.length) return given;
  throw new KvmArgumentError(operation, `length ${given}; the value of ${known.name} has ${known.length} bytes`);
}

function struct(operation: string, target: IoctlTarget, which: DeviceAttr): KvmDeviceAttr {
  requireKnownKeys(operation, which, keys);
  const { bindings }: { readonly bindings: Bindings } = target.capabilities;
  const result = allocate(bindings.KvmDeviceAttr);
  setMember(operation, result, 'group', 'group', which.group);
  setMember(operation, result, 'attr', 'attr', which.attr);
  return result;
}
