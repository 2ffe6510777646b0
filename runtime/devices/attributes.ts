/** Attributes of a device, or of the system: groups of numbered values of any length. */

import type { KvmDeviceAttr } from '../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../support/index.js';
import type { Bindings, IoctlTarget } from '../context.js';
import { KvmArgumentError, KvmError } from '../errors.js';
import { ioctlOfBytes } from '../ioctl.js';
import { scratch } from '../scratch-memory.js';

/** The most bytes of an attribute. No attribute is longer. */
const limit = 0x1_0000;

/** The number of an attribute, and the group that it is in. */
export interface Attribute {
  readonly group: number;
  readonly attribute: number | bigint;
}

export class Attributes {
  readonly #target: IoctlTarget;
  readonly #bindings: Bindings;

  constructor(target: IoctlTarget, bindings: Bindings) {
    this.#target = target;
    this.#bindings = bindings;
  }

  /** KVM_HAS_DEVICE_ATTR: whether the device has an attribute. */
  has(which: Attribute): boolean {
    const { KVM_HAS_DEVICE_ATTR: request } = this.#bindings;
    try {
      ioctlOfBytes(this.#target, request, this.#struct(which, 0n), request.size);
      return true;
    } catch (error) {
      if (error instanceof KvmError && error.code === 'ENXIO') return false;
      throw error;
    }
  }

  /**
   * KVM_GET_DEVICE_ATTR: the first `length` bytes of an attribute, in the byte order of the architecture. The kernel's
   * document of the device says how long the attribute is.
   */
  get(which: Attribute, length: number): Uint8Array {
    const { KVM_GET_DEVICE_ATTR: request } = this.#bindings;
    if (!(Number.isInteger(length) && length >= 0 && length <= limit)) {
      throw new KvmArgumentError(`${request.name}: ${length} bytes; an attribute has 0 to ${limit}`);
    }
    const memory = scratch(limit);
    const bytes = memory.bytes(0, length).fill(0);
    ioctlOfBytes(this.#target, request, this.#struct(which, memory.address), request.size);
    return bytes.slice();
  }

  /** KVM_SET_DEVICE_ATTR: sets an attribute. Missing bytes at the end are zeros. */
  set(which: Attribute, bytes: Uint8Array): void {
    const { KVM_SET_DEVICE_ATTR: request } = this.#bindings;
    const memory = scratch(Math.max(limit, bytes.length));
    memory.bytes(0, limit).fill(0);
    memory.write(0, bytes);
    ioctlOfBytes(this.#target, request, this.#struct(which, memory.address), request.size);
  }

  #struct({ group, attribute }: Attribute, address: bigint): KvmDeviceAttr {
    const struct = allocate(this.#bindings.KvmDeviceAttr);
    struct.group = group;
    struct.attr = BigInt(attribute);
    struct.addr = address;
    return struct;
  }
}
