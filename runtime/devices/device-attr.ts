/** Attributes of a device, a vCPU, a VM or the system: groups of numbered values of any length. */

import type { KvmDeviceAttr } from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import { requireBytes } from '../arguments.js';
import type { Bindings, IoctlTarget } from '../context.js';
import { KvmError } from '../errors.js';
import { ioctlOfBytes } from '../ioctl.js';
import { addressOf } from '../memory.js';
import { requireInteger, setMember } from '../numbers.js';
import { type KnownKeys, requireKnownKeys } from '../options.js';
import { scratch } from '../scratch-memory.js';

/** The most bytes of an attribute. No attribute is longer. */
const limit = 0x1_0000;

/** An attribute, as in `struct kvm_device_attr`: the number of its group, and its number in the group. */
export interface DeviceAttr {
  /** The number of the group. */
  readonly group: number;
  /** The number of the attribute in the group. */
  readonly attr: number | bigint;
}

const keys: KnownKeys<DeviceAttr> = { group: true, attr: true };

/** KVM_HAS_DEVICE_ATTR. */
export function hasDeviceAttr(target: IoctlTarget, which: DeviceAttr): boolean {
  const { KVM_HAS_DEVICE_ATTR: request } = target.capabilities.bindings;
  try {
    ioctlOfBytes(target, request, struct(request.name, target, which, 0n), request.size);
    return true;
  } catch (error) {
    if (error instanceof KvmError && error.code === 'ENXIO') return false;
    throw error;
  }
}

/** KVM_GET_DEVICE_ATTR: returns the first `length` bytes of an attribute. */
export function getDeviceAttr(target: IoctlTarget, which: DeviceAttr, length: number): Uint8Array {
  const { KVM_GET_DEVICE_ATTR: request } = target.capabilities.bindings;
  const memory = scratch(limit);
  const bytes = memory.bytes(0, requireInteger(request.name, 'length', length, limit)).fill(0);
  ioctlOfBytes(target, request, struct(request.name, target, which, addressOf(memory, 0, limit)), request.size);
  return bytes.slice();
}

/** KVM_SET_DEVICE_ATTR: sets an attribute. The bytes after `bytes` are zeros. */
export function setDeviceAttr(target: IoctlTarget, which: DeviceAttr, bytes: Uint8Array): void {
  const { KVM_SET_DEVICE_ATTR: request } = target.capabilities.bindings;
  requireBytes(request.name, bytes);
  requireInteger(request.name, 'length', bytes.length, limit);
  const memory = scratch(limit);
  memory.bytes(0, limit).fill(0);
  memory.write(0, bytes);
  ioctlOfBytes(target, request, struct(request.name, target, which, addressOf(memory, 0, limit)), request.size);
}

function struct(operation: string, target: IoctlTarget, which: DeviceAttr, address: bigint): KvmDeviceAttr {
  requireKnownKeys(operation, which, keys);
  const { bindings }: { readonly bindings: Bindings } = target.capabilities;
  const result = allocate(bindings.KvmDeviceAttr);
  setMember(operation, result, 'group', 'group', which.group);
  setMember(operation, result, 'attr', 'attr', which.attr);
  result.addr = address;
  return result;
}
