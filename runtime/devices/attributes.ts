/** Attributes of devices, and of what has some as well: groups of numbered values, of any length. */

import { allocate } from '../../generated/views.js';
import type { KvmDeviceAttr } from '../../generated/x86_64/linux/kvm.js';
import type { Bindings, IoctlTarget } from '../context.js';
import { KvmArgumentError, KvmError } from '../errors.js';
import { ioctlOfBytes } from '../ioctl.js';
import { scratch } from '../scratch.js';

/** Longer than any attribute. */
const limit = 0x1_0000;

/** Which attribute. */
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

  /** KVM_HAS_DEVICE_ATTR */
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

  /** KVM_GET_DEVICE_ATTR: its first `length` bytes, as the architecture has them. How long it is, its document says. */
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

  /** KVM_SET_DEVICE_ATTR: zeros stand behind bytes that are too few. */
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
